"""What the world sees of how well each customer is served and known."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import Listing, MoneyOut, Out
from app.schemas.matrix_stats import CellSumOut, Share


class AccountScoresQuery(Listing):
    owner: Annotated[UUID | None, Field(description="Who looks after the account now.")] = None
    account: UUID | None = None
    segment: Annotated[str | None, Field(max_length=200)] = None
    months: Annotated[
        int, Field(ge=1, le=120, description="Confirmed within so many months counts as known.")
    ] = 12


class UsedOut(Out):
    """What is bought from us, of all that is demanded."""

    by_count: Share
    by_value: Share
    demanded_count: int
    demanded_value: MoneyOut | None


class ExpectationOut(Out):
    """Of how many applicable cells a person confirmed something lately."""

    share: Share
    confirmed_count: int
    applicable_count: int


class AccountScoresOut(Out):
    account_id: UUID
    account: str
    owner_id: UUID | None
    segment: str | None
    cells: list[CellSumOut]
    potential_used: UsedOut
    expectation_known: ExpectationOut
    goal_count: int
    review_due: Annotated[
        date | None, Field(description="When the first of its goals is due for a review.")
    ]


class AccountsScoresOut(Out):
    """By creation."""

    data: list[AccountScoresOut]
    next_cursor: str | None
    months: int
    currency: str
    as_of: datetime
    source: str
    formula: str
