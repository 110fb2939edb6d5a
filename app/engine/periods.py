"""Periods, the beat of every target: weeks, months, quarters and years, calendar or fiscal.

A period is half-open, from its first day to the day after its last. A fiscal year is named by the
calendar year in which it ends: with a start in April, FY2026 runs from April 2025 to March 2026.
With a start in January, FY2026 and 2026 are the same days.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo

_YEAR = r"(?:19|2[0-9])[0-9]{2}"
_MONTH_KEY = re.compile(rf"{_YEAR}-[0-9]{{2}}")
_WEEK_KEY = re.compile(rf"{_YEAR}-W[0-9]{{2}}")
_LONG_KEY = re.compile(rf"(FY)?({_YEAR})(?:-Q([1-4]))?")
_FORMS = "2026-07, 2026-Q3, 2026, FY2026, FY2026-Q3 or 2026-W31"


class Grain(StrEnum):
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_MONTHS = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}
_MARKS = (("W", Grain.WEEK), ("Q", Grain.QUARTER), ("-", Grain.MONTH))


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The days from `start` up to but not including `end`; `key` is its name for people and URLs.

    >>> july = parse("2026-07")
    >>> july.next.key, july.previous.key, july.days
    ('2026-08', '2026-06', 31)
    """

    start: date
    end: date
    key: str

    @property
    def grain(self) -> Grain:
        return next((grain for mark, grain in _MARKS if mark in self.key), Grain.YEAR)

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def next(self) -> "Period":
        return self._at(self.end)

    @property
    def previous(self) -> "Period":
        return self._at(self.start - timedelta(days=1))

    def parts(self, grain: Grain) -> tuple["Period", ...]:
        """The periods of `grain` that make up this one, first to last.

        `ValueError` when they do not: a month has no whole quarters, and weeks cross its borders.

        >>> [month.key for month in parse("FY2026-Q1", 4).parts(Grain.MONTH)]
        ['2025-04', '2025-05', '2025-06']
        """
        if grain is self.grain:
            return (self,)
        step, length = _MONTHS.get(grain), _MONTHS.get(self.grain)
        if step is None or length is None or step > length:
            raise ValueError(f"the {self.grain} {self.key} is not made of whole {grain}s")
        first = _number(self.start)
        return tuple(_months(first + done, grain, self._fiscal) for done in range(0, length, step))

    @property
    def _fiscal(self) -> int | None:
        """The month in which the fiscal year begins, None for a calendar period."""
        if not self.key.startswith("FY"):
            return None
        quarter = int(self.key[-1]) if self.grain is Grain.QUARTER else 1
        return (self.start.month - 1 - 3 * (quarter - 1)) % 12 + 1

    def _at(self, day: date) -> "Period":
        """The period of the same kind that holds `day`."""
        if self.grain is Grain.WEEK:
            return _week(day)
        return _months(_first_month(day, self.grain, self._fiscal), self.grain, self._fiscal)


@dataclass(frozen=True, slots=True)
class Calendar:
    """When people work: `weekdays` counted from Monday = 0, `holidays` as dates."""

    weekdays: frozenset[int]
    holidays: frozenset[date]

    def __post_init__(self) -> None:
        if not self.weekdays <= frozenset(range(7)):
            raise ValueError("weekdays are numbers from 0 (Monday) to 6 (Sunday)")

    def working_days(self, start: date, end: date) -> int:
        """How many in [start, end): whole weeks by multiplication, then the rest, then holidays."""
        weeks, rest = divmod(max(0, (end - start).days), 7)
        rest_days = ((start.weekday() + day) % 7 for day in range(rest))
        off = sum(start <= day < end and day.weekday() in self.weekdays for day in self.holidays)
        return weeks * len(self.weekdays) + sum(day in self.weekdays for day in rest_days) - off


