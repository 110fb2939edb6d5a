"""What changes when only deals change: the forecast again, with its rates held."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.engine.flow.facts import Facts
from app.engine.forecast.history import history
from app.engine.forecast.outlook import Forecast, contributions
from app.engine.forecast.passages import OPEN, Passages

Place = tuple[int, float]  # section, age in days


@dataclass(frozen=True, slots=True)
class Effect:
    """What one event changes per period, in the units of `Forecast`."""

    value: list[int]
    count: list[int]


def with_rates_held(earlier: Forecast, facts: Facts) -> Forecast:
    """What the deals of other facts contribute at the rates, corrections, weights, new business
    and run-rate of an earlier forecast. Periods lie as far ahead as they did then."""
    standing = history(facts).look(facts.at).seen.standing(facts.at)
    amounts = facts.amount[standing.deal]
    each = contributions(earlier.basis, standing, amounts, earlier.money_scale)
    return replace(
        earlier,
        rows=each,
        unknown_amounts=int(np.isnan(amounts).sum()),
    )


def effect(
    held: Forecast, amount: float | None, before: Place | None, after: Place | None
) -> Effect:
    """Of one deal that goes from one place to another; None where it is not open: not there yet,
    lost, or won. Without an amount it counts as the mean one."""
    old, new = (_at(held, amount, place) for place in (before, after))
    return Effect(_minus(new.value, old.value), _minus(new.count, old.count))


def _at(held: Forecast, amount: float | None, place: Place | None) -> Effect:
    if place is None:
        nothing = [0] * len(held.ends)
        return Effect(nothing, nothing)
    section, age = place
    amounts = np.array([np.nan if amount is None else amount])
    found = contributions(held.basis, _one(section, age), amounts, held.money_scale)
    return Effect(found.value[0].tolist(), found.count[0].tolist())


def _one(section: int, age: float) -> Passages:
    """A deal that stands in `section` for `age` days."""
    none, zero = np.array([0]), np.zeros(1)
    return Passages(
        stay=none,
        deal=none,
        section=np.array([section]),
        entered=zero,
        left=np.array([age]),
        held=zero,
        to=np.array([OPEN]),
        value=zero,
        first=np.array([True]),
    )


def _minus(new: Sequence[int], old: Sequence[int]) -> list[int]:
    return [b - a for a, b in zip(old, new, strict=True)]
