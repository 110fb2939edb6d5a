"""Many opportunities in one request: what is sent, and what became of each."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from app.core.errors import Fault
from app.schemas.base import In, Out
from app.schemas.opportunities import OpportunityIn

MOST_ITEMS = 200


class BatchMode(StrEnum):
    ALL_OR_NOTHING = "all_or_nothing"
    PER_ITEM = "per_item"


class Refused:
    """An item that is none, with everything that is wrong with it: the others may still be."""

    def __init__(self, faults: list[Any]) -> None:
        self.faults = faults


def each_alone(item: Any, check: ValidatorFunctionWrapHandler) -> Any:
    try:
        return check(item)
    except ValidationError as error:
        return Refused(list(error.errors(include_url=False, include_input=False)))


class BatchIn(In):
    mode: Annotated[
        BatchMode,
        Field(
            description="`all_or_nothing`: one that fails takes back all. `per_item`: each alone."
        ),
    ]
    items: Annotated[
        list[Annotated[OpportunityIn, WrapValidator(each_alone)]],
        Field(min_length=1, max_length=MOST_ITEMS),
    ]
    upsert: Annotated[
        bool,
        Field(
            strict=True,
            description="An item whose `source` and `external_id` are there already changes what"
            " it names, and leaves the rest. `process_id`, `account` and `created_at` say how an"
            " opportunity is created, and change nothing later.",
        ),
    ] = False


class BatchQuery(In):
    dry_run: Annotated[
        bool, Field(description="Do everything, report it, and take all of it back.")
    ] = False


class ItemProblemOut(Out):
    """What stands against one item; pointers lead into the body that was sent."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[dict[str, str]]


class BatchResultOut(Out):
    index: Annotated[int, Field(description="Of the item, as it was sent; the first is 0.")]
    status: Annotated[
        int, Field(description="201 created, 200 there already, else that of the problem.")
    ]
    id: Annotated[UUID | None, Field(description="Null when it failed, or would be created.")]
    version: int | None
    problem: ItemProblemOut | None


class BatchOut(Out):
    """The results are in the order of the items."""

    dry_run: bool
    created: int
    changed: int
    unchanged: int
    failed: int
    results: list[BatchResultOut]


def faults_of(errors: list[Fault]) -> list[dict[str, str]]:
    return [{name: str(text) for name, text in fault.items()} for fault in errors]
