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

    by_count: Annotated[Share, Field(description="By the number of cells.")]
    by_value: Annotated[Share, Field(description="By what they are worth a year.")]
    demanded_count: Annotated[int, Field(description="Cells with any demand.")]
    demanded_value: Annotated[
        MoneyOut | None, Field(description="What they are worth a year; null where nothing tells.")
    ]


class ExpectationOut(Out):
    """Of how many applicable cells a person confirmed something lately."""

    share: Share
    confirmed_count: Annotated[int, Field(description="Cells confirmed within the months.")]
    applicable_count: Annotated[int, Field(description="Cells that could be bought.")]


class AccountScoresOut(Out):
    """One account: served how far, known how well."""

    account_id: UUID
    account: str
    owner_id: UUID | None
    segment: str | None
    cells: Annotated[list[CellSumOut], Field(description="By status.")]
    potential_used: Annotated[UsedOut, Field(description="How far the demand is ours.")]
    expectation_known: Annotated[
        ExpectationOut, Field(description="How far the customer was asked lately.")
    ]
    goal_count: Annotated[int, Field(description="What it wants to achieve, as far as noted.")]
    review_due: Annotated[
        date | None, Field(description="When the first of its goals is due for a review.")
    ]


class AccountsScoresOut(Out):
    """By creation."""

    data: list[AccountScoresOut]
    next_cursor: str | None
    months: Annotated[int, Field(description="As asked for.")]
    currency: str
    as_of: datetime
    source: str
    formula: str
