"""What the world says and sees of a target."""

from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, PlainValidator, model_validator
from pydantic_core import PydanticCustomError

from app.engine import rates
from app.engine.plan import Recurrence
from app.schemas.base import Amount, In, Instant, Listing, MoneyIn, MoneyOut, Out
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


class Metric(StrEnum):
    """What a target is measured by."""

    ORDER_VALUE = "order_value"
    GROSS_MARGIN = "gross_margin"
    ORDER_COUNT = "order_count"
    NEW_CUSTOMERS = "new_customers"
    GROWTH_RATE = "growth_rate"


# What a target of each metric has to state, and what it may.
STATES: dict[Metric, tuple[frozenset[str], frozenset[str]]] = {
    Metric.ORDER_VALUE: (frozenset(), frozenset({"amount", "count"})),
    Metric.GROSS_MARGIN: (frozenset({"gross_margin", "base_period"}), frozenset({"count"})),
    Metric.ORDER_COUNT: (frozenset({"count"}), frozenset()),
    Metric.NEW_CUSTOMERS: (frozenset({"count"}), frozenset()),
    Metric.GROWTH_RATE: (frozenset({"growth_rate", "base_period"}), frozenset({"count"})),
}
STATED = ("amount", "count", "gross_margin", "growth_rate", "base_period")
GrowthRate = Annotated[
    Amount,
    Field(
        gt=-1,
        le=100,
        examples=["0.10"],
        description="How much more than in the base period: 0.10 is a tenth more.",
    ),
]
BasePeriod = Annotated[
    PeriodKey,
    Field(
        examples=["2025"],
        description="What growth is measured against, or whose orders tell the margin.",
    ),
]


class TargetIn(In):
    process_id: Annotated[str, Field(max_length=64, description="Id or key of the process.")]
    scope: ScopeIn = EVERYBODY
    business_type: Business = Business.ALL
    metric: Annotated[
        Metric,
        Field(
            description="`growth_rate` and `gross_margin` are resolved to the amount of orders that"
            " they take, against `base_period`; `new_customers` are orders of new business."
        ),
    ] = Metric.ORDER_VALUE
    amount: Annotated[
        MoneyIn | None, Field(description="To arrive at the order in every period.")
    ] = None
    gross_margin: Annotated[
        MoneyIn | None, Field(description="To be left in every period after direct costs.")
    ] = None
    growth_rate: GrowthRate | None = None
    base_period: BasePeriod | None = None
    count: Annotated[Count | None, Field(description="Orders in every period.")] = None
    average_order_value: MoneyIn | None = None
    recurrence: Recurrence = Recurrence.MONTH
    from_: Annotated[PeriodKey, Field(alias="from", description="First period.")]
    to: To = None
    parent_id: UUID | None = None

    @model_validator(mode="after")
    def asks_for_something(self) -> Self:
        needed, allowed = STATES[self.metric]
        said = {name for name in STATED if getattr(self, name) is not None}
        if self.metric is Metric.ORDER_VALUE and not said & allowed:
            raise PydanticCustomError("target_missing", "a target is an amount, a count or both")
        if needed - said or said - needed - allowed:
            raise PydanticCustomError(
                "metric_misfit",
                "a target of {metric} states {states}, and besides at most {may}",
                {
                    "metric": self.metric.value,
                    "states": " and ".join(sorted(needed)) or "an amount, a count or both",
                    "may": " or ".join(sorted(allowed)) or "nothing",
                },
            )
        if self.metric is Metric.NEW_CUSTOMERS and self.business_type is not Business.NEW:
            raise PydanticCustomError(
                "new_business_only", "new customers are won in new business: business_type is new"
            )
        return self


class TargetPatch(In):
    """Holds from now on: closed periods keep what was asked for in their time."""

    amount: MoneyIn | None = ABSENT
    gross_margin: MoneyIn = ABSENT
    growth_rate: GrowthRate = ABSENT
    base_period: BasePeriod = ABSENT
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


class TargetBaseOut(Out):
    """What the base period showed when the target was set; later changes of it change no target."""

    period: str
    order_value: Annotated[
        MoneyOut, Field(description="Ordered then; for a margin, by orders of known margin.")
    ]
    gross_margin: Annotated[MoneyOut | None, Field(description="Of those; null for growth.")]
    n: Annotated[int, Field(description="Orders that say it.")]
    missing_count: Annotated[int, Field(description="Orders whose value, or margin, is unknown.")]
    formula: str


class TargetOut(Out):
    id: UUID
    process_id: UUID
    scope: str
    business_type: str
    metric: Metric
    amount: Annotated[
        MoneyOut | None, Field(description="Of orders; what a margin or a growth takes of them.")
    ]
    gross_margin: Annotated[MoneyOut | None, Field(description="As it was stated.")]
    growth_rate: Annotated[str | None, Field(examples=["0.10"], description="As it was stated.")]
    base: Annotated[
        TargetBaseOut | None, Field(description="What the amount was resolved against.")
    ]
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
