"""The chance of each deal to be won at all, as it stands and as it stood when it arrived."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.engine.forecast.fit import Rates
from app.engine.forecast.roll import ever


@dataclass(frozen=True, slots=True)
class Chance:
    """Of an order ever: now, and on arrival in this section. `evidence` is how many exits,
    observed or expected, the bucket of this age rests on."""

    now: float
    on_arrival: float
    evidence: float


def chances(rates: Rates, sections: Sequence[int], ages: Sequence[float]) -> list[Chance]:
    """Per deal, by its section and its age there in days."""
    known = ever(rates)
    found = []
    for section, age in zip(sections, ages, strict=True):
        by_age = known[section]
        column = min(int(age / rates.step), len(by_age) - 1)
        evidence = rates.sections[section].evidence(age, rates.step)
        found.append(Chance(float(by_age[column]), float(by_age[0]), evidence))
    return found
