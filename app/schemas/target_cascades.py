"""What the world asks and sees of the cascade of a stored target."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from app.schemas.base import In, Instant, MoneyOut, Out
from app.schemas.cascade import LevelOut
from app.schemas.learnt import LearntOut
from app.schemas.metrics import LeadTimeOut, MetricOut
from app.schemas.scopes import PeriodKey
from app.schemas.targets import FxOut, TargetOut


class RateScope(StrEnum):
    """Whose deals a person's rates are observed from."""

    TEAM = "team"
    OWNER = "owner"


class TargetCascadeQuery(In):
    period: PeriodKey | None = None
    rates: Annotated[
        str,
        Field(
            max_length=20,
            examples=["target", "observed", "observed_shrunk", "blend:0.5"],
            description="`target`, `observed` (what the deals alone say), `observed_shrunk` (drawn"
            " to the scope above) or `blend:` with the part of the observed.",
        ),
    ] = "target"
    rate_scope: Annotated[
        RateScope, Field(description="Whose deals a person's observed rates are counted from.")
    ] = RateScope.TEAM
    phased: Annotated[bool, Field(description="Also in which month each must be fed.")] = False
    net: Annotated[bool, Field(description="Also what is still needed.")] = False
    as_of: Instant | None = None


class RateEvidenceOut(Out):
    """What stands behind an observed rate."""

    rate: Annotated[
        MetricOut,
        Field(
            description="Drawn to the scope above; under `rates=observed` what the deals alone"
            " say. A blend is computed with the milestone's own `rate` or `count_rate`."
        ),
    ]
    observed: Annotated[
        str | None, Field(description="What the deals alone say, to which the interval belongs.")
    ]
    scope: Annotated[
        str | None, Field(description="Whose deals; null: nobody's, the rate is the stated one.")
    ]
    business_type: Annotated[str | None, Field(description="The kind of business of these deals.")]


class StoredLevelOut(LevelOut):
    rate_source: str | None
    value_evidence: Annotated[
        RateEvidenceOut | None, Field(description="Null where rates are not observed.")
    ]
    count_evidence: RateEvidenceOut | None
    retention: Annotated[str | None, Field(description="Value at the next per value here.")]


class EndOut(Out):
    """What a milestone must receive at one end of the interval of a rate."""

    position: int
    key: str
    required_value: MoneyOut | None
    required_count: int | None
    status: str


class SensitivityOut(Out):
    """How far one section's uncertain rates move what is required, the others held."""

    section: int
    value_interval: list[str] | None
    count_interval: list[str] | None
    low: Annotated[list[EndOut], Field(description="With the rates at their low ends.")]
    high: list[EndOut]


class GapOut(Out):
    """By how much people's requirements, at their own rates, differ from those at shared ones."""

    position: int
    key: str
    value: MoneyOut | None
    count: Annotated[str | None, Field(description="Signed, with four decimals.")]


class PhasedMonthOut(Out):
    """What must arrive in a month: in all for the target, and of that for the period asked for."""

    period: str
    value: MoneyOut | None
    count: str | None
    value_for_period: MoneyOut | None
    count_for_period: str | None


class CheckedMonthOut(Out):
    """What these arrivals would bring to the order in a month of the target."""

    period: str
    target_value: MoneyOut | None
    reached_value: MoneyOut | None
    residual_value: MoneyOut | None
    target_count: str | None
    reached_count: str | None
    residual_count: str | None


class FeedByOut(Out):
    """By `p50` half of those that will order do so in time, by `p80` four in five."""

    p50: date | None
    p80: date | None


class PhasedLevelOut(Out):
    position: int
    key: str
    feed_by: Annotated[
        FeedByOut | None, Field(description="The last days on which arrivals still come in time.")
    ]
    lead_time_days: LeadTimeOut
    already_too_late: bool
    arrivals: list[PhasedMonthOut]
    check: list[CheckedMonthOut]


class RampUpOut(Out):
    """The first milestone that is still in time, and what must stand there now; the order where it
    is too late for every other, and then what is still missing."""

    position: int
    key: str
    required_value: MoneyOut | None
    required_count: int | None
    text: str


class PhasedOut(Out):
    milestones: list[PhasedLevelOut]
    already_too_late: Annotated[list[str], Field(description="Keys of the milestones.")]
    suggestion: RampUpOut | None
    formula: str


class TargetNetLevelOut(Out):
    position: int
    key: str
    required_value: MoneyOut | None
    required_count: int | None


class TargetNetOut(Out):
    """What is still needed: the gap to the target, less what open deals should bring in time."""

    won_value: MoneyOut | None
    won_count: int
    gap_value: MoneyOut | None
    gap_count: str | None
    credit_value: MoneyOut | None
    credit_count: str | None
    needed_value: MoneyOut | None
    needed_count: str | None
    target_met: bool
    open_count: Annotated[int, Field(description="Open deals whose chances make up the credit.")]
    missing_value_count: Annotated[int, Field(description="Of these, taken at the average value.")]
    milestones: list[TargetNetLevelOut]
    formula: str


class FeedOut(Out):
    """What the first milestone needs in each working day and week, rounded up."""

    days: Annotated[str, Field(description="working_days or calendar_days")]
    period_days: int
    value_per_day: MoneyOut | None
    count_per_day: str | None
    value_per_week: MoneyOut | None
    count_per_week: str | None
    remaining_days: int
    remaining_value: MoneyOut | None
    remaining_count: int | None
    remaining_value_per_day: MoneyOut | None
    remaining_count_per_day: str | None


class TargetCascadeOut(Out):
    target: TargetOut
    period: str
    process_version: int
    prorated: Annotated[
        str | None, Field(description="The part of the target of somebody who joined within it.")
    ]
    milestones: list[StoredLevelOut]
    coverage: str | None
    warnings: list[str]
    fx: list[FxOut]
    feed_rate: FeedOut
    as_of: datetime
    source: str
    formula: str
    rates: str
    rates_of: Annotated[
        str | None, Field(description="The scope whose deals were looked at; null: none were.")
    ]
    learnt: Annotated[LearntOut | None, Field(description="Null where no rate was observed.")]
    sensitivity: list[SensitivityOut]
    rollup_gap: Annotated[
        list[GapOut] | None,
        Field(description="With `rate_scope=owner` alone; null where nobody has a target below."),
    ]
    phased: PhasedOut | None
    net: TargetNetOut | None
