"""Observed rates: what share of the opportunities gets from each milestone to the next, and on."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import Row

from app.core.work import Work
from app.domain.cohort_yield import yield_of
from app.domain.cohorts import AGAIN, Cohort, Level, cohort
from app.domain.facts import Story, story
from app.domain.lessons.keeping import QUESTION, Learnt
from app.domain.lessons.kinds import Made, Reading, of_very_large
from app.domain.lessons.shapes import question_of, shape_of
from app.domain.lessons.taking import taught
from app.domain.lessons.telling import learnt_out
from app.domain.milestones import section_rate
from app.domain.processes import resolve
from app.domain.questions import here, seen_at
from app.engine.flow.conversion import Section, sections
from app.engine.flow.estimates import OBSERVED, Estimate, Status, product, status_of
from app.engine.flow.facts import Outcome, Stays
from app.engine.flow.gathering import NEVER
from app.engine.flow.lead_times import ENOUGH, Lag, dwell, lead_time, or_typical, summed
from app.engine.flow.packed import Words, counted, named, within
from app.engine.money import round_to_minor
from app.schemas.base import MoneyOut, money_out
from app.schemas.metrics import MetricOut, lead_time_out, metric_out
from app.schemas.observed_rates import (
    ArrivalCountsOut,
    MilestoneRatesOut,
    ParentOut,
    RateOut,
    RatesOut,
    RatesQuery,
    ScopeQuery,
    SectionRatesOut,
    WindowOut,
)
from app.schemas.rates import rate_out
from app.schemas.ratios import chance_out
from app.schemas.scopes import Moment

FORMULA = "aj.1"
RATIO = "ratio"


@dataclass(frozen=True, slots=True)
class Passing:
    """A section as observed, beside its parent's rates; `lag` is how long it takes, for `whose`."""

    section: Section
    count_parent: ParentOut
    value_parent: ParentOut
    lag: Lag
    whose: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the arrivals in a section, by exit kind and by why they were set aside."""

    exits: Counter[str]
    aside: Counter[str]
    left_out: Counter[str]


async def read(work: Work, asked: RatesQuery) -> RatesOut:
    """The rates of everybody, a team or a person, in a fixed number of statements; in a very large
    workspace as they were learnt last."""
    process = await asked_process(work, asked)
    found = await taught(work, process, [(RATES, shape_of(RATES.name, asked))], asked)
    if found is None:
        return await _learnt(work, await asked_story(work, process, asked), asked)
    told: RatesOut = found[0].content
    now = {"as_of": asked.as_of or work.now, "learnt": learnt_out(found[0].learnt)}
    return told.model_copy(update=now)


async def _learnt(work: Work, told: Story, asked: RatesQuery) -> RatesOut:
    """Beside the server, which goes on answering meanwhile."""
    found = await cohort_in(work, told, asked, asked.window)
    return await asyncio.to_thread(_rates, work, found, asked)


def _rates(work: Work, found: Cohort, asked: RatesQuery) -> RatesOut:
    half_life, winsor = asked.half_life_days, asked.winsor
    passed = passings(found, half_life, None if winsor is None else float(winsor))
    told, as_of, tallies = found.told, asked.as_of or work.now, _tallies(found)
    return RatesOut(
        **frame(work, told, asked, FORMULA),
        learnt=learnt_out(Learnt(QUESTION, told.at, len(told.deals))),
        window=window_out(found, asked.window),
        currency=work.home.currency,
        half_life_days=half_life,
        winsor=None if winsor is None else rate_out(winsor),
        sections=[
            _section_out(work, told, one, tallies[one.section.section], as_of) for one in passed
        ],
        milestones=_milestones(told.milestones, passed, as_of),
        yield_=yield_of(found, work.home.currency),
    )


async def _made(work: Work, reading: Reading, shape: str) -> Made:
    told = await reading.story(work)
    asked = question_of(RatesQuery, shape, reading.process.id, reading.as_of)
    return Made([await _learnt(work, told, asked)], len(told.deals))


RATES = of_very_large("rates", RatesOut, _made)


async def asked_process(work: Work, asked: ScopeQuery) -> Row[Any]:
    """The process a question is about; 404 and 422 where it names what is not there."""
    seen_at(work, asked)
    await here(work, asked.scope)
    return await resolve(work, asked.process)


async def asked_cohort(work: Work, asked: ScopeQuery, window: str) -> Cohort:
    """The cohort a question is about; 404 and 422 where it names what is not there."""
    process = await asked_process(work, asked)
    return await cohort_in(work, await asked_story(work, process, asked), asked, window)


async def asked_story(work: Work, process: Row[Any], asked: Moment) -> Story:
    """All deals of the process at the moment of the question."""
    return await story(work, process.id, as_of=asked.as_of, effective_at=asked.effective_at)


async def cohort_in(work: Work, told: Story, asked: ScopeQuery, window: str) -> Cohort:
    """The cohort that is asked about, in a story."""
    return await cohort(work, told, asked.scope, asked.business_type, window, asked.basis)


def frame(work: Work, told: Story, asked: ScopeQuery, formula: str) -> dict[str, Any]:
    """What every answer about observed opportunities says of itself."""
    return {
        "process_id": told.process_id,
        "process_version": told.version.number,
        "scope": str(asked.scope),
        "business_type": asked.business_type,
        "basis": asked.basis,
        "as_of": asked.as_of or work.now,
        "effective_at": asked.effective_at,
        "formula": formula,
    }


def window_out(found: Cohort, key: str) -> WindowOut:
    return WindowOut(key=key, from_=found.window.start, to=found.window.end)


def passings(
    found: Cohort, half_life: float | None = None, winsor: float | None = None
) -> list[Passing]:
    """Every section as the last level of the cohort shows it, each level drawn to the one before.

    Where a level has too few conversions for days of its own, those of a wider one are given.
    """
    told, levels = found.told, found.levels
    begins = told.milestones[:-1]
    targets = stated_rates(found.told)
    estimated = partial(
        sections,
        found.facts,
        window=found.window.span,
        targets=targets,
        half_life=half_life,
        winsor=winsor,
        typical_days=[row.typical_days for row in begins],
    )
    here = estimated([level.mask for level in levels])
    above = estimated([level.mask for level in levels[:-1]]) if levels[1:] else None
    return [
        Passing(
            one,
            _parent(levels, above[number].count.value if above else targets[number]),
            _parent(levels, above[number].value.value if above else targets[number]),
            *_days(found, one, begins[number].typical_days),
        )
        for number, one in enumerate(here)
    ]


def stated_rates(told: Story) -> list[float | None]:
    """The target rate of each section."""
    rates = [section_rate(row) for row in told.milestones[:-1]]
    return [None if rate is None else float(rate) for rate in rates]


def _parent(levels: Sequence[Level], value: float | None) -> ParentOut:
    if len(levels) == 1:
        return ParentOut(scope="target", business_type=None, value=chance_out(value))
    above = levels[-2]
    return ParentOut(scope=above.scope, business_type=above.business_type, value=chance_out(value))


def _days(found: Cohort, own: Section, typical_days: int | None) -> tuple[Lag, str]:
    """The days through a section and whose they are: those of the narrowest level with enough."""
    *wider, last = found.levels
    if own.lag.n >= ENOUGH:
        return own.lag, last.scope
    lately = within(found.facts.stays.entered, found.window.span) if wider else last.mask
    for level in reversed(wider):
        lag = dwell(found.facts, own.section, level.mask & lately)
        if lag.n >= ENOUGH:
            return lag, level.scope
    return or_typical(own.lag, typical_days), last.scope


def _tallies(found: Cohort) -> list[Tally]:
    """One per section."""
    facts, deals = found.facts, found.told.table.columns
    tallies = [Tally(Counter(), Counter(), Counter()) for _ in range(facts.sections)]
    stays, lately = facts.stays, within(facts.stays.entered, found.window.span)
    watched = (stays.left > facts.since) | (stays.entered >= facts.since)
    mine = found.levels[-1].mask & watched & lately
    lost = stays.where(mine & (stays.outcome == Outcome.LOST))
    for (section, kind), n in counted(lost.section, deals["exit_kind"][lost.deal]):
        tallies[section].exits[kind or "unknown"] += n
    undecided = stays.where(mine & (stays.outcome == Outcome.OPEN))
    for (section, why), n in counted(undecided.section, _aside(found.told, undecided)):
        if why is not None:
            tallies[section].aside[why] += n
    there = found.inside & lately
    for (section, why), n in counted(stays.section[there], found.left_out[there]):
        if why is not None and why != AGAIN:
            tallies[section].left_out[why] += n
    return tallies


def _aside(told: Story, stays: Stays) -> Words:
    """Why an undecided arrival is no longer watched; None where it still stands there."""
    deals = told.table.columns
    status = deals["status"][stays.deal]
    elsewhere = deals["position"][stays.deal] != stays.section + 1
    reasons = (
        (status == "exited", "clean_up"),
        (status != "open", "moved"),
        (elsewhere, "regressed"),
        (deals["held_since"][stays.deal] != NEVER, "on_hold"),
    )
    return named(len(stays.deal), reasons)


def _section_out(
    work: Work, told: Story, passing: Passing, tally: Tally, as_of: datetime
) -> SectionRatesOut:
    one = passing.section
    row, after = told.milestones[one.section : one.section + 2]
    rate, kept = section_rate(row), row.target_retention
    aside = sum(tally.aside.values())
    return SectionRatesOut(
        section=one.section + 1,
        milestone=row.key,
        next_milestone=after.key,
        milestone_id=row.id,
        count=rate_metric(one.count, passing.count_parent, as_of),
        value=rate_metric(one.value, passing.value_parent, as_of),
        target_rate=None if rate is None else rate_out(rate),
        counts=ArrivalCountsOut(
            entered=one.entered,
            advanced=one.advanced,
            exited=one.lost,
            open=one.open - aside,
            aside=_sorted(tally.aside),
            left_out=_sorted(tally.left_out),
        ),
        exits=_sorted(tally.exits),
        retention=_retention(one, as_of),
        target_retention=None if kept is None else f"{kept:f}",
        concession=_money(one.concession, work.home.currency),
        resolved=chance_out(one.resolved),
        mature=chance_out(one.mature),
        flow_ratio=chance_out(one.flow),
        undecided_share=chance_out(one.undecided) or "1.0000",
        plateau=one.plateau,
        capped=one.capped,
        lead_time_days=lead_time_out(lead_time(passing.lag)),
        lead_time_scope=passing.whose,
    )


def rate_metric(estimate: Estimate, parent: ParentOut, as_of: datetime) -> RateOut:
    metric = metric_out(estimate, RATIO, as_of, FORMULA)
    return RateOut(**dict(metric), observed=chance_out(estimate.observed), parent=parent)


def _retention(one: Section, as_of: datetime) -> MetricOut:
    status = Status.UNKNOWN if one.retention is None else status_of(one.retention_n)
    found = Estimate(one.retention, status, one.retention_n, 0.0, None, None, OBSERVED, None)
    return metric_out(found, RATIO, as_of, "retention.1").model_copy(update={"n_eff": None})


def _money(amount: float | None, currency: str) -> MoneyOut | None:
    exact = None if amount is None else round_to_minor(Decimal(repr(amount)), currency)
    return money_out(exact, currency)


def _sorted(counted: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counted.items()))


def _milestones(
    rows: Sequence[Row[Any]], passed: Sequence[Passing], as_of: datetime
) -> list[MilestoneRatesOut]:
    """From each milestone but the last to the order."""
    lags = summed([one.lag for one in passed])
    found = []
    for number, (row, lag) in enumerate(zip(rows[:-1], lags, strict=True)):
        ahead = [one.section for one in passed[number:]]
        by_count, by_value = (
            metric_out(product(rates), RATIO, as_of, FORMULA)
            for rates in ([one.count for one in ahead], [one.value for one in ahead])
        )
        found.append(
            MilestoneRatesOut(
                position=row.position,
                key=row.key,
                milestone_id=row.id,
                win_rate=by_count,
                value_win_rate=by_value,
                lead_time_days=lead_time_out(lead_time(lag)),
            )
        )
    return found
