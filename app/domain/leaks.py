"""Leaks: where, why and to whom opportunities are lost, and which section to work on first."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from app.core.work import Work
from app.domain import margins
from app.domain.cohort_yield import yield_of
from app.domain.cohorts import Cohort, Window, midnight
from app.domain.current_aims import Current, current, of_target
from app.domain.facts import deals_of
from app.domain.horses import judged, resets
from app.domain.leads import days_as_span
from app.domain.leak_groups import Opening, Pending, openings, segments
from app.domain.margins import Margins
from app.domain.milestones import section_rate
from app.domain.observed_rates import Passing, asked_cohort, frame, passings
from app.domain.observed_sections import exact
from app.domain.processes import resolve
from app.domain.questions import period_asked
from app.engine.decay import State
from app.engine.flow.estimates import NOTHING, Status, estimate
from app.engine.flow.packed import within
from app.engine.leaks import BESIDE, Closed, Finding, Leak, Part, Quantiles, leaks, levers, wins
from app.engine.money import round_to_minor
from app.schemas.base import MoneyOut, money_out
from app.schemas.leaks import (
    LeakOut,
    LeaksBy,
    LeaksOut,
    LeaksQuery,
    LeversOut,
    PartOut,
    QuantilesOut,
    SectionLeverOut,
    TrendOut,
    WinRateOut,
)
from app.schemas.metrics import interval_out, metric_out, tenths_out
from app.schemas.observed_rates import WindowOut
from app.schemas.ratios import chance_out, ratio_out
from app.schemas.units import OrderUnit

FORMULA = "leaks.1: exits by Aalen-Johansen, lost orders = value · yield of the average from there"
WINS = "wins.1: won / (won + lost)"
DEFAULT_WINDOW = "12m"
POINT = Fraction(1, 100)
ENOUGH = 10
_PENDING = (State.STALE, State.DEAD)


@dataclass(frozen=True, slots=True)
class Told:
    """An opening with what the engine found of it."""

    opening: Opening
    leak: Leak


async def read(work: Work, asked: LeaksQuery) -> LeaksOut:
    """The leaks of everybody, a team or a person, in a fixed number of statements."""
    key = asked.window or DEFAULT_WINDOW
    found = await asked_cohort(work, asked, key)
    found, key = _stretched(work, found, asked, key)
    passed = passings(found)
    one = len(found.levels) == 1
    whole = passed if one else passings(replace(found, levels=found.levels[:1]))
    pending = await _pending(work, found, asked)
    keyed = await segments(work, asked.by)
    groups = await asyncio.to_thread(openings, found, whole, asked.by, keyed, pending)
    told = [
        Told(opening, leak)
        for opening, leak in zip(groups, leaks([one.group for one in groups]), strict=True)
    ]
    aim = await _aim(work, found, asked)
    margin = await _margins(work, found, asked)
    return LeaksOut(
        **frame(work, found.told, asked, FORMULA),
        window=WindowOut(key=key, from_=found.window.start, to=found.window.end),
        currency=work.home.currency,
        by=asked.by,
        unit=asked.unit,
        margin=margins.margins_out(work, margin),
        groups=[_leak_out(work, found, each, margin) for each in _ordered(asked.by, told)],
        win_rate=_win_rate(found, asked),
        levers=_levers(work, found, passed, aim),
        yield_=yield_of(found, work.home.currency),
    )


def _stretched(work: Work, found: Cohort, asked: LeaksQuery, key: str) -> tuple[Cohort, str]:
    """The cohort of a period or of days, where one was asked for."""
    if asked.period is not None:
        period = period_asked(work, asked.period)
        return _between(work, found, period.start, period.end), period.key
    if asked.from_ is not None and asked.to is not None:
        return _between(work, found, asked.from_, asked.to), f"{asked.from_}/{asked.to}"
    return found, key


def _between(work: Work, found: Cohort, start: date, end: date) -> Cohort:
    span = (midnight(work, start), midnight(work, end))
    return replace(found, window=Window(start, end, span))


async def _pending(work: Work, found: Cohort, asked: LeaksQuery) -> list[Pending]:
    """The scope's stale and dead deals, with its part of their value."""
    told = found.told
    process = await resolve(work, told.process_id)
    past = {"as_of": asked.as_of, "effective_at": asked.effective_at}
    judgement = await asyncio.to_thread(judged, told, await resets(work, process, **past))
    shares = await deals_of(work, told, asked.scope, asked.business_type)
    worth = told.table.columns["reporting_value"]
    return [
        Pending(horse.deal, horse.section, _part(worth[horse.deal], shares[horse.deal]))
        for horse in judgement.horses
        if horse.verdict.state in _PENDING and shares[horse.deal]
    ]


def _part(value: Decimal | None, share: Fraction) -> Decimal | Fraction | None:
    return value if value is None or share == 1 else Fraction(value) * share


def _ordered(by: LeaksBy, told: Sequence[Told]) -> Sequence[Told]:
    """Sections as they follow each other, others by what they cost; unknown comes last."""
    if by is LeaksBy.SECTION:
        return told
    return sorted(
        told,
        key=lambda one: (
            one.opening.key is None,
            -one.leak.lost_win_value,
            -one.leak.exits,
            one.opening.key or "",
        ),
    )


async def _margins(work: Work, found: Cohort, asked: LeaksQuery) -> Margins | None:
    """What orders in the same days left, where it is asked for."""
    if asked.unit is OrderUnit.ORDER_VALUE:
        return None
    span = days_as_span(work, found.window.start, found.window.end)
    return await margins.observed(work, found.told.process_id, asked.business_type, span, asked)


