"""The working calendar: weekdays of work, public holidays, and the workspace's own days off."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row

from app.core.work import Work
from app.domain import public_holidays, workspaces
from app.engine.periods import Calendar

OWN_DAY_OFF = {"en": "Day off", "de": "Betriebsfrei"}


@dataclass(frozen=True, slots=True)
class Stretch:
    """How many of some days count, and which do not although their weekday does, with names."""

    working_days: int
    days_off: dict[date, str]


async def calendar(work: Work, start: date, end: date) -> Calendar | None:
    """When people work in [start, end); None when every calendar day counts."""
    room = await workspaces.read(work)
    if room.working_days is None:
        return None
    return _calendar(room, _named_days_off(work, room, start, end))


async def stretch(work: Work, start: date, end: date) -> Stretch:
    """The days [start, end) for people to look at."""
    room = await workspaces.read(work)
    if room.working_days is None:
        return Stretch((end - start).days, {})
    named = _named_days_off(work, room, start, end)
    found = _calendar(room, named)
    felt = {day: name for day, name in named.items() if day.weekday() in found.weekdays}
    return Stretch(found.working_days(start, end), felt)


def _calendar(room: Row[Any], days_off: dict[date, str]) -> Calendar:
    return Calendar(frozenset(day - 1 for day in room.working_days), frozenset(days_off))


def _named_days_off(work: Work, room: Row[Any], start: date, end: date) -> dict[date, str]:
    """By day. Where a public holiday is a day off as well, the holiday gives the name."""
    own = dict.fromkeys(room.days_off, OWN_DAY_OFF[work.language])
    named = own | dict(_public(work, room, start, end))
    return {day: named[day] for day in sorted(named) if start <= day < end}


def _public(work: Work, room: Row[Any], start: date, end: date) -> Iterator[tuple[date, str]]:
    if room.holiday_country is None or end <= start:
        return
    for year in range(start.year, (end - timedelta(days=1)).year + 1):
        yield from public_holidays.of_year(
            room.holiday_country, room.holiday_region, year, work.language
        ).items()
