"""How far from the expected sum a period may end: quantiles of won value and of orders."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from app.engine.flow.facts import Numbers
from app.engine.forecast.gamma import gamma_quantile

EXACT_UP_TO = 300  # open deals whose sum is worked out on a grid, deal by deal
CELLS = 1024
MIXED = 15  # equally likely values of what all deals have in common
SMALLEST_SHAPE = 0.05
FLOOR = 0.8

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Waves = NDArray[np.complex128]
else:
    Waves = Sequence


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """A sum to come: `worth[i]` with chance `chance[i]`, and deals not there yet.

    Of these `new` wins are expected, worth `new_worth` on average, with the mean square
    `new_square`. `common` is the relative variance of what moves all deals together.
    """

    chance: Numbers
    worth: Numbers
    new: float
    new_worth: float
    new_square: float
    common: float

    @property
    def mean(self) -> float:
        return float(self.chance @ self.worth) + self.new * self.new_worth

    @property
    def own_variance(self) -> float:
        """What would remain were all rates known for certain."""
        deals = float((self.chance * (1 - self.chance)) @ self.worth**2)
        return deals + self.new * self.new_square

    def quantiles(self, shares: Sequence[float]) -> list[float]:
        mean = self.mean
        if mean <= 0:
            return [0.0] * len(shares)
        there = self.worth > 0
        if not there.all():
            mine = replace(self, chance=self.chance[there], worth=self.worth[there])
            return mine.quantiles(shares)
        if len(self.chance) <= EXACT_UP_TO:
            return _exact(self, shares)
        variance = self.own_variance + self.common * mean**2
        return [_gamma(mean, variance, share) for share in shares]


def noise_floor(orders: float, spread: float) -> float | None:
    """The error nobody gets under with so few orders: 0.8 sqrt((1+cv²)/n); `spread` is cv²."""
    return FLOOR * math.sqrt((1 + spread) / orders) if orders > 0 else None


def _gamma(mean: float, variance: float, share: float) -> float:
    if variance <= 0:
        return mean
    shape = max(mean**2 / variance, SMALLEST_SHAPE)
    return gamma_quantile(shape, share) * mean / shape


def _exact(total: Sum, shares: Sequence[float]) -> list[float]:
    """The deals' sum on a grid by its characteristic function, new deals as a compound Poisson,
    then stretched by each likely value of what they have in common."""
    reach = total.mean + 8 * math.sqrt(total.own_variance) + float(total.worth.max(initial=0.0))
    cell = reach / CELLS
    held = np.append(0.0, np.cumsum(_density(total, cell)))
    held = np.maximum.accumulate(held / held[-1])
    edges = cell * (np.arange(CELLS + 1, dtype=float) - 0.5)
    edges[0] = 0.0
    factors = _factors(total.common)
    return [_mixed(held, edges, factors, share) for share in shares]


def _density(total: Sum, cell: float) -> Numbers:
    """Probability per cell; an amount between two cells is divided so that its mean is kept."""
    size = 2 * CELLS
    unit = np.exp(-2j * np.pi * np.arange(size) / size)
    powers = np.arange(CELLS + 1)
    turn = unit[: CELLS + 1]
    wave = np.ones(CELLS + 1, dtype=complex)
    for chance, worth in zip(total.chance, total.worth, strict=True):
        low = int(worth / cell)
        over = worth / cell - low
        wave *= 1 + chance * (unit[powers * low % size] * (1 - over + over * turn) - 1)
    wave *= np.exp(total.new * (_new_wave(total, 2 * np.pi * powers / size / cell) - 1))
    density = np.maximum(np.fft.irfft(wave, size), 0.0)
    kept: Numbers = density[:CELLS]
    return kept


def _new_wave(total: Sum, omega: Numbers) -> Waves:
    """Of one new deal, with gamma-distributed amounts; its own amount where all are alike."""
    spread = total.new_square - total.new_worth**2
    if total.new_worth <= 0 or spread <= 1e-9 * total.new_worth**2:
        wave: Waves = np.exp(-1j * omega * total.new_worth)
        return wave
    shape = max(total.new_worth**2 / spread, SMALLEST_SHAPE)
    scale = total.new_worth / shape
    return np.asarray((1 + 1j * omega * scale) ** -shape, dtype=complex)


def _factors(common: float) -> Numbers:
    if common <= 0:
        return np.ones(1)
    middles = (np.arange(MIXED) + 0.5) / MIXED
    found = np.array([_gamma(1.0, common, float(share)) for share in middles])
    scaled: Numbers = 1 + (found - found.mean()) * math.sqrt(common) / max(found.std(), 1e-12)
    return np.maximum(scaled, 0.02)


def _mixed(held: Numbers, edges: Numbers, factors: Numbers, share: float) -> float:
    low, high = 0.0, float(edges[-1] * factors.max())
    if float(np.interp(0.0, edges, held)) >= share:
        return 0.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        reached = float(np.interp(middle / factors, edges, held).mean())
        low, high = (middle, high) if reached < share else (low, middle)
    return high
