"""What share of the opportunities leaves, among those that may still go on: the leak of a group."""

import numpy as np

from app.engine.flow.estimates import OBSERVED, Estimate, estimate, given
from app.engine.flow.facts import Facts, Mask, Outcome
from app.engine.flow.incidence import Incidence, incidence, watched

Span = tuple[float, float]


def leak_rate(facts: Facts, chosen: Mask, span: Span, parent: float | None = None) -> Estimate:
    """The share of the chosen stays, of arrivals within [start, end), that ends with an exit.

    By Aalen and Johansen, with going on as the competing risk; drawn to `parent`. Whether it is
    still to change is another question than how many were seen: see `unsettled`.
    """
    found = _exits(facts, chosen, span)
    return estimate(found.share, found.n, found.n_eff, given(parent, OBSERVED))


def unsettled(facts: Facts, chosen: Mask, span: Span) -> bool:
    """Whether so many of them still stand there that their leak rate may yet change much."""
    return not _exits(facts, chosen, span).plateau


def _exits(facts: Facts, chosen: Mask, span: Span) -> Incidence:
    entered = facts.stays.entered
    here = np.asarray(chosen, dtype=bool) & (entered >= span[0]) & (entered < span[1])
    here &= (facts.stays.left > facts.since) | (entered >= facts.since)
    stays = facts.stays.where(here)
    seen = watched(stays, facts.since, facts.at)
    left, on = seen.outcome == Outcome.LOST, seen.outcome == Outcome.ADVANCED
    turned = np.where(left, Outcome.ADVANCED, np.where(on, Outcome.LOST, Outcome.OPEN))
    return incidence(seen.days, turned, since=seen.since)
