"""Since when the closes of opportunities were recorded at all.

A list of opportunities often goes back further than its exits do: what left before it was kept is
not in it, and those that are in it only seem to have lasted. They were watched from the first
close on. Where everything was told from the beginning, they were watched from their arrival.
"""

import numpy as np

from app.engine.flow.facts import Facts, Flags, Outcome
from app.engine.flow.incidence import incidence, watched

MOST_BY_CHANCE = 5.0  # ends that are missing by chance in less than 1 of 100 cases


def begins(facts: Facts) -> float:
    """The first arrival, or the first close where many more ends before it would be expected.

    Expected by what opportunities of the same age in the same section met later.
    """
    if not len(facts.stays.entered):
        return facts.at
    missing = sum(
        _missing(facts, facts.stays.section == section) for section in range(facts.sections)
    )
    return facts.since if missing > MOST_BY_CHANCE else float(facts.stays.entered.min())


def _missing(facts: Facts, here: Flags) -> float:
    """How many of the stays that the first close found should have ended before it."""
    seen = watched(facts.stays.where(here), facts.since, facts.at)
    ended = np.where(seen.outcome == Outcome.OPEN, Outcome.OPEN, Outcome.ADVANCED)
    found = incidence(seen.days, ended, since=seen.since)
    gone = np.concatenate([[0.0], found.curve])
    ages = seen.since[seen.since > 0]
    return float(gone[np.searchsorted(found.days, ages)].sum())
