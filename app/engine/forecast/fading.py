"""What is left of the chance that a deal had when it arrived: the measure of a dead horse.

Asked is the chance of an order within the time that winners take from there. The chance of an
order at any time says nothing about deals that nobody ever closes: in their bucket nothing happens
at all, so whatever the rates lean to would be all that is told of them, however long they stand.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from app.engine.flow.facts import Facts, Numbers, Outcome
from app.engine.forecast.fit import Rates
from app.engine.forecast.roll import roll

SHORTEST, LONGEST, USUAL = 7.0, 730.0, 91.0  # days


def horizon(p90: float | None) -> float:
    """The days to look ahead where nine of ten winners take `p90` from there; None: not known.

    >>> horizon(4), horizon(107), horizon(None)
    (7.0, 107.0, 91.0)
    """
    return USUAL if p90 is None else min(max(float(p90), SHORTEST), LONGEST)


def remaining(rates: Rates, horizons: Sequence[float]) -> tuple[Numbers, ...]:
    """Per section and age in steps the chance of an order within the section's horizon (days)."""
    days = sorted(set(horizons))
    table = roll(rates, days)
    return tuple(table.within[days.index(each), section] for section, each in enumerate(horizons))


def buried(facts: Facts, deals: Collection[int]) -> Facts:
    """The facts as they would be had these open deals been given up at their moment."""
    stays = facts.stays
    standing = (stays.outcome == Outcome.OPEN) & (stays.left >= facts.at)
    theirs = standing & np.isin(stays.deal, sorted(deals))
    outcome = np.where(theirs, Outcome.LOST, stays.outcome)
    return replace(facts, stays=replace(stays, outcome=outcome))
