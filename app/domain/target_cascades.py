"""The cascade of a stored target in a period, and the daily feed that it takes."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil
from uuid import UUID

from app.core.work import Work
from app.domain import targets
from app.domain.aimed_targets import Aimed, aimed
from app.domain.inflow import NOTHING, Arrived, arrived
from app.domain.lessons.telling import learnt_out
from app.domain.net_cascades import gaps, net_out
from app.domain.observed_sections import OBSERVED as ALONE
from app.domain.observed_sections import Evidence, Whose, policy
from app.domain.phased import phased_out
from app.domain.plans import Fx
from app.domain.uncertainty import rollup_gap, sensitivity
from app.engine.cascade import Level
from app.engine.flow.estimates import Estimate, observed_only
from app.engine.money import ceil_to_minor
from app.engine.periods import Calendar, Period
from app.schemas.base import MoneyOut, money_out
from app.schemas.cascade import FORMULA, decimal_out, level_out
from app.schemas.metrics import metric_out
from app.schemas.ratios import chance_out, needed_out, ratio_out
from app.schemas.target_cascades import (
    FeedOut,
    RateEvidenceOut,
    RateScope,
    StoredLevelOut,
    TargetCascadeOut,
    TargetCascadeQuery,
)
from app.schemas.targets import FxOut

OBSERVED = "aj.1"


async def read(work: Work, id: UUID, asked: TargetCascadeQuery) -> TargetCascadeOut:
    """What the target requires of every milestone in a period, with whose rates."""
    rates, by_owner = policy(asked.rates), asked.rate_scope is RateScope.OWNER
    target = await targets.read(work, id)
    aim = await aimed(
        work,
        id,
        asked.period,
        asked.as_of,
        rates,
        asked.rate_scope,
        with_deals=asked.phased or asked.net or by_owner,
    )
    question = aim.ground.question(aim.subject, aim.business_type, asked.as_of)
    came = await arrived(work, question)
    won = came.get(aim.ground.milestones[-1].lineage_id, NOTHING)
    found = aim.cascade
    days = _days(aim.period, aim.seen.astimezone(work.home.zone).date(), aim.calendar)
    return TargetCascadeOut(
        target=target,
        period=aim.period.key,
        process_version=aim.ground.version.number,
        prorated=ratio_out(aim.factor),
        milestones=_levels(work, aim),
        coverage=None if found.coverage is None else decimal_out(found.coverage),
        warnings=list(found.warnings),
        fx=[fx_out(fx) for fx in aim.wanted.fx],
        feed_rate=_feed(work, aim, days, came),
        as_of=aim.seen,
        source=rates.name,
        formula=FORMULA,
        rates=asked.rates,
        rates_of=None if aim.cohort is None and aim.learnt is None else str(aim.rates_of),
        learnt=None if aim.learnt is None else learnt_out(aim.learnt),
        sensitivity=await asyncio.to_thread(sensitivity, work, aim),
        rollup_gap=await rollup_gap(work, aim) if by_owner else None,
        phased=phased_out(work, aim, gaps(aim, won)) if asked.phased else None,
        net=await net_out(work, aim, won) if asked.net else None,
    )


def fx_out(fx: Fx) -> FxOut:
    return FxOut(currency=fx.currency, rate=f"{fx.rate:f}", date=fx.day, source=fx.source)


def _levels(work: Work, aim: Aimed) -> list[StoredLevelOut]:
    """The order has no section of its own, so nothing is observed of one."""
    pairs = zip(aim.cascade.levels, [*aim.observed, None], strict=True)
    return [_level(work, aim, level, seen) for level, seen in pairs]


def _level(work: Work, aim: Aimed, level: Level, seen: Evidence | None) -> StoredLevelOut:
    last = level.position > len(aim.sections)
    return StoredLevelOut(
        **level_out(level, aim.cascade, work.home.currency).model_dump(),
        rate_source=level.rate_source,
        value_evidence=_evidence(aim, seen.value, seen.value_level) if seen else None,
        count_evidence=_evidence(aim, seen.count, seen.count_level) if seen else None,
        retention=None if last else decimal_out(aim.sections[level.position - 1].retention),
    )


def _evidence(aim: Aimed, estimate: Estimate, whose: Whose | None) -> RateEvidenceOut:
    alone = aim.policy.name == ALONE and estimate.observed is not None
    used = observed_only(estimate) if alone else estimate
    return RateEvidenceOut(
        rate=metric_out(used, "ratio", aim.learnt.at if aim.learnt else aim.seen, OBSERVED),
        observed=chance_out(estimate.observed),
        scope=None if whose is None else whose.scope,
        business_type=None if whose is None else whose.business_type,
    )


@dataclass(frozen=True, slots=True)
class _Days:
    """How many days of work a period has, and how many of them are left, today included."""

    basis: str
    whole: int
    left: int


def _days(period: Period, today: date, times: Calendar | None) -> _Days:
    start = min(max(today, period.start), period.end)
    if times and times.working_days(period.start, period.end):
        left = times.working_days(start, period.end)
        return _Days("working_days", times.working_days(period.start, period.end), left)
    return _Days("calendar_days", period.days, (period.end - start).days)


def _feed(work: Work, aim: Aimed, days: _Days, arrivals: Mapping[UUID, Arrived]) -> FeedOut:
    first = aim.cascade.levels[0]
    came = arrivals.get(aim.ground.milestones[0].lineage_id, NOTHING)
    value, count = _left(first.value, came.value), _left(first.count, came.count)
    weeks, currency = Fraction(aim.period.days, 7), work.home.currency
    return FeedOut(
        days=days.basis,
        period_days=days.whole,
        value_per_day=_money(_per(first.value, days.whole), currency),
        count_per_day=needed_out(_per(first.count, days.whole)),
        value_per_week=_money(_per(first.value, weeks), currency),
        count_per_week=needed_out(_per(first.count, weeks)),
        remaining_days=days.left,
        remaining_value=_money(value, currency),
        remaining_count=None if count is None else ceil(count),
        remaining_value_per_day=_money(_per(value, days.left), currency),
        remaining_count_per_day=needed_out(_per(count, days.left)),
    )


def _left(required: Fraction | None, came: Decimal | int | None) -> Fraction | None:
    if required is None or came is None:
        return None
    return max(Fraction(0), required - Fraction(came))


def _per(exact: Fraction | None, parts: Fraction | int) -> Fraction | None:
    return exact / parts if exact is not None and parts else None


def _money(exact: Fraction | None, currency: str) -> MoneyOut | None:
    return None if exact is None else money_out(ceil_to_minor(exact, currency), currency)
