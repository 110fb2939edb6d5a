"""What was expected in a period and did not come, and how imported close dates wander."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from statistics import median

Amount = Fraction | Decimal | int

LIKELY = Fraction(1, 2)


class Came(StrEnum):
    """What became of an opportunity by the end of the period it was expected in."""

    WON = "won"
    EXITED = "exited"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Expected:
    """An opportunity as the last forecast before the period saw it, and what became of it."""

    chance: Amount
    value: Amount | None
    came: Came


@dataclass(frozen=True, slots=True)
class Slippage:
    """Of `likely` opportunities `won` came, `exited` are out and `slipped` are still open.

    `by_count` and `by_value` are the shares that slipped, None where nothing was likely;
    `missing_values` of the likely ones have no value and stay out of `by_value`.
    """

    likely: int
    won: int
    exited: int
    slipped: int
    slipped_value: Fraction
    by_count: Fraction | None
    by_value: Fraction | None
    missing_values: int


@dataclass(frozen=True, slots=True)
class Pushes:
    """How often a stated close date was moved later, by how many days in all, and likewise
    earlier; unstated dates in between are passed over."""

    pushed: int
    days_pushed: int
    pulled: int
    days_pulled: int


@dataclass(frozen=True, slots=True)
class Bias:
    """Median days between the stated and the actual close: positive is later than stated."""

    days: Fraction | None
    n: int


def slippage(expected: Sequence[Expected], likely: Fraction = LIKELY) -> Slippage:
    """Of the opportunities at least `likely` to be won in the period, those that neither were
    nor left; no close date is needed for that."""
    group = [deal for deal in expected if deal.chance >= likely]
    by = {came: [deal for deal in group if deal.came is came] for came in Came}
    slipped, whole = _value(by[Came.OPEN]), _value(group)
    return Slippage(
        likely=len(group),
        won=len(by[Came.WON]),
        exited=len(by[Came.EXITED]),
        slipped=len(by[Came.OPEN]),
        slipped_value=slipped,
        by_count=Fraction(len(by[Came.OPEN]), len(group)) if group else None,
        by_value=slipped / whole if whole > 0 else None,
        missing_values=sum(deal.value is None for deal in group),
    )


def pushes(stated: Sequence[date | None]) -> Pushes:
    """The moves of one opportunity's stated close date, from the oldest statement to the newest.

    >>> pushes([date(2026, 3, 31), date(2026, 6, 30), None, date(2026, 6, 15)])
    Pushes(pushed=1, days_pushed=91, pulled=1, days_pulled=15)
    """
    dates = [day for day in stated if day is not None]
    moves = [(later - earlier).days for earlier, later in pairwise(dates)]
    later, earlier = [m for m in moves if m > 0], [-m for m in moves if m < 0]
    return Pushes(len(later), sum(later), len(earlier), sum(earlier))


def close_date_bias(dates: Sequence[tuple[date, date]]) -> Bias:
    """Over closed opportunities, as (stated, actual); None for none of them."""
    late = [Fraction((actual - stated).days) for stated, actual in dates]
    return Bias(median(late) if late else None, len(late))


def _value(deals: Sequence[Expected]) -> Fraction:
    return sum((Fraction(deal.value) for deal in deals if deal.value is not None), Fraction(0))
