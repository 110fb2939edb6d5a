"""The chance to get to a milestone, as the forecast's rates know the chance of an order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.engine.flow.facts import Numbers
from app.engine.forecast.fit import Rates, SectionRates
from app.engine.forecast.roll import ever, roll


@dataclass(frozen=True, slots=True)
class Reach:
    """The chance to get to the next milestone or beyond: at all, and within some days."""

    ever: float
    within: float


def until(rates: Rates, goal: int) -> Rates:
    """The same rates with milestone `goal` (counted from 0) as the end of the way: rolled, they
    tell the chance to get there or beyond instead of that of an order."""
    return replace(
        rates,
        sections=tuple(
            _ending(section, goal - place) for place, section in enumerate(rates.sections[:goal])
        ),
    )


def next_reach(
    rates: Rates, sections: Sequence[int], ages: Sequence[float], days: float
) -> list[Reach]:
    """Per deal, by its section and its age there in days."""
    asked = sorted(set(sections))
    known = {section: _known(rates, section, days) for section in asked}
    found = []
    for section, age in zip(sections, ages, strict=True):
        at_all, soon = known[section]
        column = min(int(age / rates.step), len(at_all) - 1)
        later = min(int(age / rates.step), len(soon) - 1)
        found.append(Reach(float(at_all[column]), float(soon[later])))
    return found


def _known(rates: Rates, section: int, days: float) -> tuple[Numbers, Numbers]:
    """By age in steps. Only the section itself matters on the way to the next milestone."""
    alone = replace(rates, sections=(_ending(rates.sections[section], 1),))
    [at_all] = ever(alone)
    if days <= 0:
        return at_all, np.zeros(1)
    return at_all, roll(alone, [days]).within[0, 0]


def _ending(section: SectionRates, goals: int) -> SectionRates:
    """With everything from the last of so many goals on as one."""
    onward = section.onward
    beyond = onward[goals - 1 :].sum(axis=0, keepdims=True)
    return replace(section, onward=np.concatenate([onward[: goals - 1], beyond]))
