"""What the world sees of opportunities that no longer move."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import Listing, MoneyOut, Out
from app.schemas.events import Ball
from app.schemas.learnt import LearntOut
from app.schemas.metrics import AgeDays, DaysOut, MetricOut, TargetIds
from app.schemas.processes import StalePolicy
from app.schemas.scopes import EVERYBODY, Business, Moment, ScopeIn

Chance = Annotated[str | None, Field(examples=["0.0420"])]


class HorseState(StrEnum):
    """`unknown`: there is neither a limit nor enough history to judge by. It is not fresh."""

    FRESH = "fresh"
    SLOW = "slow"
    STALE = "stale"
    DEAD = "dead"
    UNKNOWN = "unknown"


class _Asked(Moment):
    process: Annotated[str, Field(max_length=64, description="Id or key of the process.")]
    scope: ScopeIn = EVERYBODY
    business_type: Business = Business.ALL


class HorseSort(StrEnum):
    """The most comes first; what is not known comes last."""

    CARRIED_VALUE = "-carried_value"
    VALUE = "-value"
    CARRIED_OVER = "-carried_over_periods"
    REVIEWED = "-review_count"
    AGE = "-age_days"


class StaleQuery(_Asked, Listing):
    sort: Annotated[
        HorseSort,
        Field(
            description="`-carried_value`: the value times the periods it was carried over into."
        ),
    ] = HorseSort.CARRIED_VALUE
    state: Annotated[
        HorseState | None, Field(description="Default: slow, stale and dead ones.")
    ] = None


class PreviewQuery(_Asked):
    periods: Annotated[int, Field(ge=1, le=24, description="Months, the current one first.")] = 6


class HorseReasonOut(Out):
    code: Annotated[str, Field(examples=["chance_gone"])]
    text: str


class EvidenceOut(Out):
    """Exits at this age: `n` seen, and as many `expected` had age made no difference."""

    n: int
    expected: Annotated[str, Field(examples=["17.3"])]
    enough: Annotated[bool, Field(description="At least 15 of either: the chance is believed.")]


class ThresholdsOut(Out):
    """Days: within `p75` three of four converters had moved on; after `stale_after_days` it is
    stale.

    `stale_after_source`: `configured` for the milestone, else `observed` (nine of ten of at least
    20 converters had moved on by then), else `none`.
    """

    p75: DaysOut
    stale_after_days: DaysOut
    stale_after_source: str
    converters: int
    horizon: Annotated[
        DaysOut, Field(description="Chances are those of an order within so many days.")
    ]


class SectionThresholdsOut(ThresholdsOut):
    section: int
    milestone: str


class NoticeOut(Out):
    """The owner was told that it is dead. An act of the customer ends the notice."""

    noticed_at: datetime
    exits_on: Annotated[
        date | None,
        Field(description="The day from which on it is given up; null unless policy is auto."),
    ]


class HorseOut(Out):
    """An open opportunity and how it stands; `left` of the chance on arrival is left."""

    opportunity_id: UUID
    name: Annotated[str | None, Field(description="Null in answers about the past.")]
    owner_id: UUID | None
    section: int
    milestone: str
    age_days: AgeDays
    state: HorseState
    because: HorseReasonOut
    chance: Chance
    chance_on_arrival: Chance
    left: Chance
    evidence: EvidenceOut
    thresholds: ThresholdsOut
    value: MoneyOut | None
    carried_over_periods: Annotated[
        int, Field(description="Months it was carried over into without having moved.")
    ]
    revived_count: int
    review_count: int
    ball: Ball | None
    waiting_since: datetime | None
    notice: NoticeOut | None


class StateSumOut(Out):
    """All opportunities in a state, whatever page is shown; a shared one counts in part."""

    state: HorseState
    count: int
    value: Annotated[
        MoneyOut | None, Field(description="Null where some are there and no value is known.")
    ]
    missing_value_count: int


class _AnswerOut(Out):
    process_id: UUID
    process_version: int
    scope: str
    business_type: str
    currency: str
    policy: StalePolicy
    grace_days: int
    as_of: datetime
    effective_at: datetime | None
    formula: str


class StaleOut(_AnswerOut):
    """Unless asked otherwise, the most value that was carried over most often comes first."""

    learnt: LearntOut
    data: list[HorseOut]
    next_cursor: str | None
    summary: list[StateSumOut]
    sections: list[SectionThresholdsOut]
    revival_win_rate: Annotated[
        MetricOut,
        Field(description="Of revived opportunities that were decided since: does the rule err?"),
    ]


class BuriedOut(Out):
    """A dead opportunity: when its owner is told, and from which day on it would be given up."""

    opportunity_id: UUID
    name: Annotated[str | None, Field(description="Null in answers about the past.")]
    owner_id: UUID | None
    milestone: str
    age_days: str
    value: MoneyOut | None
    notice_on: Annotated[date, Field(description="Of the notice there is, or of the next round.")]
    exit_on: date


class PromiseOut(Out):
    """What open opportunities alone contribute to the forecast of a month, at the rates of all
    business: for that `before` is the `contributed_exact` of `/v1/forecast`. What is won already
    and what is still to arrive are not in it."""

    period: str
    before: MoneyOut
    after: MoneyOut
    change: MoneyOut
    orders_before: Annotated[str, Field(examples=["2.7500"])]
    orders_after: str


class HeapsOut(Out):
    """The stock, as `/v1/pipeline` tells it today and as it would afterwards."""

    count_before: int
    count_after: int
    value_before: Annotated[
        MoneyOut | None, Field(description="Null where some are there and no value is known.")
    ]
    value_after: MoneyOut | None


class CoverageEffectOut(Out):
    target_ids: TargetIds
    period: str
    before: Annotated[str | None, Field(description="Null when the target is met.")]
    after: str | None
    needed: str | None


class RateEffectOut(Out):
    """From the first milestone to the order. Those that stand there count as not gone on before as
    well; it is that there is no more doubt about them that may change a little."""

    before: MetricOut
    after: MetricOut


class LightEffectOut(Out):
    """Lights count arrivals, and no exit takes an arrival back."""

    position: int
    key: str
    before: str
    after: str


class PreviewOut(_AnswerOut):
    """What `auto` would do, before it is switched on. Nothing is written.

    `before` is what is answered today. Unless the policy is `off`, pipeline, forecast and coverage
    leave dead opportunities out already: then giving them up changes nothing there.
    """

    next_round_on: date
    data: list[BuriedOut]
    pipeline: HeapsOut
    forecast: list[PromiseOut]
    coverage: Annotated[CoverageEffectOut | None, Field(description="Null without a target.")]
    win_rate: RateEffectOut
    lights: list[LightEffectOut]
