"""A question about opportunities, as a tree of conditions with and, or and not.

Every object of the tree is a conjunction: all of its members hold. So a plain list of conditions
needs no `and`, and every field has a type of its own in the contract.
"""

from collections import deque
from typing import Annotated, Any, Generic, Self, TypeVar
from uuid import UUID

from pydantic import Field, StrictBool, StrictFloat, StrictInt, model_validator
from pydantic.functional_validators import BeforeValidator
from pydantic_core import PydanticCustomError

from app.core.errors import Invalid
from app.schemas.base import Amount, Day, In, Instant, Name, Short
from app.schemas.events import Ball, ExitKind
from app.schemas.opportunities import BusinessSubtype, BusinessType, Status
from app.schemas.opportunity_views import (
    INCLUDED,
    NEWEST_FIRST,
    OpportunityShape,
    Sorting,
)
from app.schemas.patch import ABSENT
from app.schemas.shapes import ALONG, Counting, OneOf

MOST_LEVELS = 8
MOST_TERMS = 100
MOST_VALUES = 200
MOST_ATTRIBUTES = 20

Value = TypeVar("Value")
Position = Annotated[int, Field(ge=0, le=10_000, strict=True)]
Scalar = StrictBool | StrictInt | Annotated[StrictFloat, Field(allow_inf_nan=False)] | Short
Ranked = StrictInt | Annotated[StrictFloat, Field(allow_inf_nan=False)] | Short


class _Condition(In):
    @model_validator(mode="after")
    def it_says_something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("empty", "a condition names at least one operator")
        return self


class _Same(_Condition, Generic[Value]):
    eq: Value = ABSENT
    in_: Annotated[list[Value], Field(alias="in", min_length=1, max_length=MOST_VALUES)] = ABSENT


class _Known(_Condition):
    is_null: Annotated[bool, Field(strict=True, description="Whether nothing is known.")] = ABSENT


class _Range(_Condition, Generic[Value]):
    gt: Value = ABSENT
    gte: Value = ABSENT
    lt: Value = ABSENT
    lte: Value = ABSENT


class _Part(_Condition):
    contains: Annotated[Name, Field(description="Somewhere in the text, in either case.")] = ABSENT


class TextCondition(_Same[Short], _Part, _Known): ...


class WordCondition(_Same[Short], _Known): ...


class ProcessCondition(_Same[Short]):
    """By id or key."""


class ReferenceCondition(_Same[UUID], _Known): ...


class MemberCondition(_Same[UUID]): ...


class StatusCondition(_Same[Status]): ...


class BusinessTypeCondition(_Same[BusinessType], _Known): ...


class BusinessSubtypeCondition(_Same[BusinessSubtype], _Known): ...


class BallCondition(_Same[Ball], _Known): ...


class ExitKindCondition(_Same[ExitKind], _Known): ...


class AmountCondition(_Same[Amount], _Range[Amount], _Known):
    """In whatever currency the value is."""


class MomentCondition(_Same[Instant], _Range[Instant], _Known): ...


class DayCondition(_Same[Day], _Range[Day], _Known): ...


class NumberCondition(_Same[Position], _Range[Position]): ...


class FlagCondition(_Condition):
    eq: Annotated[bool, Field(strict=True)] = ABSENT


class AttributeCondition(_Same[Scalar], _Range[Ranked], _Part, _Known):
    """Values of one JSON type are compared; of another type they are simply different.

    `contains` finds a part of a text, or an entry of a list.
    """


class OpportunityFilter(In):
    """All of its members hold at once."""

    and_: Annotated[list["OpportunityFilter"], Field(alias="and", min_length=1)] = ABSENT
    or_: Annotated[list["OpportunityFilter"], Field(alias="or", min_length=1)] = ABSENT
    not_: Annotated["OpportunityFilter", Field(alias="not")] = ABSENT

    name: TextCondition = ABSENT
    source: TextCondition = ABSENT
    external_id: TextCondition = ABSENT
    process: ProcessCondition = ABSENT
    milestone: Annotated[
        WordCondition, Field(description="By key; null before the first milestone.")
    ] = ABSENT
    milestone_position: NumberCondition = ABSENT
    status: StatusCondition = ABSENT
    value: AmountCondition = ABSENT
    owner: ReferenceCondition = ABSENT
    team: Annotated[
        MemberCondition, Field(description="Of the owner, today; with the teams below it.")
    ] = ABSENT
    account: ReferenceCondition = ABSENT
    segment: Annotated[TextCondition, Field(description="Of the account.")] = ABSENT
    product: Annotated[MemberCondition, Field(description="One of those it is about.")] = ABSENT
    business_type: BusinessTypeCondition = ABSENT
    business_subtype: BusinessSubtypeCondition = ABSENT
    ball: BallCondition = ABSENT
    exit_kind: ExitKindCondition = ABSENT
    exit_reason: WordCondition = ABSENT
    age_days: NumberCondition = ABSENT
    created_at: MomentCondition = ABSENT
    updated_at: MomentCondition = ABSENT
    reached_at: MomentCondition = ABSENT
    waiting_since: MomentCondition = ABSENT
    won_at: MomentCondition = ABSENT
    exited_at: MomentCondition = ABSENT
    external_close_date: DayCondition = ABSENT
    stale: FlagCondition = ABSENT
    drifting: FlagCondition = ABSENT
    attributes: Annotated[
        dict[Name, AttributeCondition],
        Field(min_length=1, max_length=MOST_ATTRIBUTES, examples=[{"region": {"eq": "north"}}]),
    ] = ABSENT


def bounded(tree: Any) -> Any:
    """The tree as it came; `Invalid` when it is too deep or too large to be read at all."""
    terms, nodes = 0, deque([(tree, "/filter", 0)])
    while nodes:
        node, pointer, level = nodes.popleft()
        if level > MOST_LEVELS:
            raise Invalid.at(pointer, "too_deep", f"a filter nests at most {MOST_LEVELS} levels")
        terms += max(1, len(node)) if isinstance(node, dict) else 1
        if terms > MOST_TERMS:
            raise Invalid.at(pointer, "too_many", f"a filter has at most {MOST_TERMS} terms")
        nodes.extend((inner, pointer + place, level + 1) for place, inner in _below(node))
    return tree


def _below(node: Any) -> list[tuple[str, Any]]:
    """The objects right below one of the tree, each with its place."""
    found: list[tuple[str, Any]] = []
    if isinstance(node, dict):
        for name in ("and", "or"):
            several = node.get(name)
            if isinstance(several, list):
                found += [(f"/{name}/{index}", each) for index, each in enumerate(several)]
        if "not" in node:
            found.append(("/not", node["not"]))
    return found


class SearchIn(Counting, OpportunityShape):
    filter: Annotated[OpportunityFilter, BeforeValidator(bounded)] = Field(
        default_factory=OpportunityFilter,
        description=f"At most {MOST_LEVELS} levels and {MOST_TERMS} terms; default: all.",
    )
    limit: Annotated[int, Field(ge=1, strict=True, description="At most 200 per page.")] = 50
    sort: Sorting = NEWEST_FIRST
    include: Annotated[
        list[str],
        OneOf((*INCLUDED, "total_count")),
        Field(default_factory=list, description=ALONG),
    ]
