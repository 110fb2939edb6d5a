"""Where events are sent, and what became of each one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, Versioned, home, link


class WebhookEndpoint(Versioned):
    """An address that wants to be told. Its secrets are kept as they are: they sign."""

    __tablename__ = "webhook_endpoints"

    url: Mapped[str]
    description: Mapped[str]
    types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    bulk: Mapped[bool]
    state: Mapped[str]
    disabled_reason: Mapped[str | None]
    failing_since: Mapped[datetime | None]
    secret: Mapped[str]
    old_secret: Mapped[str | None]
    old_secret_until: Mapped[datetime | None]

    __table_args__ = (
        home(),
        CheckConstraint("state IN ('enabled', 'disabled')", name="state_known"),
        CheckConstraint(
            "disabled_reason IN ('asked', 'gone', 'failing')", name="disabled_reason_known"
        ),
        CheckConstraint(
            "(state = 'disabled') = (disabled_reason IS NOT NULL)", name="disabled_has_reason"
        ),
        CheckConstraint(
            "(old_secret IS NULL) = (old_secret_until IS NULL)", name="old_secret_ends"
        ),
        Index(None, "workspace_id", "created_at", "id"),
    )


class WebhookDelivery(Owned):
    """One event for one endpoint. `step` is its place in the schedule of attempts, `attempts` how
    many there were; who sends it holds `lease` until `leased_until`."""

    __tablename__ = "webhook_deliveries"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID]
    seq: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]
    step: Mapped[int] = mapped_column(SmallInteger)
    attempts: Mapped[int]
    next_at: Mapped[datetime | None]
    lease: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        home(),
        link("endpoint_id", "webhook_endpoints", ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["workspace_id", "seq"],
            ["outbox_events.workspace_id", "outbox_events.seq"],
            ondelete="CASCADE",
        ),
        CheckConstraint(
            "state IN ('waiting', 'paused', 'delivered', 'failed', 'blocked_target')",
            name="state_known",
        ),
        CheckConstraint("(state = 'waiting') = (next_at IS NOT NULL)", name="waiting_is_due"),
        Index("webhook_deliveries_event_key", "workspace_id", "seq", "endpoint_id", unique=True),
        Index(
            "webhook_deliveries_due_idx",
            "workspace_id",
            "endpoint_id",
            "next_at",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(None, "workspace_id", "endpoint_id", "created_at", "id"),
        Index(None, "workspace_id", "created_at", "id"),
    )


class WebhookAttempt(Owned):
    """What one try to deliver came to."""

    __tablename__ = "webhook_attempts"

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    duration_ms: Mapped[int]
    status: Mapped[int | None]
    error: Mapped[str | None]
    excerpt: Mapped[str | None]

    __table_args__ = (
        home(),
        link("delivery_id", "webhook_deliveries", ondelete="CASCADE"),
    )
