"""Whose arrivals an observed rate is made of, and what the rates of fewer are drawn to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from app.core.work import Work
from app.domain.facts import DealRow, Story, stays_of, teams_on
from app.engine.flow.facts import Facts, Outcome, day
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
    mask: Sequence[bool]


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
    inside: Sequence[bool]
    left_out: Sequence[str | None]


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
    everything = [True] * len(told.arrived_at)
    levels = [Level("all", Business.ALL, everything)]
    if business_type is not Business.ALL:
        levels.append(Level("all", business_type, of_business(told, business_type)))
    whole = levels[-1].mask
    levels += [
        Level(str(one), business_type, _both(whole, await stays_of(work, told, one)))
        for one in await _narrower(work, told, subject)
    ]
    out = _left_out(told, basis)
    counted = [reason is None for reason in out]
    return Cohort(
        told=told,
        facts=told.facts,
        window=window_at(work, window, told.at),
        levels=[replace(level, mask=_both(level.mask, counted)) for level in levels],
        inside=levels[-1].mask,
        left_out=out,
    )


def of_business(told: Story, business_type: Business) -> list[bool]:
    kinds = [deal.business_type for deal in told.deals]
    return [kinds[deal] == business_type for deal in told.facts.stays.deal.tolist()]


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


def _left_out(told: Story, basis: RateBasis) -> list[str | None]:
    stays = told.facts.stays
    each = zip(
        stays.deal.tolist(),
        stays.entered.tolist(),
        stays.outcome.tolist(),
        told.arrived_at,
        strict=True,
    )
    return [
        _reason(told.deals[deal], outcome, basis, again=entered != day(arrived_at))
        for deal, entered, outcome, arrived_at in each
    ]


def _reason(deal: DealRow, outcome: int, basis: RateBasis, *, again: bool) -> str | None:
    """Why a stay does not count. A deal that waits `again` where it once was is no new arrival."""
    if again:
        return AGAIN
    kind = deal.exit_kind if deal.status == "exited" else None
    if kind == DUPLICATE:
        return DUPLICATE
    lost = outcome == Outcome.LOST
    return DECLINED if kind == DECLINED and lost and basis is RateBasis.COMPETED else None


async def _narrower(work: Work, told: Story, subject: Subject) -> list[Subject]:
    """The scopes below everybody, down to the one that is asked about."""
    if subject.person_id is None:
        return [] if subject == EVERYBODY else [subject]
    [team] = await teams_on(work, [subject.person_id], [told.at])
    return [subject] if team is None else [Subject(Whose.TEAM, team), subject]


def _both(one: Sequence[bool], other: Sequence[bool]) -> list[bool]:
    return [a and b for a, b in zip(one, other, strict=True)]
