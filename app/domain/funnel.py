"""The funnel at a moment: what stands where, alive, dead or on hold, and whether that is enough.

What the past teaches of it is told as it was learnt; what stands, and what the target asks for, as
it is now.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from app.core.work import Work
from app.domain.coverages import coverage_out, covered
from app.domain.current_aims import Current, current
from app.domain.facts import Story
from app.domain.funnel_findings import (
    NAME,
    PIPELINE,
    Ahead,
    Findings,
    exactly,
    findings,
    orders_in,
)
from app.domain.funnel_speed import maybe_money, money, velocity_out
from app.domain.heaps import Heap, Heaps, heaps
from app.domain.horses import Norms, norms
from app.domain.lessons.keeping import QUESTION, Learnt
from app.domain.lessons.norms import NORMS, standing
from app.domain.lessons.shapes import shape_of
from app.domain.lessons.taking import taught
from app.domain.lessons.telling import learnt_out
from app.domain.observed_rates import asked_process, asked_story, frame
from app.domain.period_orders import ordered, ordered_in
from app.domain.slips import close_dates_out
from app.engine.periods import bounds
from app.engine.velocity import required_stock
from app.schemas.metrics import metric_out, tenths_out
from app.schemas.pipeline_answer import (
    CoverageOut,
    HeapOut,
    MilestoneStockOut,
    PipelineOut,
    PipelineQuery,
    RequiredStockOut,
)
from app.schemas.ratios import needed_out

FORMULA = "pipeline.1: N·W·A/L; open / (target - won); stock = arrivals per day · mean stay"


@dataclass(frozen=True, slots=True)
class Known:
    """What the past says, and the deals that stand now; `whole`: with all that ever were, as where
    the question learns for itself."""

    told: Story
    findings: Findings
    norms: Norms
    learnt: Learnt
    whole: bool


async def read(work: Work, asked: PipelineQuery) -> PipelineOut:
    """The pipeline of everybody, a team or a person, in a fixed number of statements."""
    process = await asked_process(work, asked)
    known = await _known(work, process, asked)
    told, learnt, past_says = known.told, known.learnt, known.findings
    whose = asked.scope, asked.business_type
    stands = await heaps(work, process, told, whose, asked, norms=known.norms)
    aim = await current(work, told, *whose, asked)
    past = asked.as_of is not None or asked.effective_at is not None
    return PipelineOut(
        **frame(work, told, asked, FORMULA),
        learnt=learnt_out(learnt),
        window=past_says.window,
        currency=work.home.currency,
        milestones=_milestones(work, stands, past_says.sections, aim, learnt),
        stock=_heap_out(work, stands, stands.alive),
        dead=_heap_out(work, stands, stands.dead),
        on_hold=_heap_out(work, stands, stands.held),
        velocity=velocity_out(work, past_says.speed, len(stands.alive), learnt.at),
        throughput=past_says.throughput,
        coverage=await _coverage(work, known, stands, aim, asked),
        slippage=past_says.slippage,
        close_dates=None if past else close_dates_out(work, told, stands.shares, past_says.bias),
        effort=list(past_says.effort),
    )


async def _known(work: Work, process: Row[Any], asked: PipelineQuery) -> Known:
    """As it was learnt, of the deals that stand now; or learnt by the question from all."""
    wanted = [(PIPELINE, shape_of(NAME, asked)), (NORMS, NORMS.name)]
    found = await taught(work, process, wanted, asked)
    if found is not None:
        told = await standing(work, process, asked)
        return Known(told, found[0].content, found[1].content, found[0].learnt, whole=False)
    told = await asked_story(work, process, asked)
    learnt = Learnt(QUESTION, told.at, len(told.deals))
    by = await asyncio.to_thread(norms, told)
    return Known(told, await findings(work, told, asked), by, learnt, whole=True)


async def _coverage(
    work: Work, known: Known, stands: Heaps, aim: Current | None, asked: PipelineQuery
) -> CoverageOut | None:
    if aim is None or aim.value is None:
        return None
    told, span = known.told, bounds(aim.period, work.home.zone)
    if known.whole:
        won = ordered_in(told, await orders_in(work, told, asked), span)
    else:
        won = await ordered(work, told, asked, span)
    worth = stands.by_section(work, stands.alive)
    held = covered(work, told, known.findings.sections, aim, won, worth)
    return coverage_out(work, aim, won, held)


def _milestones(
    work: Work, stands: Heaps, sections: Sequence[Ahead], aim: Current | None, learnt: Learnt
) -> list[MilestoneStockOut]:
    needed = _required(work, aim, [one.stay for one in sections])
    rows = zip(sections, stands.told.milestones[:-1], strict=True)
    return [
        MilestoneStockOut(
            position=row.position,
            key=row.key,
            stock=_heap_out(work, stands, stands.alive.at(section)),
            dead=_heap_out(work, stands, stands.dead.at(section)),
            on_hold=_heap_out(work, stands, stands.held.at(section)),
            win_rate=metric_out(one.win_rate, "ratio", learnt.at, "aj.1"),
            mean_days=tenths_out(one.stay),
            mean_days_n=one.stayed,
            required_stock=None if needed is None else needed[section],
        )
        for section, (one, row) in enumerate(rows)
    ]


def _required(
    work: Work, aim: Current | None, days: Sequence[float | None]
) -> list[RequiredStockOut] | None:
    if aim is None or not aim.cascades:
        return None
    stays = [exactly(each) for each in days]
    needed = [aim.required(section) for section in range(len(stays))]
    values = required_stock([value for value, _ in needed], aim.period.days, stays)
    counts = required_stock([count for _, count in needed], aim.period.days, stays)
    return [
        RequiredStockOut(
            count=needed_out(count), value=None if value is None else money(work, value)
        )
        for count, value in zip(counts, values, strict=True)
    ]


def _heap_out(work: Work, stands: Heaps, heap: Heap) -> HeapOut:
    value, missing = stands.worth(work, heap)
    return HeapOut(count=len(heap), value=maybe_money(work, value), missing_value_count=missing)
