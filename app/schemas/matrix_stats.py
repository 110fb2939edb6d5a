"""What the world sees of the matrix as a whole: known, occupied, open, and what that is worth."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import In, Listing, MoneyOut, Out
from app.schemas.cells import CellStatus

Share = Annotated[str | None, Field(examples=["0.6250"])]


class StatsBy(StrEnum):
    PRODUCT = "product"
    SEGMENT = "segment"
    OWNER = "owner"
    COMPETITOR = "competitor"


class Part(In):
    """Which part of the matrix is asked about; all of it, without anything said."""

    segment: Annotated[str | None, Field(max_length=200)] = None
    owner: Annotated[UUID | None, Field(description="Who looks after the account now.")] = None
    product: Annotated[UUID | None, Field(description="What is sold.")] = None


class StatsQuery(Part, Listing):
    by: StatsBy = StatsBy.PRODUCT


class CellSumOut(Out):
    """The cells of a status. `estimated_value_count` of them are valued as is usual for the product
    in the segment; of `missing_value_count` nothing tells the value, and they stay out of it."""

    status: CellStatus
    count: int
    value: Annotated[
        MoneyOut | None,
        Field(description="Of a year; null where there are cells and no value is known."),
    ]
    estimated_value_count: Annotated[int, Field(description="Of how many it is estimated.")]
    missing_value_count: int


class MeasuresOut(Out):
    """Null where there is nothing to divide by."""

    knowledge: Annotated[Share, Field(description="Known of all applicable cells.")]
    penetration: Annotated[Share, Field(description="Bought from us, of all demanded cells.")]
    occupation: Annotated[Share, Field(description="Held by competitors alone, of all demanded.")]
    open_need: Annotated[Share, Field(description="Needed and bought nowhere, of all demanded.")]
    demand_rate: Annotated[Share, Field(description="Demanded by somebody, of all known cells.")]


class CompetitorShareOut(Out):
    """A competitor's part of all cells that competitors hold without us."""

    by_count: Annotated[Share, Field(description="By the number of cells.")]
    by_value: Annotated[Share, Field(description="By what they are worth a year.")]


class StatsGroupOut(Out):
    """Cells that have something in common."""

    key: Annotated[
        str | None,
        Field(description="Id of the product or person, or the segment's or competitor's name."),
    ]
    name: str | None
    cells: Annotated[list[CellSumOut], Field(description="By status.")]
    by_count: Annotated[MeasuresOut, Field(description="By the number of cells.")]
    by_value: Annotated[MeasuresOut, Field(description="By what they are worth a year.")]
    competitor_share: Annotated[
        CompetitorShareOut | None, Field(description="Only `by=competitor`.")
    ]


class StatsOut(Out):
    """The groups with most demand first. `by=competitor` a cell counts for each of its
    competitors, as `buys` where we are in it too; then `occupation` alone is told, of all
    demand."""

    by: StatsBy
    data: list[StatsGroupOut]
    next_cursor: str | None
    total: Annotated[StatsGroupOut, Field(description="The whole part that was asked about.")]
    currency: str
    as_of: datetime
    source: Annotated[str, Field(examples=["matrix"])]
    formula: str


class ClosingOut(Out):
    """What may come of the cells of a status: value times chance, cell by cell."""

    status: CellStatus
    count: int
    value: Annotated[MoneyOut | None, Field(description="Of a year, were all of it ours.")]
    attackable_count: Annotated[
        int | None,
        Field(description="Of competitors' cells: no contract known for longer than a year."),
    ]
    chance: Annotated[
        Share, Field(description="Expected over possible value; null where it is not known.")
    ]
    expected_value: MoneyOut | None
    missing_value_count: int


class OddsOut(Out):
    """A chance of ours, and the decided opportunities it is known from."""

    chance: Annotated[Share, Field(description="Null where nothing was ever decided.")]
    won: Annotated[int, Field(description="Decided for us.")]
    decided: Annotated[int, Field(description="Decided for us or against us.")]


class ValueOut(Out):
    """What the knowledge of customers is worth. `potential_value` are needs and those cells of
    competitors that can be attacked; the forecast contains none of it."""

    data: list[ClosingOut]
    potential_value: Annotated[
        MoneyOut | None, Field(description="Of a year; null where no value is known.")
    ]
    expected_value: Annotated[
        MoneyOut | None, Field(description="Of needs and of attackable cells together.")
    ]
    white_spots_value: Annotated[
        MoneyOut | None, Field(description="What asking about every white spot may bring.")
    ]
    win: Annotated[OddsOut, Field(description="That a need is won, as in existing business.")]
    displacement: Annotated[
        OddsOut, Field(description="That a competitor is displaced where it was known before.")
    ]
    currency: str
    as_of: datetime
    source: str
    formula: str


class MatrixCoverageOut(Out):
    """Whether each chance at existing customers was assessed, and whether it was used.

    Existing customers buy something from us. A need is worked on when an opportunity about that
    product is or was there for that account.
    """

    existing_accounts: Annotated[int, Field(description="That buy something from us.")]
    applicable_cells: Annotated[int, Field(description="Their cells that could be bought.")]
    known_cells: Annotated[int, Field(description="Of them, those of which anything is known.")]
    coverage_known: Annotated[Share, Field(description="Known of all applicable cells.")]
    need_cells: Annotated[int, Field(description="Needed, and bought nowhere.")]
    open_cells: Annotated[int, Field(description="Of them with an open opportunity.")]
    worked_cells: Annotated[int, Field(description="With an open or a past one.")]
    coverage_worked: Annotated[Share, Field(description="Worked on of all needs.")]
    as_of: datetime
    source: str
    formula: str
