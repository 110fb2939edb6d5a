"""What the world sees of a pipeline: what stands in it, whether that suffices, how it moves."""

from datetime import date
from typing import Annotated

from pydantic import Field

from app.schemas.base import MoneyOut, Out
from app.schemas.learnt import LearntOut
from app.schemas.metrics import DaysOut, LeadTimeOut, MetricOut, TargetIds
from app.schemas.observed_rates import AskedOut, CohortQuery, WindowOut

Ratio = Annotated[str | None, Field(examples=["2.5000"])]


class PipelineQuery(CohortQuery):
    """Stock is that of the moment; rates, days and orders are those of the window."""


class HeapOut(Out):
    """A deal that is shared counts whole in number and in part in value."""

    count: int
    value: Annotated[
        MoneyOut | None, Field(description="Null where some are there and no value is known.")
    ]
    missing_value_count: int


class RequiredStockOut(Out):
    """What must stand here at any time (Little's law): arrivals per day times mean stay."""

    count: Ratio
    value: MoneyOut | None


class MilestoneStockOut(Out):
    """What stands at a milestone: alive, dead and on hold, each apart."""

    position: int
    key: str
    stock: HeapOut
    dead: HeapOut
    on_hold: HeapOut
    win_rate: MetricOut
    mean_days: Annotated[
        DaysOut, Field(description="In the section that begins here, for those who go on or leave.")
    ]
    mean_days_n: int
    required_stock: Annotated[RequiredStockOut | None, Field(description="Null without a target.")]


class AverageOrderOut(Out):
    value: MoneyOut | None
    n: int


class VelocityOut(Out):
    """Order value per day to come: open · win rate · average order / days to the order."""

    per_day: MetricOut
    open_count: int
    win_rate: MetricOut
    average_order: AverageOrderOut
    days_to_order: LeadTimeOut


class ThroughputOut(Out):
    """Order value per day that was really ordered in the window."""

    per_day: MoneyOut | None
    value: MoneyOut
    orders: int
    days: DaysOut


class CoverageOut(Out):
    """What stands alive against what is still to be won in the period.

    `needed`: the ratio at which the mix that stands there is expected to bring just that; timely
    is what half of such opportunities still turn into orders before the period ends.
    """

    target_ids: TargetIds
    period: str
    target: MoneyOut
    won: MoneyOut
    remaining: MoneyOut
    target_met: bool
    coverage: Annotated[Ratio, Field(description="Null when the target is met.")]
    coverage_needed: Ratio
    enough: Annotated[
        bool | None,
        Field(
            description="Whether `coverage` reaches `coverage_needed`, however long that takes;"
            " null where either is not known."
        ),
    ]
    timely_value: MoneyOut
    timely_coverage: Ratio
    timely_enough: Annotated[
        bool | None,
        Field(
            description="Whether `timely_coverage` reaches it: what can still be ordered within"
            " the period is enough. Null where either is not known."
        ),
    ]
    unjudged_value: Annotated[MoneyOut, Field(description="Whose chance or days are not known.")]


class SlippageOut(Out):
    """Of those a snapshot had expected within 30 days with a chance of at least one half, who
    neither ordered nor left by then."""

    day: Annotated[date, Field(description="Of the latest snapshot whose 30 days are over.")]
    likely: int
    won: int
    exited: int
    slipped: int
    share: MetricOut
    slipped_value: MoneyOut
    value_share: Ratio


class CloseDatesOut(Out):
    """Typed and imported close dates, which no number of ours rests on."""

    bias_days: Annotated[
        str | None, Field(description="Median days that orders came later than stated.")
    ]
    n: int
    overdue_count: Annotated[int, Field(description="Open, though the stated day is over.")]
    overdue_value: MoneyOut


class EffortOut(Out):
    """What an order takes, without its cost: arrivals at the first milestone, and days that
    opportunities were open, by how they ended in the window."""

    business_type: str
    first_arrivals: int
    orders: int
    first_arrivals_per_order: Ratio
    won_days_per_order: DaysOut
    lost_days_per_order: DaysOut


class PipelineOut(AskedOut):
    """What is open, whether it covers the target, how fast it moves. What stands, the target and
    what was ordered in its period are of the moment; all else is told as it was `learnt`."""

    learnt: LearntOut
    window: WindowOut
    currency: str
    milestones: list[MilestoneStockOut]
    stock: HeapOut
    dead: Annotated[
        HeapOut,
        Field(description="In no coverage and no velocity. None are with the policy `off`."),
    ]
    on_hold: HeapOut
    velocity: VelocityOut
    throughput: ThroughputOut
    coverage: Annotated[CoverageOut | None, Field(description="Null without a target in money.")]
    slippage: Annotated[SlippageOut | None, Field(description="Null without such a snapshot.")]
    close_dates: Annotated[CloseDatesOut | None, Field(description="Null for the past.")]
    effort: Annotated[list[EffortOut], Field(description="For all business, new and existing.")]
