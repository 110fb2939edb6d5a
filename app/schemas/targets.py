"""What the world says and sees of a target."""

from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, PlainValidator, model_validator
from pydantic_core import PydanticCustomError

from app.engine import rates
from app.engine.plan import Recurrence
from app.schemas.base import In, Instant, Listing, MoneyIn, MoneyOut, Out
from app.schemas.patch import ABSENT
from app.schemas.rates import RateIn
from app.schemas.scopes import EVERYBODY, Business, PeriodKey, ScopeIn

Count = Annotated[int, Field(ge=0, le=10**9, strict=True)]
To = Annotated[
    PeriodKey | None, Field(description="Last period, included. Null: until further notice.")
]


def _weight(value: Any) -> Fraction:
    """A whole number or a decimal string; 0 gives nothing."""
    if isinstance(value, Fraction):
        return value
    if type(value) is int and 0 <= value <= MOST_WEIGHT:
        return Fraction(value)
    try:
        return rates.retention(value if isinstance(value, str) else "")
    except rates.BadRate as error:
        detail = 'a weight is a whole number or a decimal string such as "2.5"'
        raise PydanticCustomError("weight_malformed", detail) from error


MOST_WEIGHT = 10**9
Weight = Annotated[Fraction, PlainValidator(_weight, json_schema_input_type=int | str)]


class TargetIn(In):
    process_id: Annotated[str, Field(max_length=64, description="Id or key of the process.")]
    scope: ScopeIn = EVERYBODY
    business_type: Business = Business.ALL
    amount: Annotated[
        MoneyIn | None, Field(description="To arrive at the order in every period.")
    ] = None
    count: Annotated[Count | None, Field(description="Orders in every period.")] = None
    average_order_value: MoneyIn | None = None
    recurrence: Recurrence = Recurrence.MONTH
    from_: Annotated[PeriodKey, Field(alias="from", description="First period.")]
    to: To = None
    parent_id: UUID | None = None

    @model_validator(mode="after")
    def asks_for_something(self) -> Self:
        if self.amount is None and self.count is None:
            raise PydanticCustomError("target_missing", "a target is an amount, a count or both")
        return self


class TargetPatch(In):
    """Holds from now on: closed periods keep what was asked for in their time."""

    amount: MoneyIn | None = ABSENT
    count: Count | None = ABSENT
    average_order_value: MoneyIn | None = ABSENT
    to: To = ABSENT


class OverrideIn(In):
    """One period's own amount or count; what is null is as in every other period."""

    amount: MoneyIn | None = None
    count: Count | None = None


class ShareIn(In):
    scope: ScopeIn
    weight: Weight | None = None


class AllocationIn(In):
    by: Literal["equal", "weights", "history"]
    to: Annotated[list[ShareIn], Field(min_length=1, max_length=500)]
    ramp: Annotated[
        dict[str, RateIn],
        Field(
            default_factory=dict,
            max_length=500,
            description="By scope: the part of a full share that somebody who is new can carry.",
        ),
    ]


class OverassignmentOut(Out):
    """By how much the targets below ask for more than this one; null: not more, or unknown."""

    amount: MoneyOut | None
    count: int | None


class FxOut(Out):
    currency: str
    rate: str
    date: date
    source: str


class TargetOut(Out):
    id: UUID
    process_id: UUID
    scope: str
    business_type: str
    amount: MoneyOut | None
    count: int | None
    average_order_value: MoneyOut | None
    recurrence: str
    from_: Annotated[str, Field(serialization_alias="from", examples=["2026-01"])]
    to: Annotated[str | None, Field(examples=["2026-12"])]
    valid_from: Annotated[datetime, Field(description="Since when this is what is asked for.")]
    parent_id: UUID | None
    overassignment: OverassignmentOut | None
    version: int
    created_at: datetime
    updated_at: datetime


class AllocationOut(Out):
    target: TargetOut
    children: list[TargetOut]


class TargetPeriodOut(Out):
    period: str
    starts_on: date
    ends_on: Annotated[date, Field(description="The day after the last.")]
    amount: MoneyOut | None
    reporting_amount: Annotated[
        MoneyOut | None, Field(description="Converted at the rate known when it was set.")
    ]
    fx: FxOut | None
    count: int | None
    source: Annotated[str, Field(examples=["recurring", "override"])]
    valid_from: datetime
    closed: bool


class TargetPeriodsOut(Out):
    data: list[TargetPeriodOut]
    as_of: datetime
    source: str
    formula: str


class TargetQuery(Listing):
    process: Annotated[str | None, Field(max_length=64, description="Id or key.")] = None
    scope: ScopeIn | None = None
    business_type: Business | None = None
    parent: UUID | None = None


class PeriodsQuery(In):
    from_: Annotated[PeriodKey | None, Field(alias="from")] = None
    to: PeriodKey | None = None
    as_of: Instant | None = None
