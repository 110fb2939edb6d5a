"""The chance of each deal to be won at all, as it stands and as it stood when it arrived."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.flow.facts import Numbers, Places
from app.engine.forecast.fit import Rates, evidence_at


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
    here, days = np.asarray(sections, dtype=np.int64), np.asarray(ages, dtype=float)
    seen = evidence_at(rates, here, days).tolist()
    now = chances_now(rates, by_age, here, days).tolist()
    each = zip(now, sections, seen, strict=True)
    return [Chance(chance, known[section][0], evidence) for chance, section, evidence in each]


def chances_now(
    rates: Rates,
    by_age: Sequence[Numbers],
    sections: Places,
    ages: Numbers,
) -> Numbers:
    """The first part of the same."""
    columns = (ages / rates.step).astype(np.int64)
    found = np.zeros(len(sections))
    for section, known in enumerate(by_age):
        mine = sections == section
        found[mine] = known[np.minimum(columns[mine], len(known) - 1)]
    return found
