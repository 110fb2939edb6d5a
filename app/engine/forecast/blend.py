"""The blend with the run-rate: each counts as much as it was right about the past."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.flow.facts import Numbers, Orders

LATEST = 12  # closed past forecasts that are looked at
PSEUDO_ERRORS = 3.0
PIPELINE_ERROR, RUN_RATE_ERROR = 0.20, 0.30  # relative errors before any experience
OWN_ERROR, OWN_ERROR_WEIGHT = 0.20, 4.0
REACH = 3  # the run-rate looks back so many times the length of a period


@dataclass(frozen=True, slots=True)
class Said:
    """One past forecast of one period beside what came; `doubt` is the relative variance that the
    model saw itself."""

    pipeline: float
    run_rate: float
    actual: float
    doubt: float


@dataclass(frozen=True, slots=True)
class Blend:
    """The pipeline's weight, 0 to 1, from `n` past forecasts; `doubt` is the relative variance
    that the past showed beyond what the model knew of."""

    weight: float
    doubt: float
    n: int


def blend(said: Sequence[Said], *, run_rate_known: bool) -> Blend:
    """Weights ~ 1/MSE², with pseudo errors in favour of the pipeline until the past speaks."""
    latest = said[:LATEST]
    scale = sum(each.actual for each in latest) / len(latest) if latest else 1.0
    if scale <= 0:
        latest, scale = (), 1.0
    pipeline = _mse([each.pipeline - each.actual for each in latest], PIPELINE_ERROR * scale)
    run_rate = _mse([each.run_rate - each.actual for each in latest], RUN_RATE_ERROR * scale)
    weight = run_rate**2 / (run_rate**2 + pipeline**2) if run_rate_known else 1.0
    return Blend(float(weight), _doubt(latest, weight), len(latest))


@dataclass(frozen=True, slots=True)
class RunRate:
    """Value and number of orders per day over the last three period lengths; `known` is False
    while the record is shorter than one."""

    value: float
    count: float
    days: float
    known: bool


def run_rate(orders: Orders, since: float, at: float, length: float) -> RunRate:
    days = max(min(REACH * length, at - since), 1.0)
    value, count = won(orders, at - days, at)
    return RunRate(value / days, count / days, days, at - since >= length)


def won(orders: Orders, start: float, end: float) -> tuple[float, float]:
    """Value and number of the orders after `start` up to `end`."""
    chosen = (orders.at > start) & (orders.at <= end)
    return float(np.nansum(orders.value[chosen])), float(orders.first[chosen].sum())


def _mse(errors: Sequence[float], pseudo: float) -> float:
    seen = sum(error**2 for error in errors) + PSEUDO_ERRORS * pseudo**2
    return seen / (len(errors) + PSEUDO_ERRORS)


def _doubt(said: Sequence[Said], weight: float) -> float:
    beyond = OWN_ERROR_WEIGHT * OWN_ERROR**2
    n = OWN_ERROR_WEIGHT
    for each in said:
        whole = weight * each.pipeline + (1 - weight) * each.run_rate
        if whole > 0:
            beyond += ((each.actual - whole) / whole) ** 2 - each.doubt
            n += 1
    return max(beyond / n, 0.0)


def mixed(weights: Numbers, pipeline: Numbers, run_rate: Numbers) -> Numbers:
    whole: Numbers = weights * pipeline + (1 - weights) * run_rate
    return whole
