"""What was forecast when, kept as it was said: the only judge of a forecast is what came after."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Double, ForeignKeyConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, home, link


class ForecastSnapshot(Owned):
    """One day's forecast of a process, and what it said of each open deal.

    The arrays are aligned: the chance of an order within 30 days by our forecast, by the share of
    deals of that section that ever ordered, and as a person had typed it (NULL: nobody had).
    """

    __tablename__ = "forecast_snapshots"

    process_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    taken_at: Mapped[datetime]
    method: Mapped[str]
    status: Mapped[str]
    currency: Mapped[str]
    opportunity_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    chances: Mapped[list[float]] = mapped_column(ARRAY(Double))
    stage_percentages: Mapped[list[float | None]] = mapped_column(ARRAY(Double))
    external_probabilities: Mapped[list[float | None]] = mapped_column(ARRAY(Double))

    __table_args__ = (
        home(),
        link("process_id", "processes", ondelete="CASCADE"),
        CheckConstraint(
            "cardinality(opportunity_ids) = cardinality(chances)"
            " AND cardinality(opportunity_ids) = cardinality(stage_percentages)"
            " AND cardinality(opportunity_ids) = cardinality(external_probabilities)",
            name="arrays_aligned",
        ),
    )


class ForecastPoint(Owned):
    """What a snapshot said about one span of time, in value or in orders.

    `span` names it: `30d`, `91d`, or a month such as `2026-07`, whose first one begins when the
    snapshot was taken. Beside our own numbers stand those of the simple methods it competes with;
    NULL where one has nothing to say.
    """

    __tablename__ = "forecast_points"

    process_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    span: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    expected: Mapped[Decimal]
    p10: Mapped[Decimal]
    p50: Mapped[Decimal]
    p90: Mapped[Decimal]
    pipeline: Mapped[Decimal]
    run_rate: Mapped[Decimal | None]
    last_period: Mapped[Decimal | None]
    last_year: Mapped[Decimal | None]
    stage_percentage: Mapped[Decimal | None]
    win_rate: Mapped[Decimal | None]
    external: Mapped[Decimal | None]

    __table_args__ = (
        home(),
        ForeignKeyConstraint(
            ["workspace_id", "process_id", "day"],
            [
                "forecast_snapshots.workspace_id",
                "forecast_snapshots.process_id",
                "forecast_snapshots.day",
            ],
            ondelete="CASCADE",
        ),
        CheckConstraint("unit IN ('value', 'orders')", name="unit_known"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
    )


class ForecastLesson(Owned):
    """What was learnt of a process's past, as `app/domain/lessons` writes and reads it.

    `shape` says for which kind of question (its first word: of which kind of lessons), `as_of` from
    what was known when, `in_force_from` since when it is used; `deals` are those it was learnt
    from. It holds for the version, the method and the currency it was learnt for.
    """

    __tablename__ = "forecast_lessons"

    process_id: Mapped[UUID] = mapped_column(primary_key=True)
    version_id: Mapped[UUID] = mapped_column(primary_key=True)
    shape: Mapped[str] = mapped_column(primary_key=True)
    in_force_from: Mapped[datetime] = mapped_column(primary_key=True)
    as_of: Mapped[datetime]
    learnt_at: Mapped[datetime]
    asked: Mapped[bool]
    method: Mapped[str]
    currency: Mapped[str]
    deals: Mapped[int]
    payload: Mapped[list[Any]] = mapped_column(JSONB(none_as_null=True))

    __table_args__ = (
        home(),
        link("process_id", "processes", ondelete="CASCADE"),
        link("version_id", "process_versions", ondelete="CASCADE"),
        CheckConstraint("in_force_from >= as_of", name="in_force_after_as_of"),
        CheckConstraint("deals >= 0", name="deals_counted"),
    )
