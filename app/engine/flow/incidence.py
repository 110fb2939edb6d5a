"""How many go on in the end, told from deals of which many are not decided yet.

The share of the decided ones is wrong wherever winning and losing take different time, and the
share of all counts the undecided as lost. Aalen and Johansen's estimator walks along the age of
the deals instead and asks at each age only those that were still there and still watched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.engine.flow.facts import Flags, Numbers, Outcome, Places, Stays

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
else:
    ArrayLike = Sequence

FEWEST = 5  # deals at risk that can carry the curve
HEAVIEST = 2.0  # or one deal may not weigh more than this many times what it did at first
PLATEAU = 0.1  # of all may be undecided where the curve has come to its end,
RISE = 0.04  # and of all may be expected to go on yet
LATE = 0.75  # of the curve's length: what ended after it is taken for what is still to come


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """The shares that had gone on and that had left, by age.

    `share` is how many go on, `undecided` how many had done neither at the age where the curve
    ends; at a `plateau` those are few and, as things went lately, hardly any of all will go on yet.
    `days` are the ages at which something happened, `curve` and `lost_curve` the shares by then.
    `n` deals were watched: `advanced`, `lost` or still `open`. `n_eff` is the number of decided
    deals of equal weight that would know the share as well, `decided` what the decided ones among
    these amount to in such deals. With nobody watched, `share` is None.
    """

    share: float | None
    undecided: float
    variance: float
    n: int
    advanced: int
    lost: int
    open: int
    n_eff: float
    decided: float
    plateau: bool
    days: Numbers
    curve: Numbers
    lost_curve: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """Stays as ages: from `since` on each was watched, at `days` it ended or was last seen."""

    days: Numbers
    outcome: Places
    since: Numbers


def _nobody() -> Incidence:
    none = np.empty(0)
    nothing = (None, 1.0, 0.0, 0, 0, 0, 0, 0.0, 0.0)
    return Incidence(*nothing, plateau=False, days=none, curve=none, lost_curve=none)


def incidence(
    days: ArrayLike,
    outcome: ArrayLike,
    weights: ArrayLike | None = None,
    since: ArrayLike | None = None,
) -> Incidence:
    """The cumulative incidence of `Outcome.ADVANCED`, with LOST as the competing risk.

    `days` are ages, `weights` at least 0, `since` the ages from which on each was watched (0: from
    the beginning). What ends at the same age goes before what is only last seen then; who was
    watched for no time at all says nothing.

    The curve ends at the last age at which 5 or more were at risk. Among fewer it goes on as long
    as no deal has come to stand for more than two, because hardly any had to be censored: so few
    deals, all decided, are not cut short.

    >>> found = incidence([2, 3, 4, 5, 8], [1, 2, 0, 1, 0])
    >>> round(found.share, 9), round(found.undecided, 9)
    (0.5, 0.3)
    """
    deals = _Deals.of(days, outcome, weights, since)
    if not len(deals.weight):
        return _nobody()
    steps = _Steps.of(deals)
    return _summed(deals, steps)


def watched(stays: Stays, first: float, until: float) -> Watched:
    """The part of each stay between two days, as ages; time on hold is taken to be spread evenly.

    What happened after `until` is open; what ended by `first` was never watched.
    """
    span = stays.left - stays.entered
    pace = np.divide(stays.days, span, out=np.zeros_like(span), where=span > 0)
    later = stays.left > until
    return Watched(
        days=np.where(later, np.maximum(until - stays.entered, 0.0) * pace, stays.days),
        outcome=np.where(later, Outcome.OPEN, stays.outcome),
        since=np.clip(first - stays.entered, 0.0, np.maximum(span, 0.0)) * pace,
    )


def at_risk(ages: Numbers, seen: Watched, weight: Numbers | None = None) -> Numbers:
    """How many (or how much weight) were there at each of these ages: not gone before it, and
    come under watch before it or at the very beginning."""
    order = np.argsort(seen.days, kind="stable")
    there = _from_on(seen.days[order], None if weight is None else weight[order], ages)
    return there - _come_later(ages, seen.since, weight)


def age_at(days: Numbers, curve: Numbers, share: float) -> float | None:
    """The first age by which that share of all that the curve comes to had happened."""
    if not len(curve) or curve[-1] <= 0:
        return None
    place = int(np.searchsorted(curve, share * curve[-1] * (1 - 1e-12)))
    return float(days[min(place, len(days) - 1)])


def _come_later(ages: Numbers, since: Numbers, weight: Numbers | None) -> Numbers | float:
    """Of those that were not watched from the beginning, who was not yet there at each age."""
    late = np.flatnonzero(since > 0)
    if not len(late):
        return 0.0
    order = late[np.argsort(since[late], kind="stable")]
    return _from_on(since[order], None if weight is None else weight[order], ages)


def _from_on(values: Numbers, weight: Numbers | None, ages: Numbers) -> Numbers:
    """The weight of the values (ascending) that are not below each age."""
    below = np.searchsorted(values, ages)
    if weight is None:
        return np.asarray(len(values) - below, dtype=float)
    rest = np.concatenate([np.cumsum(weight[::-1])[::-1], [0.0]])
    return np.asarray(rest[below])


def _in_order(age: Numbers, *ties: Numbers | Places) -> Places:
    """Places by age; equal ages by the first of `ties`, and so on. Few ages are equal, so they
    are put in order by themselves."""
    order = np.argsort(age)
    if not ties or not len(order):
        return order
    same = age[order][1:] == age[order][:-1]
    tied = np.flatnonzero(np.append(same, False) | np.insert(same, 0, False))
    mine = order[tied]
    order[tied] = mine[np.lexsort((*(tie[mine] for tie in reversed(ties)), age[mine]))]
    return order


@dataclass(frozen=True, slots=True, eq=False)
class _Deals:
    """Those that were watched, by age; weights have the mean 1."""

    seen: Watched
    weight: Numbers
    advanced: Flags
    lost: Flags
    alike: bool

    def at_risk(self, ages: Numbers, weight: Numbers | None = None) -> Numbers:
        there = _from_on(self.seen.days, weight, ages)
        return there - _come_later(ages, self.seen.since, weight)

    @classmethod
    def of(
        cls,
        days: ArrayLike,
        outcome: ArrayLike,
        weights: ArrayLike | None,
        since: ArrayLike | None,
    ) -> "_Deals":
        age, end = np.asarray(days, dtype=float), np.asarray(outcome, dtype=np.int64)
        weight = np.ones(len(age)) if weights is None else np.asarray(weights, dtype=float)
        start = np.zeros(len(age)) if since is None else np.asarray(since, dtype=float)
        seen = (age > start) | ((start <= 0) & (end != Outcome.OPEN))
        if weights is not None:
            seen &= weight > 0
        # Equal ages in one order whatever the rows' was: the same facts give the same bytes.
        order = _in_order(age) if weights is None else _in_order(age, end, weight)
        order = order[seen[order]]
        weight = weight[order]
        return cls(
            seen=Watched(age[order], end[order], start[order]),
            weight=weight / weight.mean() if len(weight) else weight,
            advanced=end[order] == Outcome.ADVANCED,
            lost=end[order] == Outcome.LOST,
            alike=weights is None,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """The ages at which something happened: who was at risk, what share went on, what left."""

    days: Numbers
    ended: Numbers
    risk: Numbers
    gone_on: Numbers
    left: Numbers

    @classmethod
    def of(cls, deals: _Deals) -> "_Steps":
        happened = deals.advanced | deals.lost
        ages, weight = deals.seen.days[happened], deals.weight[happened]
        first = np.insert(ages[1:] != ages[:-1], 0, True) if len(ages) else happened[:0]
        days, place = ages[first], np.cumsum(first) - 1
        gone_on, left = (
            np.bincount(place, weight * how[happened]).astype(float)
            for how in (deals.advanced, deals.lost)
        )
        ended = np.bincount(place).astype(float)
        number = deals.at_risk(days)
        kept = _carried(number, ended, len(deals.weight))
        risk = number if deals.alike else deals.at_risk(days, deals.weight)
        # The last ones leave together: rounding must not leave a rest of them.
        risk = np.where(number == ended, gone_on + left, risk)
        return cls(days[kept], ended[kept], risk[kept], gone_on[kept], left[kept])


def _carried(number: Numbers, ended: Numbers, deals: int) -> Flags:
    """The steps that count: those with enough deals, and of the rest at the end as many as come
    before one deal has grown too heavy.

    Few at risk before that are there only because the others came under watch later. They are
    passed over: one of them leaving must not look like all leaving.
    """
    enough = np.asarray(number >= FEWEST, dtype=bool)
    end = int(np.flatnonzero(enough)[-1]) + 1 if enough.any() else 0
    stay = 1 - ended / number
    stay[:end][~enough[:end]] = 1.0
    still = np.concatenate([[1.0], np.cumprod(stay)])[: len(stay)]
    light = still[end:] / number[end:] <= HEAVIEST / deals
    enough[end:] = np.logical_and.accumulate(light)
    return enough


def _summed(deals: _Deals, steps: _Steps) -> Incidence:
    after = np.cumprod(1 - np.minimum((steps.gone_on + steps.left) / steps.risk, 1.0))
    before = np.concatenate([[1.0], after])[: len(after)]
    curve = np.cumsum(before * steps.gone_on / steps.risk)
    lost_curve = np.cumsum(before * steps.left / steps.risk)
    # Rounded, so that one of ten is 0.1 and all are 1 whatever the weights.
    share = round(float(curve[-1]), 12) if len(curve) else 0.0
    undecided = round(float(after[-1]), 12) if len(after) else 1.0
    rise = undecided * _to_come(steps, curve, lost_curve)
    plateau = undecided <= PLATEAU and round(rise, 12) <= RISE
    variance = _variance(steps, before, curve)
    decided, factor = float(steps.ended.sum()), _inequality(deals.weight)
    # Before the end of the curve, many who only wait must not make a small share look certain.
    most = float(len(deals.weight)) if plateau else decided
    sure = not 0 < share < 1 or variance <= 0
    equal = decided if sure else min(most, share * (1 - share) / variance)
    advanced, lost = int(deals.advanced.sum()), int(deals.lost.sum())
    return Incidence(
        share=share,
        undecided=undecided,
        variance=variance,
        n=len(deals.weight),
        advanced=advanced,
        lost=lost,
        open=len(deals.weight) - advanced - lost,
        n_eff=round(equal / factor, 9),
        decided=round(decided / factor, 9),
        plateau=plateau,
        days=steps.days,
        curve=curve,
        lost_curve=lost_curve,
    )


def _to_come(steps: _Steps, curve: Numbers, lost_curve: Numbers) -> float:
    """The share that went on of those that ended late.

    Where winning takes longer than losing, few may be undecided and yet nearly all of them win.
    """
    if not len(curve):
        return 1.0
    late = int(np.searchsorted(steps.days, steps.days[-1] * LATE))
    rest = [float(part[-1] - (part[late - 1] if late else 0.0)) for part in (curve, lost_curve)]
    return rest[0] / sum(rest) if sum(rest) > 0 else 0.0


def _variance(steps: _Steps, before: Numbers, curve: Numbers) -> float:
    """By the delta method (Dinse and Larson): F(1-F)/n to the digit where nothing is censored."""
    if not len(curve):
        return 0.0
    risk, went, ends = steps.risk, steps.gone_on, steps.gone_on + steps.left
    to_come = curve[-1] - curve
    # Where all end at once nothing is to come, and 0/0 stands for 0.
    remain = np.where(risk - ends > 1e-9 * risk, risk - ends, np.inf)
    # Multiplied out: a power of many numbers takes as long as all the rest.
    square = risk * risk
    terms = to_come * to_come * ends / (risk * remain)
    terms += before * before * (risk - went) * went / (square * risk)
    terms -= 2 * to_come * before * went / square
    return max(float(terms.sum()), 0.0)


def _inequality(weight: Numbers) -> float:
    """How many deals of these weights say as much as one of equal ones."""
    return len(weight) * float((weight**2).sum()) / float(weight.sum()) ** 2
