"""What is left of the chance that a deal had when it arrived: the measure of a dead horse.

Asked is the chance of an order within the time that winners take from there. The chance of an
order at any time says nothing about deals that nobody ever closes: in their bucket nothing happens
at all, so whatever the rates lean to would be all that is told of them, however long they stand.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from app.engine.flow.facts import Facts, Outcome
from app.engine.forecast.chances import Chance
from app.engine.forecast.fit import Rates, evidences
from app.engine.forecast.roll import roll

SHORTEST, LONGEST, USUAL = 7.0, 730.0, 91.0  # days


def horizon(p90: float | None) -> float:
    """The days to look ahead where nine of ten winners take `p90` from there; None: not known.

    >>> horizon(4), horizon(107), horizon(None)
    (7.0, 107.0, 91.0)
    """
    return USUAL if p90 is None else min(max(float(p90), SHORTEST), LONGEST)


def faded(
    rates: Rates, horizons: Sequence[float], sections: Sequence[int], ages: Sequence[float]
) -> list[Chance]:
    """Per deal, by its section and its age there in days: the chance of an order within the
    section's horizon, now and on arrival, and the exits that the age's bucket rests on."""
    days = sorted(set(horizons))
    table = roll(rates, days)
    known: list[list[float]] = [
        table.within[days.index(each), section].tolist() for section, each in enumerate(horizons)
    ]
    seen = evidences(rates, sections, ages)
    last = table.within.shape[2] - 1
    found = []
    for section, age, evidence in zip(sections, ages, seen, strict=True):
        now = known[section][min(int(age / rates.step), last)]
        found.append(Chance(now, known[section][0], evidence))
    return found


def buried(facts: Facts, deals: Collection[int]) -> Facts:
    """The facts as they would be had these open deals been given up at their moment."""
    stays = facts.stays
    standing = (stays.outcome == Outcome.OPEN) & (stays.left >= facts.at)
    theirs = standing & np.isin(stays.deal, sorted(deals))
    outcome = np.where(theirs, Outcome.LOST, stays.outcome)
    return replace(facts, stays=replace(stays, outcome=outcome))
