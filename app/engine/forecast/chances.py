"""The chance of each deal to be won at all, as it stands and as it stood when it arrived."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.flow.facts import Numbers
from app.engine.forecast.fit import Rates, evidences


@dataclass(frozen=True, slots=True)
class Chance:
    """Of an order ever: now, and on arrival in this section. `evidence` is how many exits,
    observed or expected, the bucket of this age rests on."""

    now: float
    on_arrival: float
    evidence: float


def chances(
    rates: Rates, by_age: Sequence[Numbers], sections: Sequence[int], ages: Sequence[float]
) -> list[Chance]:
    """Per deal, by its section and its age there in days; `by_age` is per section the chance by
    age in steps, as `ever` tells it."""
    known: list[list[float]] = [each.tolist() for each in by_age]
    seen = evidences(rates, sections, ages)
    now = chances_now(rates, by_age, sections, ages)
    each = zip(now, sections, seen, strict=True)
    return [Chance(chance, known[section][0], evidence) for chance, section, evidence in each]


def chances_now(
    rates: Rates, by_age: Sequence[Numbers], sections: Sequence[int], ages: Sequence[float]
) -> list[float]:
    """The first part of the same."""
    here = np.asarray(sections, dtype=np.int64)
    columns = (np.asarray(ages, dtype=float) / rates.step).astype(np.int64)
    found = np.zeros(len(here))
    for section, known in enumerate(by_age):
        mine = here == section
        found[mine] = known[np.minimum(columns[mine], len(known) - 1)]
    told: list[float] = found.tolist()
    return told
