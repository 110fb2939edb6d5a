"""Simulated sales with a known truth: steady ones, and ones that change."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from app.engine.flow.facts import Facts, cut, day
from app.engine.forecast import Prior, forecast, of_scope
from app.engine.forecast.backtest import Backtest, Origin, origin, scored
from app.engine.forecast.blend import won
from app.engine.forecast.scores import wape
from app.engine.worlds import Shock, World, simulate
from tests.engine.worlds_as_facts import facts_of

START = datetime(2012, 1, 1, tzinfo=UTC)
WARM_UP = timedelta(days=720)  # sales went on before the record began
YEARS, HORIZON = 6, 91
SHOCK = 1460.0  # days after the record began
CLEANED_UP = (180.0, 540.0)
_UNSTATED = Prior([None] * 4, [None] * 4)


def steady(seeds: int, step: float, per_month: float = 40) -> Backtest:
    """Origins from the second year on."""
    world = World(per_month=per_month, cleaned_up_days=CLEANED_UP)
    return _replayed(world, seeds, 365.0, YEARS * 365.0 - HORIZON, step)


def shocked(kind: str, factor: float, seeds: int, step: float, per_month: float = 40) -> Backtest:
    """Origins in the year after the shock; `kind` is `arrival` or `conversion`."""
    shock = (Shock(SHOCK + WARM_UP.days, factor),)
    world = World(per_month=per_month, cleaned_up_days=CLEANED_UP, **{f"{kind}_shocks": shock})
    return _replayed(world, seeds, SHOCK + 30, SHOCK + 365, step)


def cold_start(prior: Prior, seeds: int, days: float, per_month: float = 40) -> float | None:
    """WAPE of the next 91 days, `days` after a list of open deals, old ones among them, was
    imported with nothing but stated rates."""
    world = World(per_month=per_month, cleaned_up_days=CLEANED_UP)
    said, came = [], []
    for seed in range(seeds):
        whole = _facts(world, seed, days + HORIZON + 1)
        at = day(START) + days
        value = of_scope(forecast(cut(whole, at), [at + HORIZON], prior))[0].value
        said.append(float(value.expected) if value else 0.0)
        came.append(won(whole.orders, at, at + HORIZON)[0])
    return wape(said, came)


def _replayed(world: World, seeds: int, first: float, last: float, step: float) -> Backtest:
    return scored(list(_origins(world, seeds, first, last, step)), HORIZON)


def _origins(world: World, seeds: int, first: float, last: float, step: float) -> Iterator[Origin]:
    for seed in range(seeds):
        history = _facts(world, seed, YEARS * 365)
        for at in day(START) + np.arange(first, last + 1e-9, step):
            yield origin(history, float(at), HORIZON, _UNSTATED)


def _facts(world: World, seed: int, days: float) -> Facts:
    begun, end = START - WARM_UP, START + timedelta(days=days)
    deals = simulate(world, seed, begun.date(), end.date())
    return facts_of(deals, world.milestones, end, START)
