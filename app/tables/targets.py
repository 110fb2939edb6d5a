"""Targets: what shall arrive at the order in each period, and what was said about it when."""

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, Versioned, home, link

METRICS = "('order_value', 'gross_margin', 'order_count', 'new_customers', 'growth_rate')"


class Target(Versioned):
    __tablename__ = "targets"

    process_id: Mapped[UUID]
    scope: Mapped[str]
    team_id: Mapped[UUID | None]
    person_id: Mapped[UUID | None]
    business_type: Mapped[str]
    metric: Mapped[str] = mapped_column(default="order_value")
    recurrence: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    parent_id: Mapped[UUID | None]

    __table_args__ = (
        home(),
        link("process_id", "processes"),
        link("team_id", "teams"),
        link("person_id", "people"),
        link("parent_id", "targets"),
        CheckConstraint(
            "(scope = 'all' AND team_id IS NULL AND person_id IS NULL) OR "
            "(scope = 'team' AND team_id IS NOT NULL AND person_id IS NULL) OR "
            "(scope = 'owner' AND team_id IS NULL AND person_id IS NOT NULL)",
            name="scope_has_subject",
        ),
        CheckConstraint("business_type IN ('new', 'existing', 'all')", name="business_type_known"),
        CheckConstraint(f"metric IN {METRICS}", name="metric_known"),
        CheckConstraint(
            "recurrence IN ('month', 'quarter', 'year', 'once')", name="recurrence_known"
        ),
        CheckConstraint("ends_on > starts_on", name="ends_after_start"),
        CheckConstraint("recurrence <> 'once' OR ends_on IS NOT NULL", name="once_has_end"),
        # One answer to "what is the target of this scope from this day on".
        Index(
            "targets_subject_key",
            "workspace_id",
            "process_id",
            "scope",
            "team_id",
            "person_id",
            "business_type",
            "recurrence",
            "starts_on",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )


class TargetVersion(Owned):
    """What a target asks for from `valid_from` on; closed periods keep the one of their time."""

    __tablename__ = "target_versions"
    audited: ClassVar[frozenset[str]] = frozenset({"created"})

    target_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    valid_from: Mapped[datetime]
    amount: Mapped[Decimal | None]
    currency: Mapped[str | None]
    count: Mapped[int | None]
    average_order_value: Mapped[Decimal | None]
    # What was said where it is not an amount of orders: a rate of growth, or a margin in the same
    # currency. The amount was resolved from it against what the base period showed at that moment.
    stated: Mapped[Decimal | None]
    base_period: Mapped[str | None]
    base_value: Mapped[Decimal | None]
    base_margin: Mapped[Decimal | None]
    base_n: Mapped[int | None]
    base_missing: Mapped[int | None]

    __table_args__ = (
        home(),
        link("target_id", "targets", ondelete="CASCADE"),
        CheckConstraint(
            "num_nulls(stated, base_period, base_value, base_n, base_missing) IN (0, 5)",
            name="resolved_with_base",
        ),
        CheckConstraint("amount IS NOT NULL OR count IS NOT NULL", name="asks_for_something"),
        CheckConstraint("amount >= 0 AND count >= 0", name="not_negative"),
        CheckConstraint("average_order_value > 0", name="average_positive"),
        CheckConstraint("amount IS NULL OR currency IS NOT NULL", name="amount_has_currency"),
    )


class TargetPeriod(Owned):
    """One period's own amount or count, instead of the recurring one."""

    __tablename__ = "target_periods"
    audited: ClassVar[frozenset[str]] = frozenset({"created"})

    target_id: Mapped[UUID] = mapped_column(primary_key=True)
    starts_on: Mapped[date] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    valid_from: Mapped[datetime]
    amount: Mapped[Decimal | None]
    count: Mapped[int | None]

    __table_args__ = (
        home(),
        link("target_id", "targets", ondelete="CASCADE"),
        CheckConstraint("amount >= 0 AND count >= 0", name="not_negative"),
    )
