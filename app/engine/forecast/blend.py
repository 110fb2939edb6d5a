"""The blend with the run-rate: the pipeline gives way where that was closer to the truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from app.engine.flow.facts import Orders

LATEST = 12  # closed past forecasts that are looked at
TRUST, TRUST_SPREAD = 0.85, 0.3  # the pipeline's weight before any experience, and how sure it is
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


def blend(said: Sequence[Said], apart: float, *, run_rate_known: bool) -> Blend:
    """From past forecasts, latest first; `apart` is their distance in lengths of the period.

    The weight w is the one that would have served best: it minimises the sum of
    (w pipeline + (1-w) run-rate - actual)² / noise + (w - 0.85)² / 0.3². Where the two hardly
    differed, or chance alone explains their errors, the past says little and w stays. `noise` is
    the variance that the model was aware of, at the level of what came. Windows that overlap
    count for less, by the root of `apart`.
    """
    latest = [each for each in said[:LATEST] if each.doubt > 0 and each.pipeline > 0]
    learnt, evidence = 0.0, 1 / TRUST_SPREAD**2
    level = _level(latest)
    for each in latest:
        differ = each.pipeline - each.run_rate
        worth = min(1.0, sqrt(apart)) / (each.doubt * level**2)
        learnt += worth * differ * (each.actual - each.run_rate - TRUST * differ)
        evidence += worth * differ**2
    weight = min(max(TRUST + learnt / evidence, 0.0), 1.0) if run_rate_known else 1.0
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


def _level(said: Sequence[Said]) -> float:
    came = sum(each.actual for each in said)
    return (came if came > 0 else sum(each.pipeline for each in said)) / max(len(said), 1)


def _doubt(said: Sequence[Said], weight: float) -> float:
    beyond = OWN_ERROR_WEIGHT * OWN_ERROR**2
    n = OWN_ERROR_WEIGHT
    for each in said:
        whole = weight * each.pipeline + (1 - weight) * each.run_rate
        if whole > 0:
            beyond += ((each.actual - whole) / whole) ** 2 - each.doubt
            n += 1
    return max(beyond / n, 0.0)
