"""Whose arrivals an observed rate is made of, and what the rates of fewer are drawn to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from app.core.work import Work
from app.domain.facts import Story, stays_of, teams_on
from app.engine.flow.facts import Facts, Flags, Outcome, day
from app.engine.flow.packed import Words, day_of, named, unnamed, where, yes
from app.schemas.observed_rates import RateBasis
from app.schemas.scopes import EVERYBODY, Business, Subject, Whose

AGAIN, DUPLICATE, DECLINED = "again", "duplicate", "declined"


@dataclass(frozen=True, slots=True)
class Window:
    """The days [start, end) on which the arrivals lie, as days and as the engine counts them."""

    start: date
    end: date
    span: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Level:
    """A scope within a cohort: `mask` says of each stay whether it belongs to it."""

    scope: str
    business_type: Business
    mask: Flags


@dataclass(frozen=True, slots=True)
class Cohort:
    """What rates are told from; each level is drawn to the one before, the last is asked about.

    `inside` says of each stay whether it belongs to the last level's scope, `left_out` why it does
    not count all the same, None where it does.
    """

    told: Story
    facts: Facts
    window: Window
    levels: Sequence[Level]
    inside: Flags
    left_out: Words


async def cohort(
    work: Work,
    told: Story,
    subject: Subject = EVERYBODY,
    business_type: Business = Business.ALL,
    window: str = "12m",
    basis: RateBasis = RateBasis.ALL,
) -> Cohort:
    """The cohort of a scope in a story of all business.

    A person is drawn to his team of the day, a team to everybody, new or existing business to
    both together.
    """
    everything = yes(len(told.arrived_at))
    levels = [Level("all", Business.ALL, everything)]
    if business_type is not Business.ALL:
        levels.append(Level("all", business_type, of_business(told, business_type)))
    whole = levels[-1].mask
    levels += [
        Level(str(one), business_type, whole & await stays_of(work, told, one))
        for one in await _narrower(work, told, subject)
    ]
    out = _left_out(told, basis)
    counted = unnamed(out)
    return Cohort(
        told=told,
        facts=told.facts,
        window=window_at(work, window, told.at),
        levels=[replace(level, mask=level.mask & counted) for level in levels],
        inside=levels[-1].mask,
        left_out=out,
    )


def of_business(told: Story, business_type: Business) -> Flags:
    return told.of_business(business_type)[told.facts.stays.deal]


def window_at(work: Work, key: str, at: datetime) -> Window:
    """The window of this key that ends with the day of `at`, which is wholly in it."""
    today = at.astimezone(work.home.zone).date()
    number = int(key[:-1])
    start = months_before(today, number) if key.endswith("m") else today - timedelta(days=number)
    end = today + timedelta(days=1)
    return Window(start, end, (midnight(work, start), midnight(work, end)))


def midnight(work: Work, start: date) -> float:
    """When a day begins where the workspace is, as the engine counts time."""
    return day(datetime.combine(start, time(), work.home.zone))


def months_before(today: date, months: int) -> date:
    """The same day so many months ago; the first of the month after where that one was shorter.

    >>> months_before(date(2026, 5, 31), 3)
    datetime.date(2026, 3, 1)
    """
    number = today.year * 12 + today.month - 1 - months
    first = date(number // 12, number % 12 + 1, 1)
    same = first + timedelta(days=today.day - 1)
    after = (first + timedelta(days=31)).replace(day=1)
    return min(same, after)


def _left_out(told: Story, basis: RateBasis) -> Words:
    """Why a stay does not count. A deal that waits `again` where it once was is no new arrival."""
    stays, deals = told.facts.stays, told.table.columns
    again = stays.entered != day_of(told.arrived_at.ticks)
    kind = where(deals["status"] == "exited", deals["exit_kind"], None)[stays.deal]
    declined = (kind == DECLINED) & (stays.outcome == Outcome.LOST)
    reasons = [(again, AGAIN), (kind == DUPLICATE, DUPLICATE)]
    if basis is RateBasis.COMPETED:
        reasons.append((declined, DECLINED))
    return named(len(again), reasons)


async def _narrower(work: Work, told: Story, subject: Subject) -> list[Subject]:
    """The scopes below everybody, down to the one that is asked about."""
    if subject.person_id is None:
        return [] if subject == EVERYBODY else [subject]
    [team] = await teams_on(work, [subject.person_id], [told.at])
    return [subject] if team is None else [Subject(Whose.TEAM, team), subject]
