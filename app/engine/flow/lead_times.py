"""How long it takes those that go on: through a section, and from a milestone to the order.

Slow deals are still open when the fast ones have long gone on; so the times of those that went on
are corrected for those still watched. Medians of sections must not be added. What is added are
the whole distributions, in days.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from app.engine.flow.facts import Facts, Flags, Numbers, Outcome, Stays
from app.engine.flow.incidence import incidence, watched

ENOUGH = 10  # conversions; with fewer, the process's own idea of typical days is used
NEXT_TO_NOTHING = 1e-9
MEDIAN_OF_ERLANG = 1.6783469900166612  # of two stages of mean 1


class LagSource(StrEnum):
    OBSERVED = "observed"
    DEFAULT = "default"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Lag:
    """`share[d]` of those that get there take d days; they sum to 1, or nothing is known."""

    share: list[float]
    n: int
    source: LagSource


@dataclass(frozen=True, slots=True)
class LeadTime:
    """In days; the mean is exact, the others are whole days. `n` conversions were seen."""

    mean: float | None
    p50: float | None
    p80: float | None
    p90: float | None
    n: int
    source: LagSource


WEAKER = tuple(LagSource)
UNKNOWN = Lag([], 0, LagSource.UNKNOWN)


def dwell(facts: Facts, section: int, chosen: Sequence[bool] | Flags) -> Lag:
    """The days that the chosen stays of a section took to the next milestone, without those on
    hold, as they will be when all are decided.

    Where a milestone was skipped the days are not known; those stays are left out.
    """
    of_section = np.asarray(chosen, dtype=bool) & (facts.stays.section == section)
    stays = facts.stays.where(of_section & ~_skipping(facts.stays))
    seen = watched(stays, facts.since, facts.at)
    found = incidence(seen.days, seen.outcome, since=seen.since)
    if not found.share:
        return UNKNOWN
    mass = np.diff(found.curve, prepend=0.0)
    return Lag(_daily(found.days, mass).tolist(), found.advanced, LagSource.OBSERVED)


def typical(days: float | None) -> Lag:
    """What a median of so many days amounts to: the sum of two equal waiting times (a gamma
    distribution of shape 2), which few pass at once and few pass very late."""
    if days is None:
        return UNKNOWN
    scale = days / MEDIAN_OF_ERLANG
    if scale <= 0:
        return Lag([1.0], 0, LagSource.DEFAULT)
    ages = (np.arange(math.ceil(25 * scale) + 2) - 0.5).clip(0) / scale
    by_then = 1 - np.exp(-ages) * (1 + ages)
    return Lag(_whole(np.diff(by_then)).tolist(), 0, LagSource.DEFAULT)


def or_typical(lag: Lag, days: float | None) -> Lag:
    """What was observed, or the typical days where that is too little."""
    if lag.n >= ENOUGH or days is None:
        return lag
    assumed = typical(days)
    return Lag(assumed.share, lag.n, assumed.source)


def to_order(
    facts: Facts, chosen: Sequence[bool] | Flags, typical_days: Sequence[float | None]
) -> list[Lag]:
    """From each milestone but the last to the order; `typical_days` by section."""
    sections = [
        or_typical(dwell(facts, section, chosen), days) for section, days in enumerate(typical_days)
    ]
    return summed(sections)


def summed(sections: Sequence[Lag]) -> list[Lag]:
    """The time through each section and all after it, as if they took their times independently.

    `n` is that of the section with the fewest conversions. Unknown in one is unknown before it.
    """
    lags = [sections[-1]] if sections else []
    for section in reversed(sections[:-1]):
        lags.append(_after_one_another(section, lags[-1]))
    return lags[::-1]


def lead_time(lag: Lag) -> LeadTime:
    if not lag.share:
        return LeadTime(None, None, None, None, lag.n, lag.source)
    mean = float(np.dot(np.arange(len(lag.share)), lag.share))
    p50, p80, p90 = (quantile(lag, share) for share in (0.5, 0.8, 0.9))
    return LeadTime(mean, p50, p80, p90, lag.n, lag.source)


def quantile(lag: Lag, share: float) -> float | None:
    """The first whole day by which that share has got there."""
    if not lag.share:
        return None
    by_then = np.cumsum(lag.share)
    day = int(np.searchsorted(by_then, share - NEXT_TO_NOTHING))
    return float(min(day, len(by_then) - 1))


def feed_by(lag: Lag, end: float, share: float) -> float | None:
    """The day by which to arrive so that this share of those that will order does so by `end`."""
    days = quantile(lag, share)
    return None if days is None else end - days


def _skipping(stays: Stays) -> Flags:
    """Stays that begin or end with a milestone that was skipped: reached, but no one knows when."""
    ends = np.zeros(len(stays.deal), dtype=bool)
    follows = (stays.deal[1:] == stays.deal[:-1]) & (stays.section[1:] == stays.section[:-1] + 1)
    ends[:-1] = follows & stays.implied[1:] & (stays.outcome[:-1] == Outcome.ADVANCED)
    return stays.implied | ends


def _daily(days: Numbers, mass: Numbers) -> Numbers:
    """Each time is divided between the two whole days around it, so that the mean stays."""
    below = np.floor(days).astype(np.int64)
    late = days - below
    length = int(below[-1]) + 2
    share = np.zeros(length)
    np.add.at(share, below, mass * (1 - late))
    np.add.at(share, below + 1, mass * late)
    return _whole(share)


def _after_one_another(first: Lag, then: Lag) -> Lag:
    n = min(first.n, then.n)
    source = max(first.source, then.source, key=WEAKER.index)
    if source is LagSource.UNKNOWN:
        return Lag([], n, source)
    return Lag(_whole(np.convolve(first.share, then.share)).tolist(), n, source)


def _whole(share: Numbers) -> Numbers:
    """Without a tail that says nothing, and summing to 1."""
    rest = np.cumsum(share[::-1])[::-1]
    kept: Numbers = share[: int(np.count_nonzero(rest > NEXT_TO_NOTHING * rest[0]))]
    return np.asarray(kept / kept.sum())
