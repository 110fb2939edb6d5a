"""Whether a section has changed lately: do deals of the same age go on, or leave, as they did?

Each day of a deal counts for the span of time it lies in, not for the span in which the deal came
or ended. So a slow old deal does not make the recent past look slow.
"""

import math
from dataclasses import dataclass

import numpy as np

from app.engine.flow.estimates import Status, status_of
from app.engine.flow.facts import Facts, Mask, Outcome, Stays
from app.engine.flow.incidence import Watched, age_at, at_risk, incidence, watched

LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Span:
    """A section within a span of time, as if its deals had always met what they met then: `rate`
    of them go on, half of those within `median_days`."""

    n: int
    advanced: int
    lost: int
    rate: float | None
    median_days: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """How often something happens to deals of the same age, recently per before: `ratio` below 1
    is less often. `p` is the chance of a difference as large with nothing changed, None when there
    is too little to compare."""

    ratio: float | None
    p: float | None


@dataclass(frozen=True, slots=True)
class Drift:
    section: int
    before: Span
    recent: Span
    advancing: Change
    leaving: Change
    status: Status
    drifted: bool


def drift(
    facts: Facts,
    split: float,
    start: float | None = None,
    chosen: Mask | None = None,
    level: float = LEVEL,
) -> list[Drift]:
    """The span from `split` to now, compared with that from `start` (or the first day on record)
    to `split`, for every section.

    Going on and leaving are tested apart (log-rank, each cause by itself), each at half the level:
    a section in which nothing changed is said to have drifted in about 5 % of the cases. With
    fewer than 10 decided in either span nothing is tested.
    """
    mine = np.ones(len(facts.stays.deal), dtype=bool) if chosen is None else np.asarray(chosen)
    first = facts.since if start is None else max(start, facts.since)
    return [
        _drift(section, facts.stays.where(mine & (facts.stays.section == section)), spans, level)
        for section in range(facts.sections)
        for spans in [((first, split), (split, facts.at))]
    ]


def _drift(
    section: int,
    stays: Stays,
    spans: tuple[tuple[float, float], tuple[float, float]],
    level: float,
) -> Drift:
    before, recent = (_within(stays, *span) for span in spans)
    told = [_span(seen) for seen in (before, recent)]
    status = status_of(min(span.advanced + span.lost for span in told))
    advancing, leaving = (
        _change(before, recent, cause, enough=status is not Status.INSUFFICIENT)
        for cause in (Outcome.ADVANCED, Outcome.LOST)
    )
    drifted = any(change.p is not None and change.p < level / 2 for change in (advancing, leaving))
    return Drift(section, told[0], told[1], advancing, leaving, status, drifted)


def _within(stays: Stays, first: float, until: float) -> Watched:
    seen = watched(stays, first, until)
    there = (stays.entered <= until) & ((seen.days > seen.since) | (stays.entered >= first))
    return Watched(seen.days[there], seen.outcome[there], seen.since[there])


def _span(seen: Watched) -> Span:
    found = incidence(seen.days, seen.outcome, since=seen.since)
    median = age_at(found.days, found.curve, 0.5)
    return Span(found.n, found.advanced, found.lost, found.share, median)


def _change(before: Watched, recent: Watched, cause: Outcome, *, enough: bool) -> Change:
    """The log-rank test of one cause; the other counts as going out of sight."""
    happened = [seen.days[seen.outcome == cause] for seen in (before, recent)]
    ages, number = np.unique(np.concatenate(happened), return_counts=True)
    late, all_ = at_risk(ages, recent), at_risk(ages, before) + at_risk(ages, recent)
    expected = number * late / all_
    variance = expected * (1 - late / all_) * (all_ - number) / np.maximum(all_ - 1, 1)
    seen, due, spread = len(happened[1]), float(expected.sum()), float(variance.sum())
    if not enough or spread <= 0:
        return Change(None, None)
    return Change(
        ratio=_ratio(seen, due, len(happened[0]), float(number.sum()) - due),
        p=math.erfc(abs(seen - due) / math.sqrt(2 * spread)),
    )


def _ratio(seen: int, due: float, seen_before: int, due_before: float) -> float | None:
    return seen / due * due_before / seen_before if seen_before and due > 0 else None
