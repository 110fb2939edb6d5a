"""Workspaces, the keys that open them, and the currency rates they count with."""

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Date,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Owned, Table, home, link

# Two of the database's own: random where no server has to agree on anything first.
RANDOM_32_BYTES = text("uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())")


class Workspace(Table):
    __tablename__ = "workspaces"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    time_zone: Mapped[str] = mapped_column(default="UTC")
    currency: Mapped[str] = mapped_column(default="EUR")
    language: Mapped[str] = mapped_column(default="en")
    fiscal_start: Mapped[int] = mapped_column(SmallInteger, default=1)
    # None: every calendar day counts. Otherwise ISO weekdays, 1 Monday … 7 Sunday.
    working_days: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    holiday_country: Mapped[str | None]
    holiday_region: Mapped[str | None]
    days_off: Mapped[list[date]] = mapped_column(ARRAY(Date), default=list)
    hold_limit_days: Mapped[int] = mapped_column(default=180)
    # Whether an order of one company of a group makes all its companies existing customers.
    group_orders_count: Mapped[bool] = mapped_column(server_default=text("false"))
    # What one seller is shown of another: see `app/domain/sight.py`.
    peer_visibility: Mapped[str] = mapped_column(server_default=text("'aggregate'"))
    # Web pages that may ask with a key of this workspace; `*` alone is every page.
    allowed_origins: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    # Signs what is handed out and has to come back unchanged, on whichever server.
    secret: Mapped[bytes] = mapped_column(server_default=RANDOM_32_BYTES)
    # The latest transaction whose touched deals were forgotten: see `app/tables/touches.py`.
    touches_forgotten: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("fiscal_start BETWEEN 1 AND 12", name="fiscal_start_in_year"),
        CheckConstraint("hold_limit_days >= 0", name="hold_limit_not_negative"),
        CheckConstraint(
            "peer_visibility IN ('none', 'aggregate', 'named')", name="peer_visibility_known"
        ),
    )


class ApiKey(Owned):
    """Only the SHA-256 of a key is kept; the key itself is shown once."""

    __tablename__ = "api_keys"
    audited: ClassVar[frozenset[str]] = frozenset({"created"})

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    digest: Mapped[bytes]
    hint: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    role: Mapped[str] = mapped_column(server_default=text("'admin'"))
    person_id: Mapped[UUID | None]
    # The key in whose place it came, which has an end since then.
    replaces_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    __table_args__ = (
        home(),
        link("person_id", "people"),
        CheckConstraint("role IN ('admin', 'manager', 'rep')", name="role_known"),
        CheckConstraint("role = 'admin' OR person_id IS NOT NULL", name="role_of_a_person"),
        UniqueConstraint("workspace_id", "digest"),
        # The door looks a key up before it knows the workspace.
        Index(None, "digest"),
    )


class DailyRound(Owned):
    """What is done once a day in a workspace, and was done for that day; who is first, does it."""

    __tablename__ = "daily_rounds"

    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    done_at: Mapped[datetime]

    __table_args__ = (home(),)


class CurrencyRate(Owned):
    """What one unit of `currency` is worth in the reporting currency from `day` on.

    Append-only: a better rate is a new row, so that a frozen arrival stays what it was.
    """

    __tablename__ = "currency_rates"
    audited: ClassVar[frozenset[str]] = frozenset({"created"})

    id: Mapped[UUID] = mapped_column(primary_key=True)
    currency: Mapped[str]
    day: Mapped[date]
    rate: Mapped[Decimal]
    source: Mapped[str]
    recorded_at: Mapped[datetime]

    __table_args__ = (
        home(),
        UniqueConstraint("workspace_id", "currency", "day", "recorded_at"),
        CheckConstraint("rate > 0", name="rate_positive"),
    )
