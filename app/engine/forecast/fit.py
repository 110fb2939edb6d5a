"""Rates: how deals leave each section, by how long they have stood there."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from app.engine.flow.facts import Facts, Numbers, Places
from app.engine.forecast.passages import LOST, OPEN, Passages, passages

_GRID = "0 1 2 3 4 5 7 9 12 15 18 21 25 28 30 32 35 42 49 56 63 70 77 84 91 98 105 112 119 126 133"
GRID = tuple(int(age) for age in f"{_GRID} 140 150 165 180 210 240 270 300 365 450 540 730".split())
EVIDENCE = 15  # exits, observed or expected, that make an age bucket of its own
KAPPA = 1.0  # pseudo exits by which a bucket leans to its section; more would revive the dead
PRIOR_WEIGHT = 10.0  # pseudo exits per section that a stated rate is worth
ENOUGH = 60  # own exits of a section after which its stated rate is dropped
DEFAULT_DAYS = 30.0
DRIFT_DAYS, DRIFT_WEIGHT = 91.0, 40.0
LARGEST_STEP = 5
_PRIOR_EDGES = (0.5, 1, 2, 4, 8, 16)  # in typical days


@dataclass(frozen=True, slots=True)
class Prior:
    """What people state per section: the share that goes on, and after how many days typically."""

    conversion: Sequence[float | None]
    typical_days: Sequence[float | None]


@dataclass(frozen=True, slots=True, eq=False)
class SectionRates:
    """How deals leave section k, per step and age bucket.

    Buckets begin at the ages `edges` (in steps); the last one never ends. Row j of `onward` is
    the chance per step to go on to section k+1+j; the last row is the order. `observed` exits and
    `exposure` (deal-steps watched) are plain counts; `expected` is what the section's overall
    rate would have brought. `stated` is the prior's weight in pseudo exits.
    """

    edges: Places
    onward: Numbers
    lost: Numbers
    observed: Numbers
    exposure: Numbers
    expected: Numbers
    stated: float

    @property
    def total(self) -> Numbers:
        """The chance per step to leave at all."""
        total: Numbers = self.onward.sum(axis=0) + self.lost
        return total

    def bucket(self, age: float, step: float) -> int:
        return int(np.searchsorted(self.edges, int(age / step), side="right")) - 1

    def buckets(self, ages: Numbers, step: float) -> Places:
        """The buckets of many ages (in days)."""
        steps = (ages / step).astype(np.int64)
        found: Places = np.searchsorted(self.edges, steps, side="right") - 1
        return found


def evidence_at(rates: "Rates", sections: Places, ages: Numbers) -> Numbers:
    """Per deal the observed or expected exits, whichever are more, at its age (in days) in its
    section."""
    place = places(rates, sections, ages)
    found = np.zeros(len(sections))
    for number, section in enumerate(rates.sections):
        mine = sections == number
        found[mine] = np.maximum(section.observed, section.expected)[place[mine]]
    return found


def places(rates: "Rates", sections: Places, ages: Numbers) -> Places:
    """Per deal the bucket of its section that it stands in at its age (in days)."""
    found = np.zeros(len(ages), dtype=np.int64)
    for number, section in enumerate(rates.sections):
        mine = sections == number
        found[mine] = section.buckets(ages[mine], rates.step)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """`step` is in days."""

    step: float
    sections: tuple[SectionRates, ...]

    @property
    def prior_share(self) -> float:
        """How much of these rates was stated and not seen, 0 to 1."""
        stated = sum(section.stated for section in self.sections)
        seen = sum(float(section.observed.sum()) for section in self.sections)
        return stated / (stated + seen) if stated else 0.0


def fit(
    facts: Facts, prior: Prior, weights: Numbers | None = None, step: float | None = None
) -> Rates:
    """Rates from all that was watched; `weights` (per deal, mean 1) makes rates of value."""
    seen = passages(facts)
    step = step or step_of(seen, prior)
    record = Record(seen, facts.since, facts.at, facts.sections)
    return fit_record(record, prior, step, (None if weights is None else weights[seen.deal],))[0]


class Record(NamedTuple):
    """What was watched from `since` to `at`."""

    seen: Passages
    since: float
    at: float
    sections: int


def step_of(seen: Passages, prior: Prior) -> float:
    """1 day for fast sales, up to 5 for long cycles: a tenth of the median stay that ended."""
    ended = seen.days[seen.to != OPEN]
    stated = [days for days in prior.typical_days if days is not None]
    if len(ended) < ENOUGH:
        typical = float(np.mean(stated)) if stated else DEFAULT_DAYS
    else:
        typical = float(np.median(ended))
    return float(min(max(round(typical / 10), 1), LARGEST_STEP))


def fit_record(
    record: Record, prior: Prior, step: float, weights: Sequence[Numbers | None]
) -> list[Rates]:
    """Rates once per kind of weights (per passage); all share the buckets of the plain count."""
    sections = range(record.sections)
    watched = _watched(record.seen, record.since, step)
    lately = _watched(record.seen, max(record.since, record.at - DRIFT_DAYS), step)
    plain = _count(watched, record.sections, None)
    stated = [_stated(prior, section, step) for section in sections]
    stated = [
        each if each and plain.exits[section].sum() < ENOUGH else None
        for section, each in enumerate(stated)
    ]
    starts = [
        _prior_starts(each) if each else _starts(plain, section)
        for section, each in enumerate(stated)
    ]
    found = []
    for each in weights:
        count = plain if each is None else _count(watched, record.sections, each[watched.kept])
        recent = _count(lately, record.sections, None if each is None else each[lately.kept])
        rates = (
            _section(_Seen(section, starts[section], plain, count, recent), stated[section])
            for section in sections
        )
        found.append(Rates(step, tuple(rates)))
    return found


class _Watched(NamedTuple):
    """Stays in steps: at risk from age `begin` to age `end`, exit in the step before `end`."""

    kept: Places
    section: Places
    to: Places
    begin: Numbers
    end: Numbers


class _Count(NamedTuple):
    """`exits` per section, destination (0 = lost, j = section j) and grid cell; `exposure` per
    section and grid cell."""

    exits: Numbers
    exposure: Numbers


class _Stated(NamedTuple):
    goes_on: float
    per_step: float
    typical_steps: float


class _Seen(NamedTuple):
    """What was counted for one section, whose buckets begin at the cells `starts`: plainly, by
    weight, and by weight of late."""

    section: int
    starts: Places
    plain: _Count
    weighed: _Count
    recent: _Count

    def exits(self, count: _Count) -> Numbers:
        """Per destination and bucket."""
        return np.add.reduceat(count.exits[self.section], self.starts, axis=1)

    def exposure(self, count: _Count) -> Numbers:
        return np.add.reduceat(count.exposure[self.section], self.starts)


def _watched(seen: Passages, since: float, step: float) -> _Watched:
    """Only time we could have seen counts: from `since` on, and an exit takes its whole step."""
    kept = np.flatnonzero(seen.left > since)
    seen = seen.where(kept)
    end, begin = seen.days / step, np.maximum(since - seen.entered, 0.0) / step
    left = seen.to != OPEN
    exit_step = np.maximum(np.ceil(end - 1e-9) - 1, 0)
    end = np.where(left, exit_step + 1, end)
    return _Watched(
        kept, seen.section, seen.to, np.minimum(begin, np.where(left, exit_step, end)), end
    )


def _count(watched: _Watched, sections: int, weights: Numbers | None) -> _Count:
    left = watched.to != OPEN
    cell = cell_of(watched.end[left] - 1)
    goal = np.where(watched.to[left] == LOST, 0, watched.to[left])
    place = (watched.section[left] * (sections + 1) + goal) * len(GRID) + cell
    exits = np.bincount(
        place,
        weights=None if weights is None else weights[left],
        minlength=sections * (sections + 1) * len(GRID),
    ).astype(float)
    late = watched.begin > 0
    exposure = _time(watched.section, watched.end, weights, sections)
    exposure = exposure - _time(
        watched.section[late],
        watched.begin[late],
        None if weights is None else weights[late],
        sections,
    )
    return _Count(exits.reshape(sections, sections + 1, len(GRID)), exposure)


def _time(section: Places, age: Numbers, weights: Numbers | None, sections: int) -> Numbers:
    """Steps spent in each cell of the grid on the way from age 0 to each `age`, summed."""
    cell = cell_of(age)
    place, size = section * len(GRID) + cell, sections * len(GRID)
    inside = age - _grid()[cell]
    reached = np.bincount(place, weights=weights, minlength=size).astype(float)
    partly = np.bincount(
        place, weights=inside if weights is None else inside * weights, minlength=size
    )
    reached = reached.reshape(sections, len(GRID))
    beyond = reached.sum(axis=1, keepdims=True) - np.cumsum(reached, axis=1)
    width = np.append(np.diff(GRID), 0)
    time: Numbers = partly.reshape(sections, len(GRID)) + beyond * width
    return time


@cache
def _grid() -> Places:
    return np.array(GRID)


@cache
def _cells() -> Places:
    """The cell of each age, as far as the grid goes."""
    cells: Places = np.searchsorted(GRID, np.arange(GRID[-1] + 1), side="right") - 1
    return cells


def cell_of(age: Numbers) -> Places:
    """The cell of the grid in which an age in steps lies."""
    cell: Places = _cells()[np.minimum(age, GRID[-1]).astype(np.int64)]
    return cell


def _stated(prior: Prior, section: int, step: float) -> _Stated | None:
    goes_on = prior.conversion[section]
    if goes_on is None:
        return None
    typical = prior.typical_days[section] or DEFAULT_DAYS
    return _Stated(min(max(goes_on, 0.0), 1.0), 1 - 0.5 ** (step / typical), typical / step)


def _starts(plain: _Count, section: int) -> Places:
    """First cells of the buckets: neighbours are merged until observed or expected exits suffice.

    Expected ones matter: a long empty tail stays a bucket of its own, and is evidence of death.
    """
    exits, exposure = plain.exits[section].sum(axis=0), plain.exposure[section]
    expected = exposure * exits.sum() / max(exposure.sum(), 1e-12)
    starts, seen, due = [0], 0.0, 0.0
    for cell in range(len(GRID) - 1):
        seen, due = seen + exits[cell], due + expected[cell]
        if max(seen, due) >= EVIDENCE:
            starts.append(cell + 1)
            seen = due = 0.0
    if len(starts) > 1 and max(seen + exits[-1], due + expected[-1]) < EVIDENCE:
        starts.pop()
    return _joined(np.array(starts), exits)


def _joined(starts: Places, exits: Numbers) -> Places:
    """Empty neighbours are one bucket: together they are the stronger evidence that nothing
    happens at these ages."""
    empty = np.add.reduceat(exits, starts) == 0
    kept: Places = starts[~np.append(False, empty[1:] & empty[:-1])]
    return kept


def _prior_starts(stated: _Stated) -> Places:
    ages = np.array([0.0, *(part * stated.typical_steps for part in _PRIOR_EDGES)])
    cells: Places = np.unique(np.searchsorted(GRID, ages.astype(np.int64)))
    kept: Places = cells[cells < len(GRID)]
    return kept


def _section(seen: _Seen, stated: _Stated | None) -> SectionRates:
    exits, exposure = seen.exits(seen.weighed), seen.exposure(seen.weighed)
    if stated is None:
        rates = _drifted(_observed(exits, exposure), seen)
    else:
        rates = _with_prior(exits, exposure, seen, stated)
    rates = rates / np.maximum(rates.sum(axis=0), 1.0)
    observed, watched = seen.exits(seen.plain).sum(axis=0), seen.exposure(seen.plain)
    return SectionRates(
        edges=_grid()[seen.starts],
        onward=rates[seen.section + 1 :],
        lost=rates[0],
        observed=observed,
        exposure=watched,
        expected=watched * observed.sum() / max(watched.sum(), 1e-12),
        stated=0.0 if stated is None else PRIOR_WEIGHT,
    )


def _observed(exits: Numbers, exposure: Numbers) -> Numbers:
    """q = (exits + kappa * share) / (exposure + kappa / overall rate), per destination."""
    overall = float(exits.sum()) / max(float(exposure.sum()), 1e-12)
    if overall <= 0:
        return np.zeros_like(exits)
    share = exits.sum(axis=1, keepdims=True) / exits.sum()
    rates: Numbers = (exits + KAPPA * share) / (exposure + KAPPA / overall)
    return rates


def _drifted(rates: Numbers, seen: _Seen) -> Numbers:
    """Times what the last quarter brought of what these rates expect, going on and lost apart,
    as if 40 further exits had come as expected. Rates of years would learn of a change too late."""
    exits, exposure = seen.exits(seen.recent).sum(axis=1), seen.exposure(seen.recent)
    expected = rates @ exposure
    onward = (exits[1:].sum() + DRIFT_WEIGHT) / (expected[1:].sum() + DRIFT_WEIGHT)
    lost = (exits[0] + DRIFT_WEIGHT) / (expected[0] + DRIFT_WEIGHT)
    drifted: Numbers = rates * np.append(lost, np.full(len(rates) - 1, onward))[:, None]
    return drifted


def _with_prior(exits: Numbers, exposure: Numbers, seen: _Seen, stated: _Stated) -> Numbers:
    """The stated rate's pseudo exits, spread over the buckets, beside the own ones.

    It falls as 2d/age beyond twice the typical time d, else old open deals would all seem alive.
    """
    edges = _grid()[seen.starts].astype(float)
    middle = np.append((edges[:-1] + edges[1:]) / 2, edges[-1] * 1.3 + 1)
    falling = np.minimum(1.0, 2 * stated.typical_steps / middle)
    weight = PRIOR_WEIGHT / len(edges)
    share = np.zeros((len(exits), 1))
    share[0], share[seen.section + 1] = 1 - stated.goes_on, stated.goes_on
    mixed = (exits + weight * share) / (exposure + weight / (stated.per_step * falling))
    other = exits / np.maximum(exposure, 1.0)
    return np.where(share > 0, mixed, other)