def _leak_out(work: Work, found: Cohort, one: Told, margin: Margins | None) -> LeakOut:
    leak, opening = one.leak, one.opening
    trend = opening.trend
    rate = metric_out(leak.rate or NOTHING, "ratio", found.told.at, "aj.1")
    enough = rate.status in (Status.OK, Status.LOW_SAMPLE)
    return LeakOut(
        key=opening.key,
        section=opening.section,
        entered=opening.entered,
        exits=leak.exits,
        share=ratio_out(leak.share),
        value=_money(work, leak.value),
        value_at_exit=_money(work, leak.value_at_exit),
        missing_value_count=leak.missing_values,
        leak_rate=rate,
        unsettled=opening.unsettled,
        expected_rate=chance_out(leak.expected),
        planned_leak_rate=_planned(found, opening.section),
        leak=enough and leak.finding is Finding.LEAK,
        finding=leak.finding if enough else Finding.UNKNOWN,
        lost_orders=chance_out(float(leak.lost_orders)) or "",
        lost_win_value=_money(work, leak.lost_win_value),
        lost_win_margin=margins.part(work, leak.lost_win_value, margin),
        time_to_exit_days=_quantiles(leak.days),
        late_discovery_days=_quantiles(leak.late_discovery),
        kinds=_parts(work, leak.kinds),
        reasons=_parts(work, leak.reasons),
        silent=_parts(work, leak.silent),
        pending_leak=_maybe(work, leak.pending),
        pending_count=leak.pending_count,
        trend=TrendOut(
            way=trend.way,
            change=chance_out(trend.change),
            ci=interval_out(trend.low, trend.high),
        ),
    )


def _planned(found: Cohort, section: int | None) -> str | None:
    if section is None:
        return None
    rate = section_rate(found.told.milestones[section - 1])
    return None if rate is None else ratio_out(1 - rate)


def _quantiles(found: Quantiles) -> QuantilesOut:
    return QuantilesOut(p50=tenths_out(found.p50), p80=tenths_out(found.p80), n=found.n)


def _parts(work: Work, parts: Sequence[Part]) -> list[PartOut]:
    return [
        PartOut(
            key=part.key,
            count=part.count,
            share=ratio_out(part.share),
            ci=interval_out(part.low, part.high),
            value=_money(work, part.value),
        )
        for part in parts
    ]


def _win_rate(found: Cohort, asked: LeaksQuery) -> WinRateOut:
    """Of the scope's arrivals at the first milestone in the window that are decided by now."""
    included = set((asked.include or "").split(","))
    told = wins(_closed(found), beside=BESIDE - included)
    n = told.won + told.lost
    share = None if told.by_count is None else float(told.by_count)
    return WinRateOut(
        count=metric_out(estimate(share, n, float(n)), "ratio", found.told.at, WINS),
        value=ratio_out(told.by_value),
        won=told.won,
        lost=told.lost,
        beside=told.beside,
        missing_value_count=told.missing_values,
    )


def _closed(found: Cohort) -> list[Closed]:
    stays, orders = found.facts.stays, found.facts.orders
    first = found.inside & (stays.section == 0) & within(stays.entered, found.window.span)
    sums: dict[int, float] = {}
    for deal, value in zip(orders.deal.tolist(), orders.value.tolist(), strict=True):
        sums[deal] = sums.get(deal, 0.0) + value
    numbers = list(dict.fromkeys(stays.deal[first].tolist()))
    deals = found.told.table.columns
    told = (
        deals[name][numbers].tolist()
        for name in ("status", "clean_up", "exit_kind", "reporting_value")
    )
    closed = []
    for number, status, clean_up, kind, value in zip(numbers, *told, strict=True):
        if status == "won":
            closed.append(Closed(None, sums.get(number)))
        elif status == "exited" and not clean_up:
            closed.append(Closed(kind, value))
    return closed


async def _aim(work: Work, found: Cohort, asked: LeaksQuery) -> Current | None:
    if asked.target is not None:
        return await of_target(work, found.told, asked.target, asked)
    return await current(work, found.told, asked.scope, asked.business_type, asked)


def _levers(
    work: Work, found: Cohort, passed: Sequence[Passing], aim: Current | None
) -> LeversOut | None:
    """At the rates observed by now, a point more in each section alone."""
    if aim is None or aim.value is None:
        return None
    rates = [None if r is None else min(exact(r), Fraction(1)) for r in map(_rate, passed)]
    told = levers(aim.value, rates, [_retention(one) for one in passed], POINT)
    ranked = sorted(
        (one for one in told if one.order_value),
        key=lambda one: (-(one.order_value or 0), -one.section),
    )
    order = {one.section: place for place, one in enumerate(ranked, start=1)}
    return LeversOut(
        target_ids=list(aim.target_ids),
        period=aim.period.key,
        target=_money(work, aim.value),
        sections=[
            SectionLeverOut(
                section=one.section,
                milestone=found.told.milestones[one.section - 1].key,
                rate=ratio_out(rates[one.section - 1]),
                order_value_per_point=_maybe(work, one.order_value),
                first_milestone_saved_per_point=_maybe(work, one.feed_saved),
                order=order.get(one.section),
            )
            for one in told
        ],
    )


def _rate(one: Passing) -> float | None:
    return one.section.value.value or one.section.count.value


def _retention(one: Passing) -> Fraction:
    kept = one.section.retention
    return Fraction(1) if not kept or one.section.retention_n < ENOUGH else exact(kept)


def _maybe(work: Work, amount: Fraction | None) -> MoneyOut | None:
    return None if amount is None else _money(work, amount)


def _money(work: Work, amount: Fraction) -> MoneyOut:
    found = money_out(round_to_minor(amount, work.home.currency), work.home.currency)
    assert found is not None
    return found
