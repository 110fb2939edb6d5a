"""Opportunities, the events that happened to them, and what follows from the events.

`events` is the only source of truth and append-only: the application may not update or delete
there. Everything in `passages`, `credits` and the lower half of `opportunities` is derived from
it in the same transaction (see `app/domain/replay.py`) and could be rebuilt at any time. A row
goes with its opportunity; milestones and people of what is derived are those the events refer to,
and looking each up once more was what bulk loads spent most of their time on.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, Versioned, home, link

EVENT_KINDS = (
    "created",
    "value_changed",
    "owner_changed",
    "moved_process",
    "reached",
    "ordered",
    "criterion_met",
    "verified",
    "regressed",
    "voided",
    "hold_started",
    "hold_ended",
    "ball_passed",
    "stale_noticed",
    "exited",
    "reopened",
    "revived",
    "reviewed",
    "merged",
    "unmerged",
    "reverted",
)
BALLS = ("us", "customer", "none")
EXIT_KINDS = (
    "lost",
    "declined",
    "no_decision",
    "no_response",
    "disqualified",
    "duplicate",
    "stale",
)


def one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


class Opportunity(Versioned):
    __tablename__ = "opportunities"
    # That it was created, and all that happened to it, is said by its events.
    audited: ClassVar[frozenset[str]] = frozenset({"changed", "deleted"})

    name: Mapped[str]
    process_id: Mapped[UUID]
    version_id: Mapped[UUID]
    account_id: Mapped[UUID | None]
    source: Mapped[str]
    external_id: Mapped[str | None]
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    external_close_date: Mapped[date | None]
    external_probability: Mapped[Decimal | None]
    import_id: Mapped[UUID | None]
    # The type of business, decided when the opportunity was created and frozen at the first
    # milestone; `chosen` keeps a value that was stated rather than found out.
    business_type: Mapped[str | None]
    business_subtype: Mapped[str | None]
    business_chosen: Mapped[bool] = mapped_column(default=False)

    # Derived from the events.
    owner_id: Mapped[UUID | None]
    credits: Mapped[list[dict[str, Any]] | None]
    value: Mapped[Decimal | None]
    currency: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="open")
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    milestone_id: Mapped[UUID | None]
    reached_at: Mapped[datetime | None]
    clock_from: Mapped[datetime]
    clock_held_days: Mapped[Decimal] = mapped_column(default=Decimal(0))
    held_since: Mapped[datetime | None]
    held_until: Mapped[datetime | None]
    # Who owes the next step, as last said since the customer last did something.
    ball: Mapped[str | None]
    waiting_since: Mapped[datetime | None]
    won_at: Mapped[datetime | None]
    ordered_value: Mapped[Decimal | None]
    exited_at: Mapped[datetime | None]
    exit_kind: Mapped[str | None]
    exit_reason: Mapped[str | None]
    # What the ledger knows of it (see `app/tables/ledger.py`): whether it is in the stock, and as
    # which type of business its arrivals are counted.
    stocked: Mapped[bool] = mapped_column(server_default=false())
    counted_as: Mapped[str | None]

    __table_args__ = (
        home(),
        link("process_id", "processes"),
        link("version_id", "process_versions"),
        link("account_id", "accounts"),
        link("owner_id", "people"),
        link("milestone_id", "milestones"),
        link("import_id", "imports"),
        CheckConstraint("status IN ('open', 'won', 'exited')", name="status_known"),
        CheckConstraint("business_type IN ('new', 'existing')", name="business_type_known"),
        CheckConstraint("value IS NULL OR currency IS NOT NULL", name="value_has_currency"),
        CheckConstraint("(milestone_id IS NULL) = (position = 0)", name="position_has_milestone"),
        Index(
            "opportunities_external_id_key",
            "workspace_id",
            "source",
            "external_id",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index(None, "workspace_id", "created_at", "id"),
        Index(None, "workspace_id", "updated_at", "id"),
        Index("opportunities_name_idx", "workspace_id", text("lower(name)"), "id"),
        Index("opportunities_value_idx", "workspace_id", text("coalesce(value, -1)"), "id"),
        Index(None, "workspace_id", "process_id", "status", "position"),
        Index(None, "workspace_id", "owner_id"),
        Index(None, "workspace_id", "account_id"),
        Index(
            "opportunities_held_idx",
            "workspace_id",
            "process_id",
            postgresql_where=text("held_since IS NOT NULL AND status = 'open'"),
        ),
    )


class OpportunityProduct(Owned):
    """A product that the opportunity is about, with its list price at the time it was named:
    what the deal is taken to be worth as long as nobody said."""

    __tablename__ = "opportunity_products"

    opportunity_id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    list_value: Mapped[Decimal | None]
    list_currency: Mapped[str | None]
    # The file that named it, of an opportunity that was here before.
    import_id: Mapped[UUID | None]

    __table_args__ = (
        home(),
        link("opportunity_id", "opportunities", ondelete="CASCADE"),
        link("product_id", "products"),
        link("import_id", "imports"),
        CheckConstraint("list_value IS NULL OR list_currency IS NOT NULL", name="list_value_whole"),
        Index(None, "workspace_id", "product_id"),
    )


class Event(Owned):
    """Something that happened to an opportunity: when it happened, and when we were told."""

    __tablename__ = "events"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    opportunity_id: Mapped[UUID]
    kind: Mapped[str]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor: Mapped[str]
    source: Mapped[str]
    source_event_id: Mapped[str | None]
    import_id: Mapped[UUID | None]
    reconstructed: Mapped[bool] = mapped_column(default=False)
    milestone_id: Mapped[UUID | None]
    criterion_id: Mapped[UUID | None]
    version_id: Mapped[UUID | None]
    owner_id: Mapped[UUID | None]
    credits: Mapped[list[dict[str, Any]] | None]
    value: Mapped[Decimal | None]
    currency: Mapped[str | None]
    correction: Mapped[bool] = mapped_column(default=False)
    act: Mapped[str | None]
    what: Mapped[str | None]
    evidence: Mapped[list[dict[str, Any]] | None]
    exit_kind: Mapped[str | None]
    reason: Mapped[str | None]
    competitor: Mapped[str | None]
    until: Mapped[datetime | None]
    ball: Mapped[str | None]
    note: Mapped[str | None]
    # Whose opportunity it is since accounts were merged, and which type of business that makes it.
    account_id: Mapped[UUID | None]
    business_type: Mapped[str | None]
    # The opportunity that goes on where this one is over because there were two of it.
    duplicate_of: Mapped[UUID | None]

    __table_args__ = (
        home(),
        link("opportunity_id", "opportunities", ondelete="CASCADE"),
        link("account_id", "accounts"),
        link("duplicate_of", "opportunities"),
        link("milestone_id", "milestones"),
        link("criterion_id", "criteria"),
        link("version_id", "process_versions"),
        link("owner_id", "people"),
        CheckConstraint(one_of("kind", EVENT_KINDS), name="kind_known"),
        CheckConstraint("act IN ('did', 'said', 'wrote')", name="act_known"),
        CheckConstraint(one_of("exit_kind", EXIT_KINDS), name="exit_kind_known"),
        CheckConstraint("(kind = 'exited') = (exit_kind IS NOT NULL)", name="exit_has_kind"),
        CheckConstraint(one_of("ball", BALLS), name="ball_known"),
        CheckConstraint("(kind = 'ball_passed') = (ball IS NOT NULL)", name="ball_passed_has_ball"),
        CheckConstraint(
            "kind NOT IN ('reached', 'ordered', 'voided', 'regressed', 'verified') "
            "OR milestone_id IS NOT NULL",
            name="movement_has_milestone",
        ),
        CheckConstraint("value IS NULL OR currency IS NOT NULL", name="value_has_currency"),
        CheckConstraint("business_type IN ('new', 'existing')", name="business_type_known"),
        CheckConstraint("duplicate_of <> opportunity_id", name="duplicate_of_another"),
        CheckConstraint(
            "duplicate_of IS NULL OR exit_kind = 'duplicate'", name="duplicate_is_an_exit"
        ),
        # What that import told of the opportunity is taken back.
        CheckConstraint("kind <> 'reverted' OR import_id IS NOT NULL", name="reverted_has_import"),
        Index(None, "workspace_id", "opportunity_id", "occurred_at"),
        Index(
            "events_reverted_idx",
            "workspace_id",
            "opportunity_id",
            "import_id",
            postgresql_where=text("kind = 'reverted'"),
        ),
        # Few deals are ever marked so: see `app/domain/notices.py`.
        Index(
            "events_marks_idx",
            "workspace_id",
            "opportunity_id",
            postgresql_where=text("kind IN ('revived', 'reviewed', 'stale_noticed')"),
        ),
        Index(
            "events_source_event_id_key",
            "workspace_id",
            "source",
            "source_event_id",
            unique=True,
            postgresql_where=text("source_event_id IS NOT NULL"),
        ),
    )


class Passage(Owned):
    """An opportunity's stay behind one milestone: arrived, with which value, left, how.

    `ordinal` is 1 for the arrival itself; further partial orders are 2, 3, … and count in value
    but not in number. Amounts in the reporting currency are frozen at the arrival's rate.
    """

    __tablename__ = "passages"

    opportunity_id: Mapped[UUID] = mapped_column(primary_key=True)
    milestone_id: Mapped[UUID] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    event_id: Mapped[UUID]
    process_id: Mapped[UUID]
    lineage_id: Mapped[UUID]
    position: Mapped[int] = mapped_column(SmallInteger)
    arrived_at: Mapped[datetime]
    implied: Mapped[bool]
    verified: Mapped[bool]
    reconstructed: Mapped[bool]
    value: Mapped[Decimal | None]
    currency: Mapped[str | None]
    reporting_value: Mapped[Decimal | None]
    fx_rate: Mapped[Decimal | None]
    fx_day: Mapped[date | None]
    fx_source: Mapped[str | None]
    owner_id: Mapped[UUID | None]
    left_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    held_days: Mapped[Decimal]
    # Not alone at its place, or shared by several people: no cell of the ledger holds it.
    ragged: Mapped[bool] = mapped_column(server_default=false())

    __table_args__ = (
        link("opportunity_id", "opportunities", ondelete="CASCADE"),
        CheckConstraint("outcome IN ('advanced', 'exited', 'moved')", name="outcome_known"),
        Index(None, "workspace_id", "process_id", "lineage_id", "arrived_at"),
        Index(
            "passages_ragged_idx",
            "workspace_id",
            "process_id",
            "lineage_id",
            "arrived_at",
            postgresql_where=text("ragged"),
        ),
    )


class Credit(Owned):
    """Who is credited with an arrival, and with how much of it; the shares sum to the arrival."""

    __tablename__ = "credits"

    opportunity_id: Mapped[UUID] = mapped_column(primary_key=True)
    milestone_id: Mapped[UUID] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    percent: Mapped[Decimal]
    # The deal counts once, for its owner; value is shared by percent.
    counts: Mapped[bool]
    reporting_value: Mapped[Decimal | None]

    __table_args__ = (
        link("opportunity_id", "opportunities", ondelete="CASCADE"),
        CheckConstraint("percent > 0 AND percent <= 100", name="percent_in_range"),
        Index(None, "workspace_id", "person_id"),
    )
