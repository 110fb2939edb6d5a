"""The chance of each deal to be won at all, as it stands and as it stood when it arrived."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.engine.forecast.fit import Rates, evidences
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
    known: list[list[float]] = [by_age.tolist() for by_age in ever(rates)]
    seen = evidences(rates, sections, ages)
    found = []
    for section, age, evidence in zip(sections, ages, seen, strict=True):
        by_age = known[section]
        column = min(int(age / rates.step), len(by_age) - 1)
        found.append(Chance(by_age[column], by_age[0], evidence))
    return found
