"""What is left of the chance that a deal had when it arrived: the measure of a dead horse.

Asked is the chance of an order within the time that winners take from there. The chance of an
order at any time says nothing about deals that nobody ever closes: in their bucket nothing happens
at all, so whatever the rates lean to would be all that is told of them, however long they stand.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from app.engine.flow.facts import Facts, Flags, Numbers, Outcome, Places
from app.engine.forecast.chances import chances_now
from app.engine.forecast.fit import Rates, evidence_at
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


def below(
    rates: Rates,
    left: Sequence[Numbers],
    sections: Places,
    ages: Numbers,
    share: float,
    evidence: float,
) -> Flags:
    """Which of these deals have less than that share of their chance on arrival left, where at
    least so much evidence is there to believe it."""
    now = chances_now(rates, left, sections, ages)
    first = np.array([float(each[0]) for each in left])[sections]
    seen = evidence_at(rates, sections, ages)
    gone: Flags = (first > 0) & (now / np.where(first > 0, first, 1.0) < share) & (seen >= evidence)
    return gone


def buried(facts: Facts, deals: Collection[int]) -> Facts:
    """The facts as they would be had these open deals been given up at their moment."""
    stays = facts.stays
    standing = (stays.outcome == Outcome.OPEN) & (stays.left >= facts.at)
    theirs = standing & np.isin(stays.deal, sorted(deals))
    outcome = np.where(theirs, Outcome.LOST, stays.outcome)
    return replace(facts, stays=replace(stays, outcome=outcome))
