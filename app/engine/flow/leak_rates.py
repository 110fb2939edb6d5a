"""What share of the opportunities leaves, among those that may still go on: the leak of a group."""

from collections.abc import Sequence

import numpy as np

from app.engine.flow.estimates import OBSERVED, Estimate, estimate, given
from app.engine.flow.facts import Facts, Outcome
from app.engine.flow.incidence import incidence, watched

Span = tuple[float, float]


def leak_rate(
    facts: Facts, chosen: Sequence[bool], span: Span, parent: float | None = None
) -> Estimate:
    """The share of the chosen stays, of arrivals within [start, end), that ends with an exit.

    By Aalen and Johansen, with going on as the competing risk; drawn to `parent`.
    """
    entered = facts.stays.entered
    here = np.asarray(chosen, dtype=bool) & (entered >= span[0]) & (entered < span[1])
    here &= (facts.stays.left > facts.since) | (entered >= facts.since)
    stays = facts.stays.where(here)
    seen = watched(stays, facts.since, facts.at)
    left, on = seen.outcome == Outcome.LOST, seen.outcome == Outcome.ADVANCED
    turned = np.where(left, Outcome.ADVANCED, np.where(on, Outcome.LOST, Outcome.OPEN))
    found = incidence(seen.days, turned, since=seen.since)
    above = given(parent, OBSERVED)
    return estimate(found.share, found.n, found.n_eff, above, settled=found.plateau)
