"""How opportunities are asked for, and what can be seen with each of them."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from app.schemas.accounts import AccountOut
from app.schemas.base import In, Instant, MoneyOut, Out, Short
from app.schemas.events import Ball, EventOut
from app.schemas.opportunities import (
    BusinessType,
    Flag,
    OpportunityOut,
    OpportunitySort,
    Status,
)
from app.schemas.people import PersonOut
from app.schemas.shapes import ALONG, ONLY, Counting, OneOf, split

# Of a long history the end comes along; all of it is at …/events.
EVENTS_INCLUDED = 20


class MilestoneStep(Out):
    """A milestone of the opportunity's process, and whether it was reached."""

    position: int
    key: str
    name: str
    reached_at: datetime | None
    value: Annotated[MoneyOut | None, Field(description="What it was worth when it arrived.")]
    implied: Annotated[bool | None, Field(description="Reached because a later one was.")]
    verified: Annotated[bool | None, Field(description="There is evidence, or a second person.")]


class OpportunityView(OpportunityOut):
    """An opportunity with what was asked to come along."""

    account: Annotated[
        AccountOut | None,
        Field(description="With `include=account`; null when there is none, or it was deleted."),
    ] = None
    owner: Annotated[
        PersonOut | None,
        Field(description="With `include=owner`; null when there is none, or it was deleted."),
    ] = None
    milestones: Annotated[
        list[MilestoneStep] | SkipJsonSchema[None],
        Field(
            description="With `include=milestones`: all of its process version, in order.",
        ),
    ] = None
    events: Annotated[
        list[EventOut] | SkipJsonSchema[None],
        Field(
            description=f"With `include=events`: the last {EVENTS_INCLUDED}, in order.",
        ),
    ] = None


INCLUDED = ("account", "owner", "milestones", "events")


class OpportunityShape(In):
    fields: Annotated[
        list[str], OneOf.fields(OpportunityOut), Field(default_factory=list, description=ONLY)
    ]
    include: Annotated[list[str], OneOf(INCLUDED), Field(default_factory=list, description=ALONG)]


def _each_once(sort: list[OpportunitySort]) -> list[OpportunitySort]:
    if len({key.removeprefix("-") for key in sort}) < len(sort):
        raise PydanticCustomError("repeated", "every key can decide once")
    return sort


Sorting = Annotated[
    list[OpportunitySort],
    Field(
        min_length=1,
        max_length=4,
        description="The first key decides, the next where it is equal, the id at last.",
    ),
    AfterValidator(_each_once),
]
NEWEST_FIRST: Any = Field(
    default_factory=lambda: [OpportunitySort.NEWEST],
    json_schema_extra={"default": [OpportunitySort.NEWEST.value]},
)


class OpportunityQuery(Counting, OpportunityShape):
    include: Annotated[
        list[str],
        OneOf((*INCLUDED, "total_count")),
        Field(default_factory=list, description=ALONG),
    ]
    process: Annotated[str | None, Field(description="Id or key.")] = None
    milestone: Annotated[str | None, Field(description="Key, or `none` before the first.")] = None
    owner: UUID | None = None
    team: Annotated[UUID | None, Field(description="With the teams below it.")] = None
    account: UUID | None = None
    status: Status | None = None
    business_type: BusinessType | None = None
    source: Short | None = None
    external_id: Short | None = None
    value_gte: Annotated[
        Decimal | None, Field(max_digits=24, description="In whatever currency the value is.")
    ] = None
    value_lte: Annotated[
        Decimal | None, Field(max_digits=24, description="In whatever currency the value is.")
    ] = None
    updated_since: Instant | None = None
    stale: Annotated[
        Flag,
        Field(
            description="Longer at its milestone than the days configured for the section; what"
            " those who moved on say about it is in /v1/stale."
        ),
    ] = None
    ball: Annotated[Ball | None, Field(description="Who owes the next step.")] = None
    drifting: Annotated[
        Flag,
        Field(
            description="Open, and for more than 14 days it has been our turn or the customer's."
        ),
    ] = None
    sort: Annotated[Sorting, BeforeValidator(split)] = NEWEST_FIRST
