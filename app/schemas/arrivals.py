"""What the world sees of an arrival: the deal behind a light, its value and its evidence."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.schemas.base import Listing, MoneyOut, Out, PageOut
from app.schemas.scopes import EVERYBODY, Business, Moment, PeriodKey, ScopeIn


class ArrivalQuery(Listing, Moment):
    period: PeriodKey | None = None
    scope: ScopeIn = EVERYBODY
    business_type: Business = Business.ALL


class ArrivalFxOut(Out):
    rate: str
    date: date
    source: str


class ArrivalOut(Out):
    opportunity_id: UUID
    name: str
    account_id: UUID | None
    owner_id: Annotated[UUID | None, Field(description="Who owned it when it arrived.")]
    arrived_at: datetime
    value: Annotated[MoneyOut | None, Field(description="As it was when it arrived.")]
    reporting_value: Annotated[
        MoneyOut | None, Field(description="In the reporting currency, frozen at the arrival.")
    ]
    fx: ArrivalFxOut | None
    credited_value: Annotated[
        MoneyOut | None, Field(description="The part of `reporting_value` that this scope counts.")
    ]
    evidence: list[dict[str, Any]]
    act: str | None
    what: str | None
    implied: Annotated[bool, Field(description="Follows from a later milestone reached first.")]
    verified: bool
    ordinal: Annotated[int, Field(description="From 2: a further partial order of the deal.")]
    counts: Annotated[bool, Field(description="Whether it adds 1 to the count of this scope.")]
    counts_in_value: Annotated[
        bool, Field(description="False where evidence is required and there is none.")
    ]


class ArrivalPage(PageOut[ArrivalOut]):
    milestone_id: UUID
    key: str
    period: str
    scope: str
    business_type: str
    as_of: datetime
    effective_at: datetime | None
    source: str
    formula: str
