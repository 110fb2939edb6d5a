"""How much a share can be trusted: its interval, what it is shrunk to, and whether it is enough.

A share among few deals says little. It is drawn to a parent's (the team's, the process's, at last
the target rate) as if `KAPPA` further deals had behaved like the parent's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

KAPPA = 20.0
ENOUGH, FEW = 30, 10  # decided deals for `ok`, and for `low_sample`
Z = 1.96  # of 95 %
DEFAULT, OBSERVED, OBSERVED_SHRUNK = "default", "observed", "observed_shrunk"


class Status(StrEnum):
    OK = "ok"
    LOW_SAMPLE = "low_sample"
    INSUFFICIENT = "insufficient"
    UNKNOWN = "unknown"
    UNREACHABLE = "unreachable"


WORSE = tuple(Status)  # from best to worst


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share between 0 and 1, or None where nothing is known.

    `observed` is what the deals alone say, with its 95 % interval `low` to `high`; `value` is that
    drawn to the parent. `n` deals were seen, worth `n_eff` decided ones of equal weight. `source`
    is `observed_shrunk`, `observed` (there was no parent), or, without any evidence, where the
    parent came from.
    """

    value: float | None
    status: Status
    n: int
    n_eff: float
    low: float | None
    high: float | None
    source: str
    observed: float | None


NOTHING = Estimate(None, Status.UNKNOWN, 0, 0.0, None, None, DEFAULT, None)


def given(value: float | None, source: str = DEFAULT) -> Estimate:
    """A rate that was stated and not observed, as the parent of others."""
    if value is None:
        return NOTHING
    return Estimate(value, Status.INSUFFICIENT, 0, 0.0, 0.0, 1.0, source, None)


def estimate(
    observed: float | None,
    n: int,
    n_eff: float,
    parent: Estimate = NOTHING,
    *,
    decided: float | None = None,
    settled: bool = True,
) -> Estimate:
    """What `n` deals with the share `observed` say, seen together with their parent.

    Without evidence the parent's value is handed on. The status asks how many are `decided` (if
    not as many as `n_eff`); `settled` False: so many are not that no sample is large enough.
    """
    if observed is None or n_eff <= 0:
        status = Status.UNKNOWN if parent.value is None else Status.INSUFFICIENT
        low, high = (None, None) if parent.value is None else (0.0, 1.0)
        return replace(parent, status=status, n=n, n_eff=0.0, low=low, high=high, observed=None)
    low, high = wilson(observed * n_eff, n_eff)
    return Estimate(
        value=shrunk(observed * n_eff, n_eff, parent.value),
        status=status_of(n_eff if decided is None else min(decided, n_eff), settled=settled),
        n=n,
        n_eff=n_eff,
        low=low,
        high=high,
        source=OBSERVED if parent.value is None else OBSERVED_SHRUNK,
        observed=observed,
    )


def wilson(successes: float, trials: float) -> tuple[float, float]:
    """The 95 % interval of a share; everything, where nothing was tried.

    >>> [round(end, 3) for end in wilson(15, 30)]
    [0.332, 0.668]
    """
    if trials <= 0:
        return 0.0, 1.0
    share, square = successes / trials, Z * Z
    middle = share + square / (2 * trials)
    reach = Z * math.sqrt(max(0.0, share * (1 - share)) / trials + square / (4 * trials * trials))
    low, high = ((middle + side * reach) / (1 + square / trials) for side in (-1, 1))
    # The ends of 0 of n and n of n are exact; rounding must not move them.
    return (
        0.0 if successes <= 0 else max(0.0, low),
        1.0 if successes >= trials else min(1.0, high),
    )


def shrunk(x_eff: float, n_eff: float, parent: float | None, kappa: float = KAPPA) -> float:
    """`x_eff` of `n_eff`, drawn to the parent as if `kappa` deals had behaved like it.

    >>> round(shrunk(0, 3, 0.5), 3), round(shrunk(400, 1000, 0.5), 3)
    (0.435, 0.402)
    """
    if parent is None:
        return x_eff / n_eff
    return (x_eff + kappa * parent) / (n_eff + kappa)


def status_of(decided: float, *, settled: bool = True) -> Status:
    if decided < FEW:
        return Status.INSUFFICIENT
    return Status.OK if decided >= ENOUGH and settled else Status.LOW_SAMPLE


def observed_only(estimate: Estimate) -> Estimate:
    """What the deals alone say, for those who want no shrinkage; nothing goes through a section
    that nobody ever passed, so 0 of n is `unreachable`."""
    if estimate.observed is None:
        return replace(NOTHING, n=estimate.n)
    if estimate.observed <= 0:
        return replace(estimate, value=None, status=Status.UNREACHABLE, source=OBSERVED)
    return replace(estimate, value=estimate.observed, source=OBSERVED)


def product(rates: Sequence[Estimate]) -> Estimate:
    """The share that passes all of these sections, one after the other.

    The spread of a product comes from that of its factors' logarithms; it is told as the number
    of deals `n_eff` that would know the product as well, but never more than were seen at the
    section with the fewest. `n` is that of the first section.
    """
    if not rates or any(rate.value is None for rate in rates):
        return replace(NOTHING, n=rates[0].n if rates else 0)
    value = math.prod(rate.value for rate in rates if rate.value is not None)
    seen = [(r.observed, r.n_eff) for r in rates if r.observed is not None]
    whole = len(seen) == len(rates)
    observed = math.prod(share for share, _ in seen) if whole else None
    fewest = min(rate.n for rate in rates)
    n_eff = min(_known_as_well_as(seen), fewest) if whole else 0.0
    low, high = wilson((observed or 0.0) * n_eff, n_eff)
    return Estimate(
        value=value,
        status=max((rate.status for rate in rates), key=WORSE.index),
        n=rates[0].n,
        n_eff=n_eff,
        low=low,
        high=high,
        source=rates[0].source if len({r.source for r in rates}) == 1 else OBSERVED_SHRUNK,
        observed=observed,
    )


def _known_as_well_as(seen: Sequence[tuple[float, float]]) -> float:
    share = math.prod(share for share, _ in seen)
    if not 0 < share < 1:
        return min(n_eff for _, n_eff in seen)
    relative_variance = sum((1 - share) / (share * n_eff) for share, n_eff in seen)
    return (1 - share) / share / relative_variance
