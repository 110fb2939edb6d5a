"""What opportunities did, as columns: the one input of rates, lead times, forecasts and decay.

A stay is the time between arriving at a milestone and leaving the section that begins there. Times
are days since `ORIGIN`, money is in whole units of the reporting currency, unknown is NaN.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Places = NDArray[np.int64]
    Flags = NDArray[np.bool_]
else:
    # While it runs names are enough, and the library is loaded when something is computed.
    Numbers, Places, Flags = (type(name, (), {}) for name in ("Numbers", "Places", "Flags"))

ORIGIN = datetime(2000, 1, 1, tzinfo=UTC)
Mask = Sequence[bool] | Flags


class Outcome(IntEnum):
    """How a stay ended. OPEN is all that did not end before our eyes: still there, put on hold,
    moved to another process, a duplicate, or closed in a clean-up. Such stays are censored."""

    OPEN = 0
    ADVANCED = 1
    LOST = 2


@dataclass(frozen=True, slots=True, eq=False)
class Stays:
    """One entry per stay, by deal and then in order of time.

    `deal` is an index into `Deals`; `section` counts from 0. `left` is when it ended or, for OPEN
    ones, until when it was watched. `held` are the days on hold in between. `implied`: the
    milestone was skipped, its arrival is that of a later one. `value` is what the deal was worth
    on arrival, `next_value` what it was worth on arrival at the next milestone (at the order: the
    order's own value).
    """

    deal: Places
    section: Places
    entered: Numbers
    left: Numbers
    outcome: Places
    held: Numbers
    implied: Flags
    value: Numbers
    next_value: Numbers

    @property
    def days(self) -> Numbers:
        """How long each stay lasted, or has lasted, without the time on hold."""
        return np.maximum(self.left - self.entered - self.held, 0.0)

    def where(self, chosen: Flags | Places) -> "Stays":
        places = places_of(chosen)
        return Stays(*(getattr(self, name)[places] for name in self.__slots__))


@dataclass(frozen=True, slots=True, eq=False)
class Orders:
    """One entry per order; `first` is False for further partial orders of the same deal."""

    deal: Places
    at: Numbers
    value: Numbers
    first: Flags

    def where(self, chosen: Flags) -> "Orders":
        return Orders(*(getattr(self, name)[chosen] for name in self.__slots__))


class Stay(NamedTuple):
    """One entry of `Stays`."""

    deal: int
    section: int
    entered: float
    left: float
    outcome: Outcome
    held: float
    implied: bool
    value: float
    next_value: float


class Order(NamedTuple):
    """One entry of `Orders`."""

    deal: int
    at: float
    value: float
    first: bool


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """Everything that was known about a process at the moment `at`; nothing in it is later.

    `sections` is one less than there are milestones. `since` is the day from which on closes were
    recorded: what had to be survived before that was not seen. `amount` is what each deal is worth.
    """

    sections: int
    at: float
    since: float
    stays: Stays
    orders: Orders
    amount: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """The deals that stand open at a moment: where, since when, how old without movement."""

    deal: Places
    section: Places
    entered: Numbers
    age: Numbers
    amount: Numbers


def places_of(chosen: Flags | Places) -> Places:
    """Found once: columns are taken by places faster than by flags."""
    return np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen.astype(np.int64)


def day(moment: datetime) -> float:
    """
    >>> day(datetime(2000, 1, 2, 12, tzinfo=UTC))
    1.5
    """
    return (moment - ORIGIN) / timedelta(days=1)


def moment(day: float) -> datetime:
    return ORIGIN + timedelta(days=day)


def gathered(
    sections: int,
    at: float,
    stays: Sequence[Stay],
    orders: Sequence[Order],
    amount: Sequence[float],
) -> Facts:
    """Rows as columns. `since` is when the first stay was seen to end: from then on at the latest
    closes are recorded (`records.begins` tells whether they were from the first arrival on)."""
    columns = list(zip(*stays, strict=True)) or [()] * len(Stay._fields)
    kinds = (np.int64, np.int64, float, float, np.int64, float, np.bool_, float, float)
    found = Stays(*(np.array(c, dtype=k) for c, k in zip(columns, kinds, strict=True)))
    sold = list(zip(*orders, strict=True)) or [()] * len(Order._fields)
    sums = (np.int64, float, float, np.bool_)
    ended = found.left[(found.outcome != Outcome.OPEN) & ~found.implied & (found.days > 0)]
    return Facts(
        sections=sections,
        at=at,
        since=float(ended.min()) if len(ended) else at,
        stays=found,
        orders=Orders(*(np.array(c, dtype=k) for c, k in zip(sold, sums, strict=True))),
        amount=np.array(amount, dtype=float),
    )


def standing(facts: Facts) -> Standing:
    stays = facts.stays.where(
        (facts.stays.outcome == Outcome.OPEN) & (facts.stays.left >= facts.at)
    )
    return Standing(stays.deal, stays.section, stays.entered, stays.days, facts.amount[stays.deal])


def cut(facts: Facts, at: float) -> Facts:
    """The facts as they were at an earlier moment: what had happened by then, worth as much as
    the deals were worth when they last moved."""
    seen = facts.stays.where(facts.stays.entered <= at)
    later = seen.left > at
    share = np.where(later, (at - seen.entered) / np.maximum(seen.left - seen.entered, 1e-9), 1.0)
    stays = replace(
        seen,
        left=np.where(later, at, seen.left),
        outcome=np.where(later, Outcome.OPEN, seen.outcome),
        held=seen.held * share,
        next_value=np.where(later, np.nan, seen.next_value),
    )
    amount = np.full(len(facts.amount), np.nan)
    amount[stays.deal] = stays.value  # by deal and time: the latest of each deal remains
    orders = facts.orders.where(facts.orders.at <= at)
    return replace(facts, at=at, stays=stays, orders=orders, amount=amount)
