"""What the world sees of what customers want to achieve."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.schemas.base import Day, Days, In, Listing, Out, Sentence
from app.schemas.cells import CellStatus
from app.schemas.patch import ABSENT


def _once(ids: list[UUID]) -> list[UUID]:
    if len(set(ids)) < len(ids):
        raise PydanticCustomError("listed_twice", "a product serves a goal once")
    return ids


ProductIds = Annotated[
    list[UUID],
    Field(max_length=50, description="The products of ours that serve it."),
    AfterValidator(_once),
]
Cadence = Annotated[Days, Field(description="How often to talk about it.", examples=[90])]


class AccountGoalIn(In):
    """Something an account wants to achieve."""

    text: Annotated[Sentence, Field(examples=["Half the scrap in press shop 2"])]
    since: Annotated[Day | None, Field(description="Default: today.")] = None
    review_every_days: Cadence | None = None
    reviewed_on: Annotated[Day | None, Field(description="When it was last talked about.")] = None
    product_ids: ProductIds = Field(default_factory=list)


class AccountGoalPatch(In):
    """JSON Merge Patch: what is left out stays, null empties."""

    text: Sentence = ABSENT
    since: Day = ABSENT
    review_every_days: Cadence | None = ABSENT
    reviewed_on: Annotated[Day | None, Field(description="When it was last talked about.")] = ABSENT
    product_ids: ProductIds = ABSENT


class ServedOut(Out):
    """A product that serves the goal, and how the account stands to it."""

    product_id: Annotated[UUID, Field(description="What is sold.")]
    product: Annotated[str, Field(description="Its name.")]
    status: CellStatus


class AccountGoalOut(Out):
    """Something an account wants to achieve, and what of ours serves it."""

    id: UUID
    account_id: UUID
    text: str
    since: date
    review_every_days: Annotated[int | None, Field(description="How often to talk about it.")]
    reviewed_on: Annotated[date | None, Field(description="When it was last talked about.")]
    review_due: Annotated[
        date | None, Field(description="So many days after the last review, or after `since`.")
    ]
    products: Annotated[list[ServedOut], Field(description="What of ours serves it.")]
    version: int
    created_at: datetime
    updated_at: datetime


class GoalsQuery(Listing):
    due_by: Annotated[
        Day | None, Field(description="Only those whose review is due by this day.")
    ] = None


class GoalWorkQuery(GoalsQuery):
    owner: Annotated[UUID | None, Field(description="Who looks after the account now.")] = None
    account: UUID | None = None
