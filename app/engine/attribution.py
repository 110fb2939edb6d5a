"""Which source an order is owed to: its amount shared among the touches that went before it.

An order is shared by the touches up to its moment; what came later had no part in it. The shares
are whole minor units and sum to the order exactly. Without a touch, all of it is unattributed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Generic, TypeVar

from app.engine.money import split

Key = TypeVar("Key")
UNATTRIBUTED = None
# Of 40/20/40: the two ends have so many times what all between them have together.
_ENDS = 2


class Model(StrEnum):
    """Which touches an order is owed to.

    `position`: 40 % to the first, 40 % to the last, 20 % to those between in equal parts; where
    there are none between, half to each end, and everything to a single one.
    """

    FIRST_TOUCH = "first_touch"
    LAST_TOUCH = "last_touch"
    LINEAR = "linear"
    POSITION = "position"


@dataclass(frozen=True, slots=True)
class Touch(Generic[Key]):
    """Something of the source `key` met the customer at `at`."""

    key: Key
    at: datetime


@dataclass(frozen=True, slots=True)
class Order:
    """An amount in minor units; None: unknown. A voided one never happened."""

    at: datetime
    minor: int | None
    voided: bool = False


def weights(model: Model, touches: int) -> tuple[int, ...]:
    """The weight of each of so many touches, in the order of time; () for none.

    >>> [weights(Model.POSITION, touches) for touches in (1, 2, 3, 4)]
    [(1,), (1, 1), (2, 1, 2), (4, 1, 1, 4)]
    """
    if touches == 0:
        return ()
    others = (0,) * (touches - 1)
    if model is Model.FIRST_TOUCH:
        return 1, *others
    if model is Model.LAST_TOUCH:
        return *others, 1
    between = touches - 2
    if model is Model.LINEAR or between <= 0:
        return (1,) * touches
    return _ENDS * between, *(1,) * between, _ENDS * between


def counting(touches: Iterable[Touch[Key]], until: datetime) -> list[Touch[Key]]:
    """Those that had happened by then, first to last; of one moment in the order they are given."""
    return sorted((touch for touch in touches if touch.at <= until), key=lambda touch: touch.at)


def parts(
    model: Model, touches: Iterable[Touch[Key]], until: datetime
) -> Mapping[Key | None, Fraction]:
    """By source, which part of one thing is owed to it at this moment; the parts sum to 1."""
    counted = counting(touches, until)
    each = weights(model, len(counted))
    whole = sum(each)
    if not whole:
        return {UNATTRIBUTED: Fraction(1)}
    found: dict[Key | None, Fraction] = {}
    for touch, weight in zip(counted, each, strict=True):
        if weight:
            found[touch.key] = found.get(touch.key, Fraction(0)) + Fraction(weight, whole)
    return found


def owed(model: Model, touches: Iterable[Touch[Key]], order: Order) -> Mapping[Key | None, int]:
    """By source, how many minor units of the order are owed to it; they sum to the order.

    Equal remainders go to the earlier touch. Nothing comes of a voided order, nor of one of
    unknown amount.

    >>> at = datetime(2026, 7, 1)
    >>> dict(owed(Model.LINEAR, [Touch(key, at) for key in "abc"], Order(at, 10_000_000)))
    {'a': 3333334, 'b': 3333333, 'c': 3333333}
    """
    if order.voided or order.minor is None:
        return {}
    counted = counting(touches, order.at)
    if not counted:
        return {UNATTRIBUTED: order.minor}
    found: dict[Key | None, int] = {}
    shares = split(order.minor, weights(model, len(counted)))
    for touch, share in zip(counted, shares, strict=True):
        found[touch.key] = found.get(touch.key, 0) + share
    return found
