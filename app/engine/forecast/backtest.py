"""History replayed: what the forecast would have said at past moments, beside simpler ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.flow.facts import Facts, Orders, cut
from app.engine.forecast.blend import won
from app.engine.forecast.fit import Prior
from app.engine.forecast.outlook import forecast
from app.engine.forecast.parts import of_scope
from app.engine.forecast.passages import passages
from app.engine.forecast.rivals import stage_shares, win_rate
from app.engine.forecast.scores import DealScore, bias, coverage, deal_score, wape

OURS, PIPELINE, RUN_RATE = "blend", "pipeline", "run_rate"
LAST_PERIOD, LAST_YEAR = "last_period", "last_year"
STAGE_SHARE, WIN_RATE = "stage_percentage", "win_rate"
YEAR = 365.0


@dataclass(frozen=True, slots=True)
class Origin:
    """One replayed moment: value won within the horizon, and what each method had said.

    Methods that could not say anything then are absent. `actual` is what is known of the value,
    None where orders came and no value of them is known; `missing` orders are of unknown value.
    """

    at: float
    actual: float | None
    missing: int
    said: Mapping[str, float]
    band80: tuple[float, float]
    band95: tuple[float, float]
    actual_count: float
    said_count: float
    chances: Sequence[float]
    stage_chances: Sequence[float]
    won: Sequence[bool]


@dataclass(frozen=True, slots=True)
class MethodScore:
    """`n` origins at which the method had an answer; compare methods with the same `n`."""

    wape: float | None
    bias: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Backtest:
    """`deals` scores each open deal's chance within the horizon, `stages` the same for plain
    stage percentages. Value is scored at the `n` origins where it is known what came."""

    horizon_days: float
    origins: Sequence[Origin]
    methods: Mapping[str, MethodScore]
    coverage80: float | None
    coverage95: float | None
    count_wape: float | None
    deals: DealScore
    stages: DealScore

    @property
    def n(self) -> int:
        return len(_known(self.origins))


def backtest(
    facts: Facts,
    horizon_days: float,
    step_days: float,
    prior: Prior,
    *,
    first: float | None = None,
    last: float | None = None,
) -> Backtest:
    """At every `step_days` from `first` (default: one horizon after the record began) to `last`
    (default: the latest whose horizon has passed), from what was known then and nothing else."""
    start = facts.since + horizon_days if first is None else first
    end = min(facts.at - horizon_days, facts.at if last is None else last)
    moments = np.arange(start, end + 1e-9, step_days)
    return scored([origin(facts, float(at), horizon_days, prior) for at in moments], horizon_days)


def origin(facts: Facts, at: float, horizon_days: float, prior: Prior) -> Origin:
    known, end = cut(facts, at), at + horizon_days
    made = forecast(known, [end], prior)
    part = of_scope(made)[0]
    value, missing = _came(facts.orders, at, end)
    ordered = set(facts.orders.deal[(facts.orders.at > at) & (facts.orders.at <= end)].tolist())
    stage = stage_shares(passages(known), known.sections)
    worth = np.array(made.worth)
    stage_chances = stage[made.section] if made.section else np.zeros(0)
    answer = part.value
    said = {
        PIPELINE: made.said[0].pipeline,
        RUN_RATE: made.said[0].run_rate,
        STAGE_SHARE: float(worth @ stage_chances),
        WIN_RATE: float(worth.sum()) * win_rate(passages(known), known.sections),
    }
    if answer is not None:
        said[OURS] = float(answer.expected)
    before = {LAST_PERIOD: at - horizon_days}
    if at - YEAR >= facts.since:
        before[LAST_YEAR] = at - YEAR
    for name, start in before.items():
        then, _ = _came(known.orders, start, start + horizon_days)
        if then is not None:
            said[name] = then
    return Origin(
        at=at,
        actual=value,
        missing=missing,
        said=said,
        band80=(answer.near[0], answer.near[-1]) if answer else (0.0, 0.0),
        band95=(answer.far[0], answer.far[-1]) if answer else (0.0, 0.0),
        actual_count=won(facts.orders, at, end)[1],
        said_count=float(part.count.expected) if part.count else 0.0,
        chances=[row[0] for row in made.chance],
        stage_chances=stage_chances.tolist(),
        won=[deal in ordered for deal in made.deals],
    )


def scored(origins: Sequence[Origin], horizon_days: float) -> Backtest:
    """Scores over origins, which may come from several histories."""
    known = _known(origins)
    won_deals = [came for each in origins for came in each.won]
    methods = (OURS, PIPELINE, RUN_RATE, LAST_PERIOD, LAST_YEAR, STAGE_SHARE, WIN_RATE)
    return Backtest(
        horizon_days=horizon_days,
        origins=origins,
        methods={name: _method(origins, name) for name in methods},
        coverage80=coverage([each.band80 for each, _ in known], [came for _, came in known]),
        coverage95=coverage([each.band95 for each, _ in known], [came for _, came in known]),
        count_wape=wape(
            [each.said_count for each in origins], [each.actual_count for each in origins]
        ),
        deals=deal_score([chance for each in origins for chance in each.chances], won_deals),
        stages=deal_score([chance for each in origins for chance in each.stage_chances], won_deals),
    )


def _method(origins: Sequence[Origin], name: str) -> MethodScore:
    spoken = [(each.said[name], came) for each, came in _known(origins) if name in each.said]
    said, actuals = [each for each, _ in spoken], [came for _, came in spoken]
    return MethodScore(wape(said, actuals), bias(said, actuals), len(spoken))


def _known(origins: Sequence[Origin]) -> list[tuple[Origin, float]]:
    """Each with its actual value, where that is known."""
    return [(each, each.actual) for each in origins if each.actual is not None]


def _came(orders: Orders, start: float, end: float) -> tuple[float | None, int]:
    """The known value ordered after `start` up to `end`, and how many orders have none."""
    values = orders.value[(orders.at > start) & (orders.at <= end)]
    missing = int(np.isnan(values).sum())
    return (None if 0 < missing == len(values) else float(np.nansum(values))), missing
