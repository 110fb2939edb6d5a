"""What an order consists of: kept beside its event and, like it, only ever added."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, home, link


class OrderLine(Owned):
    """A product in an order, with what it brings and, where it is known, what it costs us.

    Whether the order stands is said by its event: a line is voided with it, everywhere.
    """

    __tablename__ = "order_lines"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    opportunity_id: Mapped[UUID]
    event_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(SmallInteger)
    product_id: Mapped[UUID]
    quantity: Mapped[Decimal | None]
    amount: Mapped[Decimal]
    currency: Mapped[str]
    direct_cost: Mapped[Decimal | None]
    term_start: Mapped[date | None]
    term_end: Mapped[date | None]

    __table_args__ = (
        home(),
        link("opportunity_id", "opportunities", ondelete="CASCADE"),
        link("event_id", "events", ondelete="CASCADE"),
        link("product_id", "products"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("direct_cost >= 0", name="direct_cost_not_negative"),
        CheckConstraint("term_start <= term_end", name="term_in_order"),
        UniqueConstraint("workspace_id", "event_id", "position"),
        Index(None, "workspace_id", "opportunity_id"),
        Index(None, "workspace_id", "product_id"),
        Index(None, "workspace_id", "term_end", "id"),
    )


class Renewal(Owned):
    """The opportunity in which somebody works on renewing what a line brought for a term."""

    __tablename__ = "renewals"

    line_id: Mapped[UUID] = mapped_column(primary_key=True)
    opportunity_id: Mapped[UUID]
    created_at: Mapped[datetime]

    __table_args__ = (
        home(),
        link("line_id", "order_lines", ondelete="CASCADE"),
        link("opportunity_id", "opportunities", ondelete="CASCADE"),
        Index(None, "workspace_id", "opportunity_id"),
    )
