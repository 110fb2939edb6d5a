"""Accuracy: forecasts as they were stored, beside what came and what simpler methods had said."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from math import isnan
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from app.core.work import Work
from app.domain.deal_scores import deal_scores_out, independent, status_of
from app.domain.facts import Story, story
from app.domain.outlooks import FORMULA, METHOD
from app.domain.processes import resolve
from app.domain.questions import seen_at
from app.domain.snapshots import WINDOWS
from app.engine.flow.facts import day
from app.engine.forecast.scores import bias, coverage, deal_score, wape
from app.schemas.forecast import Unit
from app.schemas.forecast_accuracy import (
    AccuracyOut,
    AccuracyQuery,
    DealScoresOut,
    ScoreOut,
    SpanScoreOut,
    WayOutOut,
)
from app.schemas.ratios import chance_out
from app.tables import ForecastPoint, ForecastSnapshot

DEAL_DAYS = WINDOWS[0]
BASELINES = (
    "pipeline",
    "run_rate",
    "last_period",
    "last_year",
    "stage_percentage",
    "win_rate",
    "external",
)
_WAY_OUT = {
    "en": "No stored forecast has come due yet; a backtest replays history instead.",
    "de": "Noch ist keine gespeicherte Prognose fällig; ein Rückvergleich spielt die Geschichte"
    " nach.",
}


@dataclass(frozen=True, slots=True)
class _Orders:
    """All orders in order of time, with running sums of known value, of the number of deals won,
    and of orders whose value is not known."""

    at: Sequence[float]
    value: Sequence[float]
    count: Sequence[int]
    missing: Sequence[int]

    def between(self, start: float, end: float) -> "_Came":
        """After `start` up to `end`."""
        first, last = bisect_right(self.at, start), bisect_right(self.at, end)
        missing = self.missing[last] - self.missing[first]
        known = not missing or missing < last - first
        return _Came(
            value=self.value[last] - self.value[first] if known else None,
            count=float(self.count[last] - self.count[first]),
            missing=missing,
        )


@dataclass(frozen=True, slots=True)
class _Came:
    """`value` is None where orders came and no value of them is known."""

    value: float | None
    count: float
    missing: int


async def read(work: Work, asked: AccuracyQuery) -> AccuracyOut:
    """What was said up to the moment asked for and is over, held against the orders that came."""
    at = seen_at(work, asked)
    process = await resolve(work, asked.process)
    told = await story(work, process.id, as_of=asked.as_of, effective_at=asked.effective_at)
    snapshots = await work.all(_snapshots(work, process.id, told))
    groups = _grouped(await work.all(_points(work, process.id, told)))
    orders = _orders(told)
    spans = [_scored(name, unit, rows, orders) for (name, unit), rows in groups.items()]
    headline = (f"{DEAL_DAYS}d", Unit.VALUE.value)
    main = _scored(*headline, groups.get(headline, []), orders)
    deals = _deals(told, [each for each in snapshots if _is_due(each, told)])
    return AccuracyOut(
        **main.model_dump(exclude={"span", "unit"}),
        process_id=process.id,
        as_of=at,
        currency=work.home.currency,
        method=METHOD,
        formula=FORMULA,
        basis="stored",
        brier=deals.brier,
        snapshots=len(snapshots),
        spans=spans,
        deals=deals,
        way_out=None if spans else _way_out(work),
    )


def _snapshots(work: Work, process_id: UUID, told: Story) -> Any:
    query = work.rows(ForecastSnapshot).where(
        ForecastSnapshot.process_id == process_id,
        ForecastSnapshot.taken_at <= told.at,
        ForecastSnapshot.currency == work.home.currency,
    )
    return query.order_by(ForecastSnapshot.day)


def _points(work: Work, process_id: UUID, told: Story) -> Any:
    """Those whose time is over, in the order they were said."""
    point, snapshot = ForecastPoint, ForecastSnapshot
    query = (
        select(point)
        .join(
            snapshot,
            (snapshot.workspace_id == point.workspace_id)
            & (snapshot.process_id == point.process_id)
            & (snapshot.day == point.day),
        )
        .where(
            point.workspace_id == work.workspace_id,
            point.process_id == process_id,
            point.ends_at <= told.at,
            snapshot.currency == work.home.currency,
        )
    )
    return query.order_by(point.day, point.span, point.unit)


def _grouped(rows: Sequence[Row[Any]]) -> dict[tuple[str, str], list[Row[Any]]]:
    """By length or lead and unit; the days first, then the months by how far ahead they were."""
    found: dict[tuple[str, str], list[Row[Any]]] = {}
    for row in rows:
        found.setdefault((_lead(row.span, row.day), row.unit), []).append(row)
    return dict(sorted(found.items(), key=lambda item: (item[0][0], item[0][1] != Unit.VALUE)))


def _lead(span: str, on: date) -> str:
    if span.endswith("d"):
        return span
    year, month = (int(part) for part in span.split("-"))
    return f"month+{12 * (year - on.year) + month - on.month}"


def _orders(told: Story) -> _Orders:
    orders = told.facts.orders
    rows = zip(orders.at.tolist(), orders.value.tolist(), orders.first.tolist(), strict=True)
    found = sorted(rows, key=itemgetter(0))
    return _Orders(
        at=[at for at, _, _ in found],
        value=[0.0, *accumulate(0.0 if isnan(value) else value for _, value, _ in found)],
        count=[0, *accumulate(int(first) for _, _, first in found)],
        missing=[0, *accumulate(int(isnan(value)) for _, value, _ in found)],
    )


def _scored(span: str, unit: str, rows: Sequence[Row[Any]], orders: _Orders) -> SpanScoreOut:
    times = [(day(row.starts_at), day(row.ends_at)) for row in rows]
    found = [orders.between(*time) for time in times]
    by_value = unit == Unit.VALUE
    actuals = [each.value if by_value else each.count for each in found]
    each_known = zip(rows, times, actuals, strict=True)
    known = [(row, time, actual) for row, time, actual in each_known if actual is not None]
    came = [actual for _, _, actual in known]
    rows = [row for row, _, _ in known]
    ours = [float(row.expected) for row in rows]
    bands = [(float(row.p10), float(row.p90)) for row in rows]
    return SpanScoreOut(
        span=span,
        unit=unit,
        status=status_of(len(rows)),
        n=len(rows),
        missing_value_count=sum(each.missing for each in found) if by_value else 0,
        independent=independent([time for _, time, _ in known]),
        wape=chance_out(wape(ours, came)),
        bias=chance_out(bias(ours, came)),
        coverage=chance_out(coverage(bands, came)),
        baselines={name: _baseline(name, rows, came) for name in BASELINES},
    )


def _baseline(name: str, rows: Sequence[Row[Any]], came: Sequence[float]) -> ScoreOut:
    """Where the method had something to say."""
    pairs = [(getattr(row, name), actual) for row, actual in zip(rows, came, strict=True)]
    spoken = [(float(said), actual) for said, actual in pairs if said is not None]
    said, actuals = [each for each, _ in spoken], [actual for _, actual in spoken]
    return ScoreOut(
        wape=chance_out(wape(said, actuals)),
        bias=chance_out(bias(said, actuals)),
        n=len(spoken),
    )


def _is_due(snapshot: Row[Any], told: Story) -> bool:
    due: bool = snapshot.taken_at + timedelta(days=DEAL_DAYS) <= told.at
    return due


def _deals(told: Story, snapshots: Sequence[Row[Any]]) -> DealScoresOut:
    """Each deal of each snapshot: whether it ordered within the days it was given a chance for."""
    ordered = _ordered(told)
    ours: list[tuple[float, bool]] = []
    stage: list[tuple[float, bool]] = []
    typed: list[tuple[float, float, bool]] = []
    for row in snapshots:
        start = day(row.taken_at)
        columns = (row.opportunity_ids, row.chances, row.stage_percentages)
        for id, chance, share, external in zip(*columns, row.external_probabilities, strict=True):
            times = ordered.get(id, ())
            came = any(start < time <= start + DEAL_DAYS for time in times)
            ours.append((chance, came))
            if share is not None:
                stage.append((share, came))
            if external is not None:
                typed.append((external, chance, came))
    return deal_scores_out(
        DEAL_DAYS,
        deal_score(*_columns(ours)),
        deal_score(*_columns(stage)),
        deal_score(*_columns([(each, came) for each, _, came in typed])) if typed else None,
        deal_score(*_columns([(each, came) for _, each, came in typed])) if typed else None,
    )


def _ordered(told: Story) -> Mapping[UUID, Sequence[float]]:
    found: dict[UUID, list[float]] = {}
    orders = told.facts.orders
    for deal, at in zip(orders.deal.tolist(), orders.at.tolist(), strict=True):
        found.setdefault(told.deals[deal].opportunity_id, []).append(at)
    return found


def _columns(pairs: Sequence[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    return [chance for chance, _ in pairs], [came for _, came in pairs]


def _way_out(work: Work) -> WayOutOut:
    return WayOutOut(
        code="backtest",
        text=_WAY_OUT[work.language],
        method="POST",
        path="/v1/forecast/backtest",
    )
