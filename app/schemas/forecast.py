"""What the world sees of a forecast: what to expect in each period, and what it rests on."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.engine.periods import Grain
from app.schemas.base import MoneyOut, Out
from app.schemas.learnt import LearntOut
from app.schemas.scopes import EVERYBODY, Business, Moment, ScopeIn
from app.schemas.units import MarginShareOut

MONTHS_AHEAD = 36


class Unit(StrEnum):
    """`gross_margin`: values, and beside them what is left of each after direct costs."""

    VALUE = "value"
    ORDERS = "orders"
    GROSS_MARGIN = "gross_margin"


class ForecastQuery(Moment):
    """New customers to expect: `unit=orders&business_type=new`."""

    process: Annotated[str, Field(max_length=64, description="Id or key of the process.")]
    scope: ScopeIn = EVERYBODY
    business_type: Business = Business.ALL
    periods: Annotated[
        int, Field(ge=1, le=157, description="The current one and those after it.")
    ] = 6
    grain: Grain = Grain.MONTH
    unit: Unit = Unit.VALUE
    explain: Annotated[bool, Field(description="Show what each open deal adds.")] = False


# Money, or with unit=orders a number of orders such as "2.7500".
Sum = MoneyOut | str
Exact = Annotated[
    str, Field(examples=["24691356/2"], description="Unrounded; exact ones add up exactly.")
]
Chance = Annotated[str, Field(examples=["0.4170"])]


class BlendOut(Out):
    """How much the pipeline and how much the run-rate counts, by what both were right about.

    `basis`: `stored` forecasts of the past, past ones `rebuilt` from what was known then, or the
    `prior` in favour of the pipeline while there is no past.
    """

    pipeline_weight: Chance
    run_rate_weight: Chance
    basis: str
    origins: Annotated[int, Field(description="Past forecasts the weights were learnt from.")]


class CorrectionOut(Out):
    """What the latest closed windows brought of what the rates had promised for them."""

    open: Annotated[str, Field(examples=["0.8600"])]
    new: str
    windows: int


class ForecastPeriodOut(Out):
    """One period; `expected = won + from_open + from_future_arrivals`, null where nothing is known.

    The last two hold what the blend takes from the run-rate; without it, open deals bring what
    their contributions add up to. The noise floor is the relative error nobody gets under with so
    few orders.
    """

    period: str
    start: date
    end: Annotated[date, Field(description="The day after its last.")]
    expected: Sum | None
    expected_exact: Exact | None
    p10: Sum | None
    p50: Sum | None
    p90: Sum | None
    won: Sum
    won_exact: Exact
    from_open: Sum | None
    from_open_exact: Exact | None
    from_future_arrivals: Sum | None
    from_future_arrivals_exact: Exact | None
    from_run_rate: Annotated[Sum | None, Field(description="Of both, what the run-rate says.")]
    contributed_exact: Annotated[
        Exact | None, Field(description="The sum of the deals' contributions.")
    ]
    noise_floor: Annotated[str | None, Field(examples=["0.4000"])]
    pipeline: Annotated[
        Sum | None, Field(description="Of all scopes, before the blend, without `won`.")
    ]
    run_rate: Annotated[
        Sum | None,
        Field(description="Of all scopes; null while the record is too short for one."),
    ]
    blend: BlendOut
    correction: CorrectionOut
    expected_margin: Annotated[
        MoneyOut | None,
        Field(
            description="With `unit=gross_margin`: the part of `expected` that `margin` says orders"
            " leave; null where no order's margin is known."
        ),
    ]


class CategoryOut(Out):
    """A read-only category: `closed` (won in the current period), by the chance to order
    ever `commit` (at least 0.8), `most_likely` (0.5), `best_case` (0.2),
    `pipeline` (below), and `omitted` (dead, declined or on hold)."""

    category: str
    count: int
    value: MoneyOut | None


class ExcludedOut(Out):
    """A deal that adds nothing, and why: `dead`, `declined` (since the current period began), or
    `on_hold`, which counts again from `returns_at` on."""

    opportunity_id: UUID
    reason: str
    milestone: str | None
    value: MoneyOut | None
    returns_at: datetime | None


class ExcludedSumOut(Out):
    reason: str
    count: int
    value: MoneyOut | None
    missing_value_count: int


class BecauseOut(Out):
    """`observed` or `stated` rates, or `returns` from hold; and how many exits were seen, or to be
    expected, at that age."""

    code: str
    text: str
    evidence: Annotated[str, Field(examples=["41.0"])]


class ContributionOut(Out):
    """What one open deal adds to each period, for the scope asked for."""

    opportunity_id: UUID
    milestone: str
    position: int
    age_days: Annotated[str, Field(description="Since it last moved on, without hold.")]
    chances: Annotated[list[Chance], Field(description="Of an order in each period.")]
    value_chances: Annotated[
        list[Chance], Field(description="The same by rates of value: large deals behave otherwise.")
    ]
    chance_ever: Chance
    value: Annotated[MoneyOut | None, Field(description="What is known of it now.")]
    worth: Annotated[
        MoneyOut | None, Field(description="What its order would bring, by what others kept.")
    ]
    share: Annotated[Chance, Field(description="The scope's share in the deal.")]
    contributions: list[Sum]
    contributions_exact: list[Exact]
    category: str
    because: BecauseOut


class UnassignedForecastOut(Out):
    """What nobody is credited with: in no person's forecast and in no team's."""

    period: str
    expected: Sum | None
    expected_exact: Exact | None
    won: Sum


class ForecastOut(Out):
    learnt: LearntOut
    as_of: datetime
    effective_at: datetime | None
    process_id: UUID
    process_version: int
    scope: str
    business_type: str
    unit: str
    grain: str
    currency: str
    method: str
    formula: str
    status: Annotated[str, Field(description="`ok` | `low_sample` | `insufficient`.")]
    n: Annotated[int, Field(description="Orders seen so far.")]
    open_deals: Annotated[int, Field(description="That can add something, in this scope.")]
    unknown_value_count: Annotated[
        int, Field(description="Of `open_deals`; the mean amount stands in for theirs.")
    ]
    missing_won_count: Annotated[int, Field(description="Orders whose value is not known.")]
    stated_share: Annotated[
        Chance, Field(description="How much of the rates was stated and not seen.")
    ]
    step_days: str
    record_since: Annotated[
        datetime | None, Field(description="The first exit seen; what was before is not known.")
    ]
    periods: list[ForecastPeriodOut]
    blend: Annotated[BlendOut, Field(description="That of the first period.")]
    categories: list[CategoryOut]
    excluded: Annotated[
        list[ExcludedOut],
        Field(description="Of each reason the 100 of most value; `excluded_sums` count all."),
    ]
    excluded_sums: list[ExcludedSumOut]
    unassigned: Annotated[
        list[UnassignedForecastOut] | None, Field(description="With `scope=all` only.")
    ]
    contributions: list[ContributionOut] | None
    margin: Annotated[
        MarginShareOut | None,
        Field(description="With `unit=gross_margin`: of the orders of the last year, else null."),
    ]
