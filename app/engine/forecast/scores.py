"""How good forecasts were: the same scores for replayed and for stored ones."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

BINS = 10
_SMALLEST = 1e-4  # a probability of 0 that came true would cost endlessly much


@dataclass(frozen=True, slots=True)
class Bin:
    """Deals with a stated chance from `low` up to `high`: the mean stated, and what came true."""

    low: float
    high: float
    n: int
    stated: float | None
    came_true: float | None


@dataclass(frozen=True, slots=True)
class DealScore:
    brier: float | None
    log_loss: float | None
    calibration: tuple[Bin, ...]
    n: int


def wape(forecasts: Sequence[float], actuals: Sequence[float]) -> float | None:
    """Σ|F-A| / Σ|A|; None where nothing came.

    >>> wape([90, 120], [100, 100])
    0.15
    """
    whole = sum(abs(actual) for actual in actuals)
    missed = sum(abs(said - came) for said, came in zip(forecasts, actuals, strict=True))
    return missed / whole if whole else None


def bias(forecasts: Sequence[float], actuals: Sequence[float]) -> float | None:
    """Σ(F-A) / ΣA; None where nothing came. Above 0: too much was promised.

    >>> bias([90, 120], [100, 100])
    0.05
    """
    whole = sum(actuals)
    return (sum(forecasts) - whole) / whole if whole else None


def coverage(bands: Sequence[tuple[float, float]], actuals: Sequence[float]) -> float | None:
    """The share of actuals inside their band; None without any.

    >>> coverage([(80, 120), (80, 120)], [100, 130])
    0.5
    """
    if not actuals:
        return None
    held = (low <= came <= high for (low, high), came in zip(bands, actuals, strict=True))
    return sum(held) / len(actuals)


def deal_score(chances: Sequence[float], won: Sequence[bool]) -> DealScore:
    """Brier score (mean squared error), log loss, and calibration in ten bins."""
    pairs = list(zip(chances, won, strict=True))
    if not pairs:
        return DealScore(None, None, calibration(chances, won), 0)
    brier = math.fsum((chance - came) ** 2 for chance, came in pairs) / len(pairs)
    loss = math.fsum(_loss(chance, came=came) for chance, came in pairs) / len(pairs)
    return DealScore(brier, loss, calibration(chances, won), len(pairs))


def calibration(chances: Sequence[float], won: Sequence[bool]) -> tuple[Bin, ...]:
    """Ten bins of equal width; a certain 1 is in the last one."""
    members: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for chance, came in zip(chances, won, strict=True):
        members[min(int(chance * BINS), BINS - 1)].append((chance, came))
    return tuple(_bin(number, pairs) for number, pairs in enumerate(members))


def _bin(number: int, pairs: Sequence[tuple[float, bool]]) -> Bin:
    n = len(pairs)
    stated = math.fsum(chance for chance, _ in pairs) / n if n else None
    came_true = sum(came for _, came in pairs) / n if n else None
    return Bin(number / BINS, (number + 1) / BINS, n, stated, came_true)


def _loss(chance: float, *, came: bool) -> float:
    kept = min(max(chance, _SMALLEST), 1 - _SMALLEST)
    return -math.log(kept if came else 1 - kept)
