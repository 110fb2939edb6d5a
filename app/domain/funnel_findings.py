"""What the past says of a pipeline: rates and days ahead, how fast orders came, what an order took.

In very large workspaces a lesson; what stands is told by it, and counted at the question.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.core.work import Work
from app.domain.cohorts import Cohort
from app.domain.facts import Story, deals_of, orders_of
from app.domain.funnel_speed import Speed, efforts, speed, throughput_out
from app.domain.leak_groups import ahead
from app.domain.lessons.kinds import Made, Reading, of_very_large
from app.domain.lessons.shapes import question_of
from app.domain.observed_rates import Passing, cohort_in, passings, window_out
from app.domain.observed_sections import exact
from app.domain.slips import Snapshot, close_bias, latest_due, slippage_out
from app.engine.flow.estimates import Estimate, product
from app.engine.flow.facts import Flags
from app.engine.flow.lead_times import quantile, summed
from app.engine.flow.shares import Shares
from app.engine.flow.stay_lengths import mean_stay
from app.engine.slippage import Bias
from app.schemas.observed_rates import WindowOut
from app.schemas.pipeline_answer import EffortOut, PipelineQuery, SlippageOut, ThroughputOut

NAME = "pipeline"


@dataclass(frozen=True, slots=True)
class Ahead:
    """What deals in a section have before them: the share that is won, the order value per value
    there, the days in which half of those that are won are ordered; and how many days they stay in
    the section, of `stayed` that left it. None: not known."""

    win_rate: Estimate
    kept: Fraction | None
    days: Fraction | None
    stay: float | None
    stayed: int


@dataclass(frozen=True, slots=True)
class Findings:
    """The answer without what stands: by section what lies ahead, the factors of velocity, and all
    that only the whole record tells."""

    window: WindowOut
    sections: tuple[Ahead, ...]
    speed: Speed
    throughput: ThroughputOut
    slippage: SlippageOut | None
    bias: Bias
    effort: tuple[EffortOut, ...]


async def findings(work: Work, told: Story, asked: PipelineQuery) -> Findings:
    """As the story tells them; the server goes on answering meanwhile."""
    found = await cohort_in(work, told, asked, asked.window)
    own = await orders_in(work, told, asked)
    shares = await deals_of(work, told, asked.scope, asked.business_type)
    due = await latest_due(work, told)
    return await asyncio.to_thread(_found, work, found, asked, own, shares, due)


async def orders_in(work: Work, told: Story, asked: PipelineQuery) -> Flags:
    """Which orders of the story are of the scope and kind of business."""
    of_kind = told.of_business(asked.business_type)[told.facts.orders.deal]
    own: Flags = of_kind & await orders_of(work, told, asked.scope)
    return own


def sections_ahead(found: Cohort, passed: Sequence[Passing]) -> tuple[Ahead, ...]:
    """Of each section, first to last."""
    _, yields = ahead(passed)
    lags = summed([one.lag for one in passed])
    seen = []
    for section, lag in enumerate(lags):
        stay, stayed = mean_stay(found.facts, section, found.levels[-1].mask)
        seen.append(
            Ahead(
                win_rate=product([one.section.count for one in passed[section:]]),
                kept=exactly(yields[section]),
                days=exactly(quantile(lag, 0.5)),
                stay=stay,
                stayed=stayed,
            )
        )
    return tuple(seen)


def exactly(number: float | None) -> Fraction | None:
    return None if number is None else exact(number)


def _found(
    work: Work,
    found: Cohort,
    asked: PipelineQuery,
    own: Flags,
    shares: Shares,
    due: Snapshot | None,
) -> Findings:
    passed = passings(found)
    return Findings(
        window=window_out(found, asked.window),
        sections=sections_ahead(found, passed),
        speed=speed(found, passed, own),
        throughput=throughput_out(work, found, own),
        slippage=slippage_out(work, found.told, shares, due),
        bias=close_bias(work, found.told, shares),
        effort=tuple(efforts(found, own)),
    )


async def _made(work: Work, reading: Reading, shape: str) -> Made:
    told = await reading.story(work)
    asked = question_of(PipelineQuery, shape, reading.process.id, reading.as_of)
    return Made([await findings(work, told, asked)], len(told.deals))


PIPELINE = of_very_large(NAME, Findings, _made)
