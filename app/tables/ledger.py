"""The ledger of movement: sums that are kept, so that no question has to count deals one by one.

Whoever changes what follows from the events appends the difference in the same transaction; no row
is ever updated, and several rows may speak of one cell: whoever asks adds them up. Folding puts the
rows of a cell together (see `app/domain/ledger/`). Everything here follows from `passages`,
`opportunities` and `cells`, and could be rebuilt at any time.
"""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, home

GRAINS = ("day", "month")
FRESH = text("NOT folded")


class ArrivalCell(Owned):
    """What arrived at a milestone's lineage on a local day, or in a month by its first day.

    Holds the arrivals that can be added up on their own: a deal's only one at this place, credited
    to its owner alone. `known` of the `n` have a value in the reporting currency and `missing` have
    none at all; the rest wait for a currency rate.
    """

    __tablename__ = "arrival_cells"

    process_id: Mapped[UUID] = mapped_column(primary_key=True)
    lineage_id: Mapped[UUID] = mapped_column(primary_key=True)
    grain: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID | None]
    business_type: Mapped[str | None]
    verified: Mapped[bool]
    n: Mapped[int]
    known: Mapped[int]
    missing: Mapped[int]
    value: Mapped[Decimal]
    folded: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        home(),
        CheckConstraint("grain IN ('day', 'month')", name="grain_known"),
        Index("arrival_cells_fresh_idx", "workspace_id", postgresql_where=FRESH),
    )


class StockCell(Owned):
    """What stands open at a milestone, neither held nor deleted; `known` of the `n` have a value.

    In the currencies the values were stated in: a stock is worth what it is worth on the day.
    """

    __tablename__ = "stock_cells"

    process_id: Mapped[UUID] = mapped_column(primary_key=True)
    milestone_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    currency: Mapped[str | None]
    n: Mapped[int]
    known: Mapped[int]
    value: Mapped[Decimal]
    folded: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        home(),
        Index("stock_cells_fresh_idx", "workspace_id", postgresql_where=FRESH),
    )


class MatrixSum(Owned):
    """How many cells of the matrix show a status, by product and segment, and what is stated of
    them; in the currencies it was stated in, null where it was not.

    Of the currency `*` (several competitors, each with an amount of its own) nothing is summed.
    """

    __tablename__ = "matrix_sums"

    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    segment: Mapped[str]
    status: Mapped[str]
    currency: Mapped[str | None]
    n: Mapped[int]
    value: Mapped[Decimal]
    folded: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        home(),
        Index("matrix_sums_fresh_idx", "workspace_id", postgresql_where=FRESH),
    )
