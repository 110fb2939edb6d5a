"""What a recurring target asks for in any stretch of days: its turns, their months, their days.

A turn is one month, quarter or year of the recurrence, counted from the target's own beginning.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from app.engine.money import split
from app.engine.periods import Grain, Period, containing


class Recurrence(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    ONCE = "once"


_MONTHS = {Recurrence.MONTH: 1, Recurrence.QUARTER: 3, Recurrence.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Turn:
    """Whole months from `start` up to but not including `end`."""

    start: date
    end: date

    @property
    def months(self) -> tuple["Turn", ...]:
        first, after = _number(self.start), _number(self.end)
        return tuple(Turn(_month(n), _month(n + 1)) for n in range(first, after))

    def part(self, total: int, start: date, end: date) -> Fraction:
        """How much of `total` falls into [start, end).

        The months share it equally in whole units, which add up; the days of a month exactly.

        >>> Turn(date(2026, 1, 1), date(2026, 4, 1)).part(100, date(2026, 1, 1), date(2026, 2, 1))
        Fraction(34, 1)
        """
        months = self.months
        shares = zip(months, split(total, [1] * len(months)), strict=True)
        return sum((share * month.overlap(start, end) for month, share in shares), Fraction(0))

    def overlap(self, start: date, end: date) -> Fraction:
        """The share of the turn's days inside [start, end)."""
        days = (min(self.end, end) - max(self.start, start)).days
        return Fraction(max(0, days), (self.end - self.start).days)


def turns(
    recurrence: Recurrence, first: date, last: date | None, start: date, end: date
) -> tuple[Turn, ...]:
    """The turns, of a target from `first` up to but not including `last`, that touch [start, end).

    Both are first days of months; `last` None: without end. A target that is given once has one
    turn, however long.
    """
    upto = end if last is None else min(end, last)
    if recurrence is Recurrence.ONCE:
        whole = Turn(first, last or end)
        return (whole,) if first < upto and whole.end > start else ()
    return tuple(_turns(_MONTHS[recurrence], first, start, upto))


def fits(recurrence: Recurrence, first: date, last: date) -> bool:
    """Whether [first, last) is made of whole turns."""
    length = _MONTHS.get(recurrence, 1)
    return last > first and (_number(last) - _number(first)) % length == 0


def named(turn: Turn, fiscal_start: int) -> Period:
    """The period that a turn is, under the name people here use for it.

    One that is given once for several months is named "2026-01..2026-05" unless it has a name.
    """
    for grain in (Grain.MONTH, Grain.QUARTER, Grain.YEAR):
        for fiscal in (fiscal_start, 1, turn.start.month):
            period = containing(turn.start, grain, fiscal)
            if (period.start, period.end) == (turn.start, turn.end):
                return period
    months = turn.months
    return Period(turn.start, turn.end, f"{months[0].start:%Y-%m}..{months[-1].start:%Y-%m}")


def _turns(length: int, first: date, start: date, upto: date) -> Iterator[Turn]:
    origin = _number(first)
    begin = origin + max(0, (_number(start) - origin) // length) * length
    while _month(begin) < upto:
        yield Turn(_month(begin), _month(begin + length))
        begin += length


def _number(day: date) -> int:
    """Months counted through all years."""
    return day.year * 12 + day.month - 1


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)
