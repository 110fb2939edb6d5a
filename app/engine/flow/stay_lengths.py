"""How long opportunities stay in a section on average, whether they go on or leave."""

import numpy as np

from app.engine.flow.facts import Facts, Mask, Outcome
from app.engine.flow.incidence import incidence, watched


def mean_stay(facts: Facts, section: int, chosen: Mask) -> tuple[float | None, int]:
    """Mean days of the chosen stays, corrected for those still watched, and how many have ended.

    None where none has. Those of whom nothing can be said yet are taken to be like the others.
    """
    mask = np.asarray(chosen, dtype=bool) & (facts.stays.section == section)
    seen = watched(facts.stays.where(mask), facts.since, facts.at)
    ended = np.where(seen.outcome == Outcome.OPEN, Outcome.OPEN, Outcome.ADVANCED)
    found = incidence(seen.days, ended, since=seen.since)
    if not found.share:
        return None, 0
    mass = np.diff(found.curve, prepend=0.0)
    return float(np.dot(found.days, mass) / found.curve[-1]), found.advanced
