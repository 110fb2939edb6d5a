"""What the past says of leaks: where, why and to whom opportunities were lost, at what rates."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from uuid import UUID

from app.core.work import Work
from app.domain import margins
from app.domain.cohort_yield import yield_of
from app.domain.cohorts import Cohort, Window, midnight
from app.domain.facts import Story
from app.domain.leads import days_as_span
from app.domain.leak_groups import Opening, openings, segments
from app.domain.lessons.keeping import QUESTION, Learnt
from app.domain.lessons.kinds import Made, Reading, of_very_large
from app.domain.lessons.shapes import question_of, shape_of
from app.domain.lessons.telling import learnt_out
from app.domain.margins import Margins
from app.domain.milestones import section_rate
from app.domain.observed_rates import Passing, cohort_in, frame, passings
from app.domain.observed_sections import exact
from app.domain.questions import period_asked
from app.engine.flow.estimates import NOTHING, Status, estimate
from app.engine.flow.packed import within
from app.engine.leaks import BESIDE, Closed, Finding, Leak, Part, Quantiles, leaks, wins
from app.engine.money import round_to_minor
from app.schemas.base import MoneyOut, money_out
from app.schemas.leaks import (
    LeakOut,
    LeaksBy,
    LeaksOut,
    LeaksQuery,
    PartOut,
    QuantilesOut,
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
ENOUGH = 10


@dataclass(frozen=True, slots=True)
class Told:
    """An opening with what the engine found of it."""

    opening: Opening
    leak: Leak


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """The answer without what stands in the openings now and without levers; and of each section
    the rate observed and what of the value is kept, by which levers are told."""

    answer: LeaksOut
    rates: tuple[Fraction | None, ...]
    kept: tuple[Fraction, ...]


def shape(asked: LeaksQuery) -> str:
    """Whose levers are told is no part of it."""
    window = None if asked.window == DEFAULT_WINDOW else asked.window
    include = ",".join(sorted(_included(asked))) or None
    same = {"window": window, "include": include, "target": None}
    return shape_of(LEAKS.name, asked.model_copy(update=same))


async def findings(work: Work, told: Story, asked: LeaksQuery) -> Findings:
    """As the story tells them; the server goes on answering meanwhile."""
    key = asked.window or DEFAULT_WINDOW
    found, key = _stretched(work, await cohort_in(work, told, asked, key), asked, key)
    keyed, margin = await segments(work, asked.by), await _margins(work, found, asked)
    return await asyncio.to_thread(_found, work, found, asked, key, keyed, margin)


def _found(
    work: Work,
    found: Cohort,
    asked: LeaksQuery,
    key: str,
    keyed: Mapping[UUID, str | None],
    margin: Margins | None,
) -> Findings:
    passed = passings(found)
    one = len(found.levels) == 1
    whole = passed if one else passings(replace(found, levels=found.levels[:1]))
    groups = openings(found, whole, asked.by, keyed)
    told = [
        Told(opening, leak)
        for opening, leak in zip(groups, leaks([one.group for one in groups]), strict=True)
    ]
    answer = LeaksOut(
        **frame(work, found.told, asked, FORMULA),
        learnt=learnt_out(Learnt(QUESTION, found.told.at, len(found.told.deals))),
        window=WindowOut(key=key, from_=found.window.start, to=found.window.end),
        currency=work.home.currency,
        by=asked.by,
        unit=asked.unit,
        margin=margins.margins_out(work, margin),
        groups=[_leak_out(work, found, each, margin) for each in _ordered(asked.by, told)],
        win_rate=_win_rate(found, asked),
        levers=None,
        yield_=yield_of(found, work.home.currency),
    )
    rates = [None if r is None else min(exact(r), Fraction(1)) for r in map(_rate, passed)]
    return Findings(answer, tuple(rates), tuple(map(_retention, passed)))


async def _made(work: Work, reading: Reading, shape: str) -> Made:
    told = await reading.story(work)
    asked = question_of(LeaksQuery, shape, reading.process.id, reading.as_of)
    return Made([await findings(work, told, asked)], len(told.deals))


LEAKS = of_very_large("leaks", Findings, _made)


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
        value=money(work, leak.value),
        value_at_exit=money(work, leak.value_at_exit),
        missing_value_count=leak.missing_values,
        leak_rate=rate,
        unsettled=opening.unsettled,
        expected_rate=chance_out(leak.expected),
        planned_leak_rate=_planned(found, opening.section),
        leak=enough and leak.finding is Finding.LEAK,
        finding=leak.finding if enough else Finding.UNKNOWN,
        lost_orders=chance_out(float(leak.lost_orders)) or "",
        lost_win_value=money(work, leak.lost_win_value),
        lost_win_margin=margins.part(work, leak.lost_win_value, margin),
        time_to_exit_days=_quantiles(leak.days),
        late_discovery_days=_quantiles(leak.late_discovery),
        kinds=_parts(work, leak.kinds),
        reasons=_parts(work, leak.reasons),
        silent=_parts(work, leak.silent),
        pending_leak=None,
        pending_count=None,
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
            value=money(work, part.value),
        )
        for part in parts
    ]


def _win_rate(found: Cohort, asked: LeaksQuery) -> WinRateOut:
    """Of the scope's arrivals at the first milestone in the window that are decided by now."""
    told = wins(_closed(found), beside=BESIDE - _included(asked))
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


def _included(asked: LeaksQuery) -> set[str]:
    return set(asked.include.split(",")) if asked.include else set()


def _rate(one: Passing) -> float | None:
    return one.section.value.value or one.section.count.value


def _retention(one: Passing) -> Fraction:
    kept = one.section.retention
    return Fraction(1) if not kept or one.section.retention_n < ENOUGH else exact(kept)


def money(work: Work, amount: Fraction) -> MoneyOut:
    found = money_out(round_to_minor(amount, work.home.currency), work.home.currency)
    assert found is not None
    return found