def parse(key: str, fiscal_start: int = 1) -> Period:
    """The period named `key`; `fiscal_start` (1 to 12) places the keys that begin with FY.

    Months, quarters and years without FY are those of the calendar, weeks those of ISO 8601.
    `ValueError` with the accepted forms for any other text.

    >>> str(parse("FY2026-Q3", fiscal_start=4).start)
    '2025-10-01'
    """
    try:
        if _MONTH_KEY.fullmatch(key):
            return containing(date.fromisoformat(f"{key}-01"), Grain.MONTH)
        if _WEEK_KEY.fullmatch(key):
            return _week(date.fromisoformat(f"{key}-1"))
    except ValueError:  # month 13, or week 53 of a year that has 52
        raise _unknown(key) from None
    match = _LONG_KEY.fullmatch(key)
    if match is None:
        raise _unknown(key)
    fiscal = _checked(fiscal_start) if match[1] else None
    first = _first_of_year(int(match[2]), fiscal)
    if match[3] is None:
        return _months(first, Grain.YEAR, fiscal)
    return _months(first + 3 * (int(match[3]) - 1), Grain.QUARTER, fiscal)


def containing(day: date, grain: Grain, fiscal_start: int = 1) -> Period:
    """The period of `grain` that holds `day`.

    Quarters and years are fiscal ones, named FY…, when the fiscal year does not begin in January.

    >>> containing(date(2026, 3, 31), Grain.YEAR, fiscal_start=4).key
    'FY2026'
    """
    if grain is Grain.WEEK:
        return _week(day)
    fiscal = None if grain is Grain.MONTH or _checked(fiscal_start) == 1 else fiscal_start
    return _months(_first_month(day, grain, fiscal), grain, fiscal)


def bounds(period: Period, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants, in UTC, of the local midnights at which the period begins and ends.

    Where clocks are put forward at midnight, the day begins at the first instant it has.
    """
    return midnight(period.start, zone), midnight(period.end, zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which a local day begins."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def elapsed(period: Period, today: date, calendar: Calendar | None) -> Fraction:
    """The share of the period's days that are over before `today`, which itself is not.

    Working days if a calendar is given and leaves any in the period, else calendar days.

    >>> elapsed(parse("2026-07"), date(2026, 7, 20), None)
    Fraction(19, 31)
    """
    return share(period, None, today, calendar)


def share(
    period: Period, since: date | None, until: date | None, calendar: Calendar | None
) -> Fraction:
    """The share of the period's days inside [since, until), None meaning without limit.

    Working days if a calendar is given and leaves any in the period, else calendar days. This is
    the part of a target that falls to a person who joins or leaves within the period.
    """
    start = max(period.start, since or period.start)
    end = min(period.end, until or period.end)
    whole = calendar.working_days(period.start, period.end) if calendar else 0
    if calendar and whole:
        return Fraction(calendar.working_days(start, end), whole)
    return Fraction(max(0, (end - start).days), period.days)


def _unknown(key: str) -> ValueError:
    return ValueError(f"{key[:40]!r} names no period; write {_FORMS}")


def _week(day: date) -> Period:
    year, week, weekday = day.isocalendar()
    monday = day - timedelta(days=weekday - 1)
    return Period(monday, monday + timedelta(days=7), f"{year}-W{week:02}")


def _months(first: int, grain: Grain, fiscal: int | None) -> Period:
    """The period of whole months whose first one has the number `first`."""
    start, end = (date(n // 12, n % 12 + 1, 1) for n in (first, first + _MONTHS[grain]))
    if grain is Grain.MONTH:
        return Period(start, end, f"{start:%Y-%m}")
    year = _first_month(start, Grain.YEAR, fiscal)
    name = f"{'FY' if fiscal else ''}{(year + 11) // 12}"
    if grain is Grain.YEAR:
        return Period(start, end, name)
    return Period(start, end, f"{name}-Q{(first - year) // 3 + 1}")


def _first_month(day: date, grain: Grain, fiscal: int | None) -> int:
    """The number of the first month of the period of `grain` that holds `day`."""
    number = _number(day)
    return number - (number - _offset(fiscal)) % _MONTHS[grain]


def _first_of_year(year: int, fiscal: int | None) -> int:
    """The number of the month with which the (fiscal) year that ends in `year` begins."""
    offset = _offset(fiscal)
    return 12 * (year - 1 if offset else year) + offset


def _number(day: date) -> int:
    """Months counted through all years, so that arithmetic needs no carrying."""
    return day.year * 12 + day.month - 1


def _offset(fiscal: int | None) -> int:
    return (fiscal or 1) - 1


def _checked(fiscal_start: int) -> int:
    if fiscal_start not in range(1, 13):
        raise ValueError(f"a fiscal year starts in month 1 to 12, not {fiscal_start}")
    return fiscal_start
