"""Forecasts: what to expect in each period, without any date or probability a person has typed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from math import isnan
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.errors import Invalid
from app.core.work import Work
from app.domain import margins
from app.domain.contributions import (
    categories,
    contributions,
    excluded,
    excluded_sums,
    left_out,
)
from app.domain.facts import Story, deals_of, orders_of, stays_of, story
from app.domain.forecast_parts import (
    Measure,
    Scene,
    blend_out,
    period_out,
    unassigned_out,
)
from app.domain.inflow import NOTHING, Arrived, Question, arrived
from app.domain.margins import Margins
from app.domain.outlooks import FORMULA, METHOD, Outlook, dead_of, outlook, past_of, view
from app.domain.processes import resolve
from app.domain.questions import here, seen_at
from app.domain.sight import parts_shown
from app.engine.flow.facts import moment
from app.engine.flow.packed import unnamed
from app.engine.forecast import of_scope
from app.engine.money import exponent
from app.engine.periods import Grain, Period, bounds, containing
from app.schemas.forecast import (
    MONTHS_AHEAD,
    ForecastOut,
    ForecastPeriodOut,
    ForecastQuery,
    UnassignedForecastOut,
    Unit,
)
from app.schemas.metrics import tenths_out
from app.schemas.ratios import chance_out
from app.schemas.scopes import EVERYBODY, Business

MARGINS_FROM = timedelta(days=365)
_MOST = {
    Grain.WEEK: 157,
    Grain.MONTH: MONTHS_AHEAD,
    Grain.QUARTER: MONTHS_AHEAD // 3,
    Grain.YEAR: MONTHS_AHEAD // 12,
}


async def read(work: Work, asked: ForecastQuery) -> ForecastOut:
    """The forecast of everybody, a team or a person, in a fixed number of statements."""
    at = seen_at(work, asked)
    process = await resolve(work, asked.process)
    await here(work, asked.scope)
    periods = periods_from(work, at, asked.grain, asked.periods)
    told = await _story(work, process.id, asked)
    seen = await _outlook(work, process, asked, told, periods)
    shares = await deals_of(work, told, asked.scope)
    scene = Scene(
        measure=Measure.of(asked.unit, work.home.currency, exponent(work.home.currency)),
        seen=seen,
        shares=shares,
        counted=seen.counted(shares),
        since=bounds(periods[0], work.home.zone)[0],
        won=await _won(work, asked, told, periods[0]),
    )
    stays, orders = [await whose(work, told, asked.scope) for whose in (stays_of, orders_of)]
    parts = of_scope(seen.whole, scene.counted, stays, orders)
    left, margin = left_out(scene), await _margin(work, asked, told)
    return ForecastOut(
        **_frame(work, asked, scene),
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


def periods_from(work: Work, at: datetime, grain: Grain, count: int) -> list[Period]:
    """The period that holds `at`, and those after it; 422 beyond 36 months."""
    if count > _MOST[grain]:
        detail = f"a forecast reaches 36 months ahead: {_MOST[grain]} periods of a {grain}"
        raise Invalid.parameter("periods", "too_far_ahead", detail)
    today = at.astimezone(work.home.zone).date()
    periods = [containing(today, grain, work.home.fiscal_start)]
    while len(periods) < count:
        periods.append(periods[-1].next)
    return periods


async def _story(work: Work, process_id: UUID, asked: ForecastQuery) -> Story:
    return await story(
        work,
        process_id,
        as_of=asked.as_of,
        effective_at=asked.effective_at,
        business_type=asked.business_type,
    )


async def _outlook(
    work: Work, process: Row[Any], asked: ForecastQuery, told: Story, periods: Sequence[Period]
) -> Outlook:
    """What was said in the past was said of all business, and teaches nothing of a part of it."""
    of_all = asked.business_type is Business.ALL
    past = await past_of(work, process.id, told.at) if of_all else []
    how = await view(work, process, as_of=asked.as_of, effective_at=asked.effective_at)
    dead = None if of_all else await _dead(work, process, asked, told)
    ends = [bounds(each, work.home.zone)[1] for each in periods]
    return await outlook(told, ends, how, past, dead)


async def _dead(work: Work, process: Row[Any], asked: ForecastQuery, told: Story) -> frozenset[int]:
    """Who is dead in a part of the business, judged by all of it, as the round does that gives
    them up."""
    whole = await story(work, process.id, as_of=asked.as_of, effective_at=asked.effective_at)
    gone = await dead_of(work, process, whole, asked)
    ids, known = (one.table.columns["opportunity_id"] for one in (whole, told))
    buried = {ids[number] for number in gone}
    return frozenset(n for n, id in enumerate(known.tolist()) if id in buried)


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
        scene.seen.counted([int(each) for each in nobodys.tolist()]),
        told.arrived_owner.are(None),
        told.order_owner.are(None),
    )
    won = scene.measured(scene.won.unassigned_value, scene.won.unassigned_count)
    pairs = enumerate(zip(periods, parts, strict=True))
    return [unassigned_out(scene, each, part, 0 if n else won) for n, (each, part) in pairs]


def _frame(work: Work, asked: ForecastQuery, scene: Scene) -> dict[str, Any]:
    """What the answer says of itself."""
    seen, told = scene.seen, scene.seen.told
    whole, facts = seen.whole, seen.told.facts
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
        "open_deals": sum(scene.counted[deal] > 0 for deal in whole.deals),
        "unknown_value_count": sum(
            scene.counted[deal] > 0 and isnan(facts.amount[deal]) for deal in whole.deals
        ),
        "missing_won_count": scene.won.missing + scene.won.unconverted,
        "stated_share": chance_out(whole.prior_share),
        "step_days": tenths_out(whole.step),
        "record_since": moment(facts.since) if facts.since < facts.at else None,
    }
