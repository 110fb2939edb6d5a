"""Many acts by one hand at once: what was written down of them says nothing about when they fell
due."""

import numpy as np

from app.engine.flow.facts import Flags, Places

MASS = 20
WITHIN = 5 * 60 * 1_000_000  # five minutes, in ticks, before and after


def in_mass(hand: Places, at: Places, counts: Flags) -> Flags:
    """Which acts were within minutes of so many, by the same hand, that count."""
    found = np.zeros(len(at), dtype=bool)
    order = np.lexsort((at, hand))
    ends = np.flatnonzero(np.diff(hand[order])) + 1
    for mine in np.split(order, ends):
        when = at[mine]
        before = np.concatenate([[0], np.cumsum(counts[mine])])
        first = np.searchsorted(when, when - WITHIN, side="left")
        last = np.searchsorted(when, when + WITHIN, side="right")
        found[mine] = before[last] - before[first] >= MASS
    return found
