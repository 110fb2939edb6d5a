"""Rolling rates forward: the chance of an order within some days, by section and age."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from app.engine.flow.facts import Numbers, Places
from app.engine.forecast.fit import Rates, SectionRates

EVER_DAYS = 730.0


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """`within[h, k, a]`: chance of an order within horizon h, from section k at age a (steps).

    `fresh[n, k]`: the same for a deal that just entered section k, within n steps.
    """

    step: float
    within: Numbers
    fresh: Numbers

    def age(self, days: Numbers) -> Places:
        """The column of an age in days; beyond the last bucket's begin nothing changes."""
        last = self.within.shape[2] - 1
        columns: Places = np.minimum(days / self.step, last).astype(np.int64)
        return columns

    def chance(self, section: int, age: float) -> list[float]:
        """Per horizon, cumulative; `age` in days."""
        column = int(self.age(np.array([age]))[0])
        return [float(chance) for chance in self.within[:, section, column]]


def roll(rates: Rates, days: Sequence[float]) -> Table:
    """The table for horizons of so many days, ascending."""
    return roll_all([rates], days)[0]


def roll_all(all_rates: Sequence[Rates], days: Sequence[float]) -> list[Table]:
    """Tables for several rates with the same step and sections, rolled together.

    V_h(k,a) = q_won + sum_j q_j (V_{h-1}(j,0) + V_h(j,0))/2 + (1 - sum q) V_{h-1}(k,a+1): a deal
    that goes on begins the next section half a step later on average. Between two whole steps
    chances are interpolated.
    """
    step, ages = all_rates[0].step, _ages(all_rates)
    chain = [_spread(all_rates, section, ages) for section in range(len(all_rates[0].sections))]
    steps = ceil(max(days) / step)
    now = np.zeros((len(chain), len(all_rates), ages))
    fresh = np.zeros((steps + 1, len(chain), len(all_rates)))
    within = np.zeros((len(days), *now.shape))
    for count in range(1, steps + 1):
        before, now = now, np.empty_like(now)
        for section in range(len(chain) - 1, -1, -1):
            _roll_section(chain[section], section, before, now)
        fresh[count] = now[:, :, 0]
        for horizon, end in enumerate(days):
            part = end / step - (count - 1)
            if 0 < part <= 1:
                within[horizon] = before + part * (now - before)
    return [Table(step, within[:, :, each], fresh[:, :, each]) for each in range(len(all_rates))]


def ever(rates: Rates) -> list[Numbers]:
    """Per section the chance of an order at all, by age in steps up to the last bucket's begin.

    Within two years, that is: a deal that nobody ever closes would come to an end by its tiny
    rates one day, and look alive for it.
    """
    return list(roll(rates, [EVER_DAYS]).within[0])


def advance(rates: Rates, section: int, age: float, days: float) -> float:
    """The chance to reach any further milestone within so many days; `age` in days."""
    found = rates.sections[section]
    remain, reached, onward, total = 1.0, 0.0, found.onward.sum(axis=0), found.total
    steps = days / rates.step
    for count in range(ceil(steps - 1e-9)):
        bucket = found.bucket(age + count * rates.step, rates.step)
        part = min(steps - count, 1.0)
        reached += remain * onward[bucket] * part
        remain *= 1 - total[bucket]
    return float(reached)


def _ages(all_rates: Sequence[Rates]) -> int:
    lasts = (int(found.edges[-1]) for rates in all_rates for found in rates.sections)
    return 1 + max(lasts, default=0)


@dataclass(frozen=True, slots=True, eq=False)
class _Link:
    """One section's rates, per table and age: staying, ordering, and going on to others."""

    stays: Numbers
    orders: Numbers
    goes_on: dict[int, Numbers]


def _spread(all_rates: Sequence[Rates], section: int, ages: int) -> _Link:
    found = [rates.sections[section] for rates in all_rates]
    onward = np.stack([each.onward[:, _buckets(each, ages)] for each in found], axis=1)
    total = np.stack([each.total[_buckets(each, ages)] for each in found])
    goals = {
        section + 1 + goal: onward[goal] for goal in range(len(onward) - 1) if onward[goal].any()
    }
    return _Link(1 - total, onward[-1], goals)


def _buckets(section: SectionRates, ages: int) -> Places:
    return np.searchsorted(section.edges, np.arange(ages), side="right") - 1


def _roll_section(link: _Link, section: int, before: Numbers, now: Numbers) -> None:
    chance = now[section]
    np.multiply(link.stays[:, :-1], before[section, :, 1:], out=chance[:, :-1])
    chance[:, -1] = link.stays[:, -1] * before[section, :, -1]
    chance += link.orders
    for goal, rate in link.goes_on.items():
        chance += rate * (0.5 * (before[goal, :, 0] + now[goal, :, 0]))[:, None]
