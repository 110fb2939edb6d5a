"""Dead horses: how many of those given up were won after all, and how many were found."""

from dataclasses import dataclass

import numpy as np

from app.engine.decay import State, judge
from app.engine.flow.facts import Facts, Outcome, cut, standing
from app.engine.flow.lead_times import quantile, to_order
from app.engine.forecast import Prior, fit
from app.engine.forecast.fading import faded, horizon


@dataclass(frozen=True, slots=True)
class Found:
    """`flagged` deals, the share of them won later, and the share of the never won flagged."""

    flagged: int
    later_won: float
    of_never_won: float


def dead_horses(history: Facts, step_days: float) -> Found:
    """Walks through the record and flags with what was known at each moment."""
    flagged: set[int] = set()
    for at in np.arange(history.since + step_days, history.at + 1e-9, step_days):
        flagged |= _dead(cut(history, float(at)))
    stays = history.stays
    wins = set(stays.deal[stays.outcome == Outcome.ADVANCED].tolist())
    never = set(stays.deal.tolist()) - wins
    return Found(
        len(flagged), len(flagged & wins) / max(len(flagged), 1), len(flagged & never) / len(never)
    )


def _dead(known: Facts) -> set[int]:
    unstated = [None] * known.sections
    there, everybody = standing(known), [True] * len(known.stays.deal)
    ways = to_order(known, everybody, unstated)
    horizons = [horizon(quantile(way, 0.9)) for way in ways]
    rates = fit(known, Prior(unstated, unstated))
    found = faded(rates, horizons, there.section.tolist(), there.age.tolist())
    return {
        int(deal)
        for deal, age, each in zip(there.deal, there.age, found, strict=True)
        if judge(each.now, each.on_arrival, each.evidence, float(age), None, None).state
        is State.DEAD
    }
