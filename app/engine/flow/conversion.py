"""What share of the opportunities goes through each section, by number and by value."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.flow.estimates import Estimate, estimate, given
from app.engine.flow.facts import Facts, Flags, Mask, Numbers, Outcome, Stays
from app.engine.flow.incidence import Incidence, Watched, incidence, watched
from app.engine.flow.lead_times import Lag, LeadTime, dwell, lead_time, or_typical

ENDS = (Outcome.ADVANCED, Outcome.LOST)
SHORTEST = 30.0  # days that a cohort has had at least, before it is called mature


@dataclass(frozen=True, slots=True)
class Section:
    """One section (from 0), for the arrivals at its milestone within the window.

    `entered` of them, whose stays were seen: `advanced`, `lost` (its exits) or still `open`.
    `count` and `value` are the shares that go on. Beside them, never to be calculated with:
    `resolved` is the share among the decided, `mature` that among arrivals old enough, `flow` the
    arrivals at the next milestone per arrival in the same window, which are other deals and may
    be more. `retention` is what those that went on were worth then, per what they were worth
    before (`retention_n` of known value), `concession` the difference. `undecided` is the share
    of which nothing can be said yet, `plateau` whether it is small; `capped` deals were too
    large to be taken at their full value. `lag` is what `dwell` was told from, as observed.
    """

    section: int
    entered: int
    advanced: int
    lost: int
    open: int
    count: Estimate
    value: Estimate
    retention: float | None
    retention_n: int
    concession: float | None
    resolved: float | None
    mature: float | None
    flow: float | None
    undecided: float
    plateau: bool
    capped: int
    dwell: LeadTime
    lag: Lag


def sections(
    facts: Facts,
    chosen: Sequence[Mask],
    window: tuple[float, float],
    targets: Sequence[Estimate | float | None],
    half_life: float | None = None,
    winsor: float | None = None,
    typical_days: Sequence[float | None] = (),
) -> list[Section]:
    """Every section, for arrivals within [start, end) of `window`.

    `chosen` are masks over the stays from the broadest scope to the one that is asked about: each
    is shrunk to the one before, the first to `targets` (by section, a number or `given(…)`). With
    a `half_life`, an arrival so many days before the end of the window weighs half. `winsor` (0.95:
    the 95th percentile of the broadest scope) is the value above which none counts more.
    `typical_days`, by section, stand in for the dwell of fewer than 10 conversions.
    """
    scopes = [
        np.asarray(mask, dtype=bool) & _within(facts.stays.entered, window) for mask in chosen
    ]
    found = []
    for section, target in enumerate(targets):
        here = facts.stays.section == section
        cohorts = [
            _Cohort.of(facts, facts.stays.where(scope & here), window, half_life)
            for scope in scopes
        ]
        lag = dwell(facts, section, scopes[-1])
        days = or_typical(lag, typical_days[section] if typical_days else None)
        flow = _flow(facts.stays.where(np.asarray(chosen[-1], dtype=bool) & here), window)
        parent = target if isinstance(target, Estimate) else given(target)
        found.append(_section(section, cohorts, parent, winsor, flow, (lead_time(days), lag)))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Cohort:
    """The arrivals of one scope at one milestone, and the part of their stays that was seen."""

    stays: Stays
    seen: Watched
    recency: Numbers
    since: float
    at: float

    @classmethod
    def of(
        cls, facts: Facts, stays: Stays, window: tuple[float, float], half_life: float | None
    ) -> "_Cohort":
        stays = stays.where((stays.left > facts.since) | (stays.entered >= facts.since))
        ages = window[1] - stays.entered
        recency = np.ones(len(ages)) if half_life is None else 0.5 ** (ages / half_life)
        return cls(stays, watched(stays, facts.since, facts.at), recency, facts.since, facts.at)

    def by_number(self) -> Incidence:
        weights = None if (self.recency == 1).all() else self.recency
        return incidence(self.seen.days, self.seen.outcome, weights, self.seen.since)

    def by_value(self, cap: float) -> Incidence:
        known = ~np.isnan(self.stays.value)
        weights = (np.minimum(self.stays.value, cap) * self.recency)[known]
        seen = self.seen
        return incidence(seen.days[known], seen.outcome[known], weights, seen.since[known])


def _section(
    section: int,
    cohorts: Sequence[_Cohort],
    parent: Estimate,
    winsor: float | None,
    flow: float | None,
    times: tuple[LeadTime, Lag],
) -> Section:
    days, lag = times
    cap = _cap(cohorts[0].stays.value, winsor)
    numbers = [cohort.by_number() for cohort in cohorts]
    values = [cohort.by_value(cap) for cohort in cohorts]
    cohort, number = cohorts[-1], numbers[-1]
    advanced, lost = (int((cohort.stays.outcome == end).sum()) for end in ENDS)
    retention, retention_n, concession = _retention(cohort.stays)
    return Section(
        section=section,
        entered=len(cohort.stays.deal),
        advanced=advanced,
        lost=lost,
        open=len(cohort.stays.deal) - advanced - lost,
        count=_shrunk_along(numbers, parent),
        value=_shrunk_along(values, parent),
        retention=retention,
        retention_n=retention_n,
        concession=concession,
        resolved=_ratio(advanced, advanced + lost),
        mature=_mature(cohort, days),
        flow=flow,
        undecided=number.undecided,
        plateau=number.plateau,
        capped=int((cohort.stays.value > cap).sum()),
        dwell=days,
        lag=lag,
    )


def _shrunk_along(found: Sequence[Incidence], parent: Estimate) -> Estimate:
    """From the broadest scope to the narrowest, each drawn to the one before."""
    for scope in found:
        parent = estimate(
            scope.share,
            scope.n,
            scope.n_eff,
            parent,
            decided=scope.decided,
            settled=scope.plateau,
        )
    return parent


def _cap(value: Numbers, winsor: float | None) -> float:
    known = value[~np.isnan(value)]
    return float(np.quantile(known, winsor)) if winsor is not None and len(known) else np.inf


def _retention(stays: Stays) -> tuple[float | None, int, float | None]:
    """What those that went on were worth then, per what they were worth before; how many of known
    value; and what they lost in value."""
    moved = stays.where(
        (stays.outcome == Outcome.ADVANCED) & ~np.isnan(stays.value + stays.next_value)
    )
    before, after = float(moved.value.sum()), float(moved.next_value.sum())
    if before <= 0:
        return None, len(moved.deal), None
    return after / before, len(moved.deal), before - after


def _mature(cohort: _Cohort, days: LeadTime) -> float | None:
    """Of the arrivals that have had the time that nine in ten converters take, the share that had
    gone on within it. Those that fell out of sight before are left out."""
    if days.p90 is None:
        return None
    horizon = max(SHORTEST, days.p90)
    stays = cohort.stays
    old = (stays.entered <= cohort.at - horizon) & (stays.entered >= cohort.since)
    seen = (stays.outcome != Outcome.OPEN) | (stays.days >= horizon)
    within = (stays.outcome == Outcome.ADVANCED) & (stays.days <= horizon)
    return _ratio(int((old & within).sum()), int((old & seen).sum()))


def _flow(stays: Stays, window: tuple[float, float]) -> float | None:
    arrived = (stays.outcome == Outcome.ADVANCED) & _within(stays.left, window)
    return _ratio(int(arrived.sum()), int(_within(stays.entered, window).sum()))


def _within(days: Numbers, window: tuple[float, float]) -> Flags:
    return np.asarray((days >= window[0]) & (days < window[1]), dtype=bool)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
