"""Backtests: history replayed, each forecast from nothing but what had happened by then.

An imported history was recorded on the day of its import, so the time of recording says nothing
about it; what had occurred counts as known, and the answer says how much was recorded late.
"""

import asyncio
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.core.errors import Invalid
from app.core.work import Work
from app.domain.deal_scores import deal_scores_out, independent, status_of
from app.domain.facts import Story, story
from app.domain.horses import prior_of
from app.domain.outlooks import FORMULA, METHOD
from app.domain.processes import resolve
from app.domain.replay import SETS
from app.engine.flow.facts import moment
from app.engine.forecast.backtest import (
    OURS,
    PIPELINE,
    RUN_RATE,
    MethodScore,
    Origin,
    backtest,
)
from app.engine.money import Money, round_to_minor
from app.schemas.base import MoneyOut
from app.schemas.forecast_accuracy import (
    MOST_ORIGINS,
    BacktestIn,
    BacktestOut,
    OriginOut,
    ScoreOut,
)
from app.schemas.ratios import chance_out

_RECORDED = """
SELECT count(*) AS events,
  count(*) FILTER (WHERE e.recorded_at > e.occurred_at + INTERVAL '1 day') AS late
FROM events e JOIN opportunities o ON o.workspace_id = e.workspace_id AND o.id = e.opportunity_id
WHERE e.workspace_id = :workspace AND o.process_id = :process AND o.deleted_at IS NULL"""


async def replay(work: Work, asked: BacktestIn) -> BacktestOut:
    """Forecasts at regular moments of the past beside what came; 422 where there are too many."""
    process = await resolve(work, asked.process_id)
    told = await story(work, process.id, business_type=asked.business_type)
    _check(told, asked)
    found = await asyncio.to_thread(
        backtest, told.facts, float(asked.horizon_days), float(asked.step_days), prior_of(told)
    )
    recorded = await _recorded(work, process.id)
    scored = found.methods[OURS]
    spans = [(o.at, o.at + asked.horizon_days) for o in found.origins if o.actual is not None]
    return BacktestOut(
        process_id=process.id,
        as_of=work.now,
        currency=work.home.currency,
        method=METHOD,
        formula=FORMULA,
        basis="rebuilt",
        known_by="occurred_at",
        events=recorded.events,
        recorded_late=recorded.late,
        horizon_days=asked.horizon_days,
        step_days=asked.step_days,
        status=status_of(found.n),
        n=found.n,
        missing_value_count=sum(each.missing for each in found.origins),
        independent=independent(spans),
        wape=chance_out(scored.wape),
        bias=chance_out(scored.bias),
        coverage=chance_out(found.coverage80),
        baselines={name: _score(each) for name, each in found.methods.items() if name != OURS},
        brier=chance_out(found.deals.brier),
        orders_wape=chance_out(found.count_wape),
        deals=deal_scores_out(asked.horizon_days, found.deals, found.stages),
        origins=[_origin(work, each) for each in found.origins],
    )


def _check(told: Story, asked: BacktestIn) -> None:
    """As `backtest` places them: from one horizon after the record began to one before now."""
    room = told.facts.at - told.facts.since - 2 * asked.horizon_days
    if room // asked.step_days + 1 > MOST_ORIGINS:
        least = int(room // MOST_ORIGINS) + 1
        detail = f"a backtest has at most {MOST_ORIGINS} origins: take steps of {least} days here"
        raise Invalid.at("/step_days", "too_many_origins", detail)


async def _recorded(work: Work, process_id: UUID) -> Any:
    values = {"workspace": work.workspace_id, "process": process_id}
    # Right after an import the planner takes both sides for a handful of rows.
    await work.db.execute(text(SETS))
    return (await work.db.execute(text(_RECORDED), values)).one()


def _score(each: MethodScore) -> ScoreOut:
    return ScoreOut(wape=chance_out(each.wape), bias=chance_out(each.bias), n=each.n)


def _origin(work: Work, each: Origin) -> OriginOut:
    spoke = OURS in each.said
    return OriginOut(
        at=moment(each.at),
        expected=_money(work, each.said[OURS]) if spoke else None,
        p10=_money(work, each.band80[0]) if spoke else None,
        p90=_money(work, each.band80[1]) if spoke else None,
        pipeline=_money(work, each.said[PIPELINE]),
        run_rate=_money(work, each.said[RUN_RATE]),
        actual=None if each.actual is None else _money(work, each.actual),
        missing_value_count=each.missing,
    )


def _money(work: Work, amount: float) -> MoneyOut:
    currency = work.home.currency
    exact = Money(round_to_minor(Fraction(amount), currency), currency)
    return MoneyOut(amount=exact.text, currency=currency)
