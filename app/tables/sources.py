"""Where business comes from: sources, what they cost, and where they met which customer.

Costs, touchpoints and stitches are append-only. What is wrong is corrected by a further row, and
who a lead turned out to be is said beside the touchpoints, which stay as they came in.
"""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, Versioned, home, link
from app.tables.opportunities import one_of

SOURCE_KINDS = (
    "fair",
    "event",
    "campaign",
    "content",
    "web",
    "referral",
    "partner",
    "inbound",
    "outbound",
    "other",
)
DIRECTIONS = ("received", "given")


class Source(Versioned):
    __tablename__ = "sources"

    key: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    # The company behind a partner.
    account_id: Mapped[UUID | None]
    active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (
        home(),
        link("account_id", "accounts"),
        CheckConstraint(one_of("kind", SOURCE_KINDS), name="kind_known"),
        CheckConstraint("kind = 'partner' OR account_id IS NULL", name="account_of_partner"),
        Index(
            "sources_key_key",
            "workspace_id",
            "key",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(None, "workspace_id", "account_id"),
    )


class SourceCost(Owned):
    """What a source cost in the days from `starts_on` up to but not including `ends_on`.

    A correction stands in the place of the cost it corrects, which has only one.
    """

    __tablename__ = "source_costs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source_id: Mapped[UUID]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    amount: Mapped[Decimal]
    currency: Mapped[str]
    note: Mapped[str | None]
    corrects_id: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
    actor: Mapped[str]

    __table_args__ = (
        home(),
        link("source_id", "sources"),
        UniqueConstraint("workspace_id", "source_id", "id"),
        UniqueConstraint("workspace_id", "corrects_id"),
        # A correction cannot move a cost to another source.
        ForeignKeyConstraint(
            ["workspace_id", "source_id", "corrects_id"],
            ["source_costs.workspace_id", "source_costs.source_id", "source_costs.id"],
        ),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("starts_on < ends_on", name="days_in_order"),
        Index(None, "workspace_id", "starts_on"),
    )


class Touchpoint(Owned):
    """A source met a customer, as it was told; `given`: we brought the partner a customer."""

    __tablename__ = "touchpoints"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source_id: Mapped[UUID]
    external_id: Mapped[str | None]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor: Mapped[str]
    direction: Mapped[str]
    medium: Mapped[str | None]
    campaign: Mapped[str | None]
    content: Mapped[str | None]
    lead: Mapped[str | None]
    account_id: Mapped[UUID | None]
    opportunity_id: Mapped[UUID | None]
    effort_minutes: Mapped[int | None]

    __table_args__ = (
        home(),
        link("source_id", "sources"),
        link("account_id", "accounts"),
        link("opportunity_id", "opportunities"),
        CheckConstraint(one_of("direction", DIRECTIONS), name="direction_known"),
        CheckConstraint(
            "lead IS NOT NULL OR account_id IS NOT NULL OR opportunity_id IS NOT NULL",
            name="meets_somebody",
        ),
        CheckConstraint("effort_minutes >= 0", name="effort_not_negative"),
        Index(
            "touchpoints_external_id_key",
            "workspace_id",
            "source_id",
            "external_id",
            unique=True,
            postgresql_where=text("external_id IS NOT NULL"),
        ),
        Index(None, "workspace_id", "occurred_at", "id"),
        Index(None, "workspace_id", "source_id", "occurred_at"),
        Index(None, "workspace_id", "account_id"),
        Index(None, "workspace_id", "opportunity_id"),
    )


class TouchpointStitch(Owned):
    """Who a lead turned out to be; what was said last holds, for earlier touchpoints as well."""

    __tablename__ = "touchpoint_stitches"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    lead: Mapped[str]
    account_id: Mapped[UUID | None]
    opportunity_id: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
    actor: Mapped[str]

    __table_args__ = (
        home(),
        link("account_id", "accounts"),
        link("opportunity_id", "opportunities"),
        CheckConstraint(
            "account_id IS NOT NULL OR opportunity_id IS NOT NULL", name="leads_somewhere"
        ),
        Index(None, "workspace_id", "lead", "id"),
    )
