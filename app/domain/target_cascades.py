"""The cascade of a stored target in a period, and the daily feed that it takes."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.errors import Invalid
from app.core.work import Work
from app.domain import targets
from app.domain.calendars import calendar
from app.domain.inflow import NOTHING, Arrived, arrived
from app.domain.plans import Fx, Wanted, plans, wanted
from app.domain.questions import period_asked, seen_at
from app.domain.requirements import Ground, ground, joined_on, joiners_part, required
from app.engine.cascade import Cascade, Level
from app.engine.money import ceil_to_minor
from app.engine.periods import Calendar, Period
from app.schemas.base import MoneyOut, money_out
from app.schemas.cascade import FORMULA, decimal_out, level_out
from app.schemas.ratios import needed_out, ratio_out
from app.schemas.scopes import Business, Moment, Subject
from app.schemas.targets import (
    FeedOut,
    FxOut,
    StoredLevelOut,
    TargetCascadeOut,
    TargetCascadeQuery,
)
from app.tables import Target


async def read(work: Work, id: UUID, asked: TargetCascadeQuery) -> TargetCascadeOut:
    """What the target requires of every milestone in a period, with whose rates."""
    _check_rates(asked.rates)
    seen = seen_at(work, Moment(as_of=asked.as_of))
    period = period_asked(work, asked.period)
    target = await targets.read(work, id)
    row = await work.get(Target, id)
    found = await _wanted(work, row, period, seen)
    stage = await ground(work, row.process_id, period, seen)
    times = await calendar(work, period.start, period.end)
    factor = await _joiners_part(work, row, period, times)
    plan = required(found, stage, factor or Fraction(1))
    assert plan is not None
    scope, business_type = Subject.of(target.scope), Business(target.business_type)
    came = await arrived(work, stage.question(scope, business_type, asked.as_of))
    days = _days(period, seen.astimezone(work.home.zone).date(), times)
    return TargetCascadeOut(
        target=target,
        period=period.key,
        process_version=stage.version.number,
        prorated=ratio_out(factor),
        milestones=[_level(level, plan, work.home.currency) for level in plan.levels],
        coverage=None if plan.coverage is None else decimal_out(plan.coverage),
        warnings=list(plan.warnings),
        fx=[fx_out(fx) for fx in found.fx],
        feed_rate=_feed(work, stage, plan.levels[0], days, came),
        as_of=seen,
        source="target",
        formula=FORMULA,
    )


def fx_out(fx: Fx) -> FxOut:
    return FxOut(currency=fx.currency, rate=f"{fx.rate:f}", date=fx.day, source=fx.source)


def _check_rates(rates: str) -> None:
    if rates == "observed":
        detail = "Requirements are computed from target rates so far; ask with rates=target."
        raise Invalid.parameter("rates", "not_available", detail)
    if rates != "target":
        raise Invalid.parameter("rates", "not_one_of", "Rates are target rates: rates=target.")


async def _wanted(work: Work, row: Row[Any], period: Period, seen: datetime) -> Wanted:
    plan = (await plans(work, [row], seen)).get(row.id)
    found = plan and wanted(work, plan, period)
    if not found:
        detail = f"The target does not ask for anything in {period.key}."
        raise Invalid.parameter("period", "outside_of_target", detail)
    if found.amount is None and found.count is None:
        detail = f"No rate from {found.unconverted} to {work.home.currency} was known."
        raise Invalid.parameter("period", "currency_rate_unknown", detail)
    return found


async def _joiners_part(
    work: Work, row: Row[Any], period: Period, times: Calendar | None
) -> Fraction | None:
    if row.person_id is None:
        return None
    joined = await joined_on(work, row.person_id)
    return joiners_part(row, period, joined.get(row.person_id), times)


def _level(level: Level, plan: Cascade, currency: str) -> StoredLevelOut:
    shown = level_out(level, plan, currency)
    return StoredLevelOut(**shown.model_dump(), rate_source=level.rate_source)


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


def _feed(
    work: Work, stage: Ground, first: Level, days: _Days, arrivals: dict[UUID, Arrived]
) -> FeedOut:
    came = arrivals.get(stage.milestones[0].lineage_id, NOTHING)
    value, count = _left(first.value, came.value), _left(first.count, came.count)
    weeks, currency = Fraction(stage.period.days, 7), work.home.currency
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
