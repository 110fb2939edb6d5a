"""Dead horses: how many of those given up were won after all, and how many were found."""

from dataclasses import dataclass

import numpy as np

from app.engine.decay import State, judge
from app.engine.flow.facts import Facts, Outcome, cut, standing
from app.engine.forecast import Prior, chances, fit


@dataclass(frozen=True, slots=True)
class Found:
    """`flagged` deals, the share of them won later, and the share of the never won flagged."""

    flagged: int
    later_won: float
    of_never_won: float


def dead_horses(history: Facts, step_days: float) -> Found:
    """Walks through the record and flags with what was known at each moment."""
    prior = Prior([None] * history.sections, [None] * history.sections)
    flagged: set[int] = set()
    for at in np.arange(history.since + step_days, history.at + 1e-9, step_days):
        known = cut(history, float(at))
        there = standing(known)
        found = chances(fit(known, prior), there.section.tolist(), there.age.tolist())
        verdicts = [
            judge(each.now, each.on_arrival, each.evidence, float(age), None, None)
            for each, age in zip(found, there.age, strict=True)
        ]
        flagged |= {
            int(deal)
            for deal, verdict in zip(there.deal, verdicts, strict=True)
            if verdict.state is State.DEAD
        }
    stays = history.stays
    wins = set(stays.deal[stays.outcome == Outcome.ADVANCED].tolist())
    never = set(stays.deal.tolist()) - wins
    return Found(
        len(flagged), len(flagged & wins) / max(len(flagged), 1), len(flagged & never) / len(never)
    )
