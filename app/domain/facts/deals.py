"""A deal of a story: everything an estimate or its explanation wants to know about one."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class DealRow:
    """A deal as it was known at the moment, in the place its index has in the facts.

    `status` is open, won, exited or moved (to another process). `reporting_value` is the value
    converted at the moment's rate; `estimated`: no value was said, or only in hindsight, and the
    list price of the products stands in for it.
    """

    opportunity_id: UUID
    name: str
    account_id: UUID | None
    owner_id: UUID | None
    credits: list[dict[str, Any]] | None
    status: str
    position: int
    milestone_id: UUID | None
    business_type: str | None
    source: str
    value: Decimal | None
    currency: str | None
    reporting_value: Decimal | None
    estimated: bool
    held_since: datetime | None
    held_until: datetime | None
    clock_from: datetime
    fell_at: datetime | None
    won_at: datetime | None
    exited_at: datetime | None
    exit_kind: str | None
    exit_reason: str | None
    competitor: str | None
    clean_up: bool
    ball: str | None
    waiting_since: datetime | None
    external_probability: Decimal | None
    external_close_date: date | None
    created_at: datetime
    hindsight: bool
