"""Open opportunities as candidates for their next milestone."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import Listing, MoneyOut, Out
from app.schemas.metrics import AgeDays
from app.schemas.scopes import EVERYBODY, Business, Moment, ScopeIn


class UnmetOut(Out):
    """A criterion of the section that the customer has not met yet."""

    key: str
    name: str


class ProspectOut(Out):
    """An open opportunity on its way to `next_milestone`."""

    opportunity_id: UUID
    name: Annotated[str | None, Field(description="Null in an answer about a past moment.")]
    owner_id: UUID | None
    milestone: str
    next_milestone: str
    value: Annotated[MoneyOut | None, Field(description="The scope's part, if it is shared.")]
    age_days: AgeDays
    chance_next: Annotated[
        str | None, Field(description="To get to the next milestone at all; null: not known.")
    ]
    chance_within: Annotated[
        str | None, Field(description="To get there within the days that were asked for.")
    ]
    weighted_value: Annotated[MoneyOut | None, Field(description="Value times `chance_within`.")]
    unmet_criteria: list[UnmetOut]
    ball: str | None
    waiting_since: datetime | None


class FocusQuery(Moment, Listing):
    process: Annotated[str, Field(max_length=64, description="Id or key of the process.")]
    scope: ScopeIn = EVERYBODY
    business_type: Business = Business.ALL
    days: Annotated[int, Field(ge=1, le=365, description="Within how many days.")] = 30


class FocusPageOut(Out):
    data: list[ProspectOut]
    next_cursor: str | None
    dead_count: Annotated[
        int, Field(description="Dead ones of the scope, left out; 0 under policy `off`.")
    ]
    process_id: UUID
    process_version: int
    scope: str
    business_type: str
    days: int
    currency: str
    as_of: datetime
    effective_at: datetime | None
    formula: str
