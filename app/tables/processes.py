"""Processes: versions that never change once published, and their milestones."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, Versioned, home, link


class Process(Versioned):
    __tablename__ = "processes"

    key: Mapped[str]
    name: Mapped[str]
    market: Mapped[str | None]
    currency: Mapped[str]
    # What becomes of dead horses: nothing, a proposal, or an exit after so many days of grace.
    # `criteria_reset`: a verified criterion counts as movement.
    stale_policy: Mapped[str] = mapped_column(default="propose")
    grace_days: Mapped[int] = mapped_column(default=14)
    criteria_reset: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        home(),
        CheckConstraint("stale_policy IN ('off', 'propose', 'auto')", name="stale_policy_known"),
        CheckConstraint("grace_days BETWEEN 0 AND 365", name="grace_days_in_range"),
        Index(
            "processes_key_key",
            "workspace_id",
            "key",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )


class ProcessPolicy(Owned):
    """What a process wanted done about dead horses from an instant on; the latest row is what the
    process itself says."""

    __tablename__ = "process_policies"
    audited: ClassVar[frozenset[str]] = frozenset({"created"})

    id: Mapped[UUID] = mapped_column(primary_key=True)
    process_id: Mapped[UUID]
    set_at: Mapped[datetime]
    stale_policy: Mapped[str]
    grace_days: Mapped[int]
    criteria_reset: Mapped[bool]

    __table_args__ = (
        home(),
        link("process_id", "processes", ondelete="CASCADE"),
        Index(None, "workspace_id", "process_id", "set_at"),
    )


class ProcessVersion(Owned):
    __tablename__ = "process_versions"
    audited: ClassVar[frozenset[str]] = frozenset({"created"})

    id: Mapped[UUID] = mapped_column(primary_key=True)
    process_id: Mapped[UUID]
    number: Mapped[int]
    published_at: Mapped[datetime]
    warnings: Mapped[list[dict[str, Any]]]

    __table_args__ = (
        home(),
        link("process_id", "processes", ondelete="CASCADE"),
        UniqueConstraint("workspace_id", "process_id", "number"),
        CheckConstraint("number >= 1", name="number_positive"),
    )


class Milestone(Owned):
    """An act of the customer. Rate, days and exit reasons describe the section that begins here.

    `lineage_id` is the same over the versions of a process in which a milestone means the same.
    """

    __tablename__ = "milestones"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version_id: Mapped[UUID]
    lineage_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(SmallInteger)
    key: Mapped[str]
    name: Mapped[str]
    customer_act: Mapped[str]
    is_order: Mapped[bool]
    evidence_policy: Mapped[str] = mapped_column(default="optional")
    phase: Mapped[str | None]
    owner_role: Mapped[str | None]
    target_rate_num: Mapped[Decimal | None]
    target_rate_den: Mapped[Decimal | None]
    target_retention: Mapped[Decimal | None]
    typical_days: Mapped[int | None]
    stale_after_days: Mapped[int | None]
    skippable: Mapped[bool] = mapped_column(default=True)
    playbook: Mapped[dict[str, Any] | None]

    __table_args__ = (
        home(),
        link("version_id", "process_versions", ondelete="CASCADE"),
        UniqueConstraint("workspace_id", "version_id", "position"),
        UniqueConstraint("workspace_id", "version_id", "key"),
        Index(None, "workspace_id", "lineage_id"),
        CheckConstraint("position BETWEEN 1 AND 12", name="position_in_range"),
        CheckConstraint(
            "target_rate_num > 0 AND target_rate_num <= target_rate_den",
            name="target_rate_in_range",
        ),
        CheckConstraint("target_retention > 0", name="target_retention_positive"),
        CheckConstraint("evidence_policy IN ('optional', 'required')", name="policy_known"),
        CheckConstraint("typical_days > 0 AND stale_after_days > 0", name="days_positive"),
    )


class ExitReason(Owned):
    """Why an opportunity may leave the section that begins at a milestone."""

    __tablename__ = "exit_reasons"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    milestone_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(SmallInteger)
    key: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    recoverable: Mapped[bool]

    __table_args__ = (
        home(),
        link("milestone_id", "milestones", ondelete="CASCADE"),
        UniqueConstraint("workspace_id", "milestone_id", "key"),
        CheckConstraint(
            "kind IN ('lost', 'declined', 'no_decision', 'no_response', 'disqualified', "
            "'duplicate', 'stale')",
            name="kind_known",
        ),
    )


class Criterion(Owned):
    """A smaller step inside the section that begins at a milestone; a customer act as well."""

    __tablename__ = "criteria"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    milestone_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(SmallInteger)
    key: Mapped[str]
    name: Mapped[str]
    weight: Mapped[Decimal]

    __table_args__ = (
        home(),
        link("milestone_id", "milestones", ondelete="CASCADE"),
        UniqueConstraint("workspace_id", "milestone_id", "key"),
        CheckConstraint("weight > 0", name="weight_positive"),
    )
