"""When a target must be fed: what has to arrive in which month, and where it is too late."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.flow.lead_times import Lag

DAYS_PER_MONTH = 365.25 / 12


@dataclass(frozen=True, slots=True)
class Phased:
    """What must arrive in each month, and what comes of it.

    `required[i]` belongs to the month `i - lead` counted from the first month of the target, so
    the first `lead` entries lie before it. `reached` is, for the months of the target, what these
    arrivals bring, `residual` how far that is from the target. `beyond` comes after the last one.
    """

    lead: int
    required: list[float]
    reached: list[float]
    residual: list[float]
    beyond: float


@dataclass(frozen=True, slots=True)
class RampUp:
    """`too_late[k]`: not even half of those arriving today at milestone k+1 would order in time.
    `milestone` (0 is the first) is the first that is still in time, None if none is; `needed` is
    what would have to stand there now."""

    too_late: list[bool]
    milestone: int | None
    needed: float | None


def by_month(lag: Lag, days_per_month: float = DAYS_PER_MONTH) -> list[float]:
    """The share that gets there in the month of arrival, in the next, and so on, where arrivals
    are spread evenly over the month; [] when the lag is unknown."""
    if not lag.share:
        return []
    months = np.arange(len(lag.share)) / days_per_month
    whole = np.floor(months).astype(np.int64)
    share = np.zeros(int(whole[-1]) + 2)
    np.add.at(share, whole, np.asarray(lag.share) * (1 - (months - whole)))
    np.add.at(share, whole + 1, np.asarray(lag.share) * (months - whole))
    return [float(part) for part in share / share.sum()]


def phased(
    amounts_per_month: Sequence[float], yield_: float, lag_by_month: Sequence[float]
) -> Phased:
    """The arrivals at a milestone that a target needs, month by month.

    `amounts_per_month` are the target's consecutive months, `yield_` the share (or value per
    value) of the arrivals that comes to an order, `lag_by_month` as from `by_month`. Every month's
    target is fed by arrivals as long before it as orders usually take: nothing is lost, and with
    the same target in every month it comes out exactly. With changing targets it comes out
    smoothed, as `residual` shows.
    """
    if not lag_by_month or yield_ <= 0:
        raise ValueError("phasing needs a known lag and a yield above 0")
    share, target = np.asarray(lag_by_month, dtype=float), np.asarray(amounts_per_month, float)
    lead = len(share) - 1
    required = np.convolve(target, share[::-1]) / yield_
    orders = np.convolve(required, share) * yield_
    reached = orders[lead : lead + len(target)]
    return Phased(
        lead=lead,
        required=required.tolist(),
        reached=reached.tolist(),
        residual=(reached - target).tolist(),
        beyond=float(orders[lead + len(target) :].sum()),
    )


def ramp_up(
    feed_by: Sequence[float | None], today: float, required: Sequence[float | None]
) -> RampUp:
    """Where a late start can still begin.

    `feed_by` are the days by which half of the orders would still come in time, `required` what
    the target needs at each of these milestones. Unknown days are not too late.
    """
    too_late = already_too_late(feed_by, today)
    for milestone, late in enumerate(too_late):
        if not late and feed_by[milestone] is not None:
            return RampUp(too_late, milestone, required[milestone])
    return RampUp(too_late, None, None)


def already_too_late(feed_by: Sequence[float | None], today: float) -> list[bool]:
    return [day is not None and math.floor(day) < math.floor(today) for day in feed_by]
