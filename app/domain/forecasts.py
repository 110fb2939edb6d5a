"""Forecasts: what to expect in each period, without any date or probability a person has typed."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import Row

from app.core.work import Work
from app.domain import margins
from app.domain.contributions import (
    categories,
    contributions,
    excluded,
    excluded_sums,
    left_out,
)
from app.domain.facts import Story, deals_of, orders_of, stays_of
from app.domain.forecast_parts import (
    Measure,
    Scene,
    blend_out,
    period_out,
    unassigned_out,
)
from app.domain.horses import dead_among
from app.domain.inflow import NOTHING, Arrived, Question, arrived
from app.domain.lessons.forecasts import Taught, taught
from app.domain.lessons.telling import learnt_out
from app.domain.margins import Margins
from app.domain.outlooks import FORMULA, METHOD, Outlook, View, outlook_by, view
from app.domain.periods_ahead import periods_from
from app.domain.processes import resolve
from app.domain.questions import here, seen_at
from app.domain.sight import parts_shown
from app.engine.flow.facts import day, moment
from app.engine.flow.packed import known, unnamed
from app.engine.flow.shares import Shares, flags_of
from app.engine.forecast import of_scope
from app.engine.money import exponent
from app.engine.periods import Period, bounds
from app.schemas.forecast import (
    ForecastOut,
    ForecastPeriodOut,
    ForecastQuery,
    UnassignedForecastOut,
    Unit,
)
from app.schemas.metrics import tenths_out
from app.schemas.ratios import chance_out
from app.schemas.scopes import EVERYBODY

MARGINS_FROM = timedelta(days=365)


async def read(work: Work, asked: ForecastQuery) -> ForecastOut:
    """The forecast of everybody, a team or a person, in a fixed number of statements."""
    at = seen_at(work, asked)
    process = await resolve(work, asked.process)
    await here(work, asked.scope)
    periods = periods_from(work, at, asked.grain, asked.periods)
    made = await taught(work, process, asked, periods)
    seen, told = await _outlook(work, process, asked, made, periods), made.told
    shares = await deals_of(work, told, asked.scope)
    scene = Scene(
        measure=Measure.of(asked.unit, work.home.currency, exponent(work.home.currency)),
        seen=seen,
        shares=shares,
        counted=seen.counted(shares),
        since=bounds(periods[0], work.home.zone)[0],
        won=await _won(work, asked, told, periods[0]),
        living=~flags_of(len(shares), seen.dead),
    )
    stays, orders = [await whose(work, told, asked.scope) for whose in (stays_of, orders_of)]
    parts = of_scope(seen.whole, scene.counted, stays, orders)
    left, margin = left_out(scene), await _margin(work, asked, told)
    return ForecastOut(
        **_frame(work, asked, scene),
        learnt=learnt_out(made.learnt),
        periods=[
            _left(work, period_out(scene, number, period, part), margin)
            for number, (period, part) in enumerate(zip(periods, parts, strict=True))
        ],
        blend=blend_out(scene, 0),
        categories=categories(scene, left),
        excluded=excluded(scene, left) if parts_shown(work, asked.scope) else [],
        excluded_sums=excluded_sums(scene, left),
        unassigned=_unassigned(scene, periods) if asked.scope == EVERYBODY else None,
        contributions=contributions(scene, work.language) if asked.explain else None,
        margin=margins.margins_out(work, margin),
    )


async def _margin(work: Work, asked: ForecastQuery, told: Story) -> Margins | None:
    """What the orders of the last year left, where it is asked for."""
    if asked.unit is not Unit.GROSS_MARGIN:
        return None
    span = (told.at - MARGINS_FROM, told.at)
    return await margins.observed(work, told.process_id, asked.business_type, span, asked)


def _left(work: Work, one: ForecastPeriodOut, margin: Margins | None) -> ForecastPeriodOut:
    if one.expected_exact is None:
        return one
    left = margins.part(work, Fraction(one.expected_exact), margin)
    return one.model_copy(update={"expected_margin": left})


async def _outlook(
    work: Work, process: Row[Any], asked: ForecastQuery, made: Taught, periods: Sequence[Period]
) -> Outlook:
    """Made beside the server, which goes on answering meanwhile."""
    how = await view(work, process, as_of=asked.as_of, effective_at=asked.effective_at)
    ends = [day(bounds(each, work.home.zone)[1]) for each in periods]
    return await asyncio.to_thread(_seen, made, ends, how)


def _seen(made: Taught, ends: Sequence[float], how: View) -> Outlook:
    dead = dead_among(made.told, how.resets, made.norms) if how.buries else frozenset[int]()
    return outlook_by(made.lesson, made.told, ends, how.exponent, dead)


async def _won(work: Work, asked: ForecastQuery, told: Story, period: Period) -> Arrived:
    """The scope's orders in the current period, by the day each was given."""
    start, end = bounds(period, work.home.zone)
    order = told.milestones[-1].lineage_id
    question = Question(
        process_id=told.process_id,
        lineages=(order,),
        evidenced=frozenset(),
        start=start,
        end=end,
        subject=asked.scope,
        business_type=asked.business_type,
        as_of=asked.as_of,
        effective_at=asked.effective_at,
    )
    return (await arrived(work, question)).get(order, NOTHING)


def _unassigned(scene: Scene, periods: Sequence[Period]) -> list[UnassignedForecastOut]:
    """What is nobody's: deals without an owner, and the part of those to come and of the run-rate
    that fell to nobody in the past."""
    told = scene.seen.told
    deals = told.table.columns
    nobodys = unnamed(deals["credits"]) & unnamed(deals["owner_id"])
    parts = of_scope(
        scene.seen.whole,
        scene.seen.counted(Shares.whole(nobodys)),
        told.arrived_owner.are(None),
        told.order_owner.are(None),
    )
    won = scene.measured(scene.won.unassigned_value, scene.won.unassigned_count)
    pairs = enumerate(zip(periods, parts, strict=True))
    return [unassigned_out(scene, each, part, 0 if n else won) for n, (each, part) in pairs]


def _frame(work: Work, asked: ForecastQuery, scene: Scene) -> dict[str, Any]:
    """What the answer says of itself."""
    seen, told = scene.seen, scene.seen.told
    whole, facts, deals = seen.whole, seen.told.facts, seen.whole.rows.deal
    mine = deals[scene.counted.some[deals]]
    return {
        "as_of": asked.as_of or work.now,
        "effective_at": asked.effective_at,
        "process_id": told.process_id,
        "process_version": told.version.number,
        "scope": str(asked.scope),
        "business_type": asked.business_type,
        "unit": asked.unit,
        "grain": asked.grain,
        "currency": work.home.currency,
        "method": METHOD,
        "formula": FORMULA,
        "status": whole.status,
        "n": whole.orders_seen,
        "open_deals": len(mine),
        "unknown_value_count": len(mine) - int(known(facts.amount[mine]).sum()),
        "missing_won_count": scene.won.missing + scene.won.unconverted,
        "stated_share": chance_out(whole.prior_share),
        "step_days": tenths_out(whole.step),
        "record_since": moment(facts.since) if facts.since < facts.at else None,
    }
