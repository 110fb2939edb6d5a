"""Whether a shortfall at a milestone can still be made up, and by whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isnan
from uuid import UUID

from app.domain.cohorts import of_business
from app.domain.facts import Story
from app.domain.prospects import Prospect
from app.engine.cascade import Level
from app.schemas.scopes import Business

FEED_DAYS = 90.0  # of arrivals at the first milestone, from which those to come are counted


@dataclass(frozen=True, slots=True)
class Missing:
    """What a milestone lacks by value and by number (None: not asked for, or not known), and what
    that lack is worth at the order."""

    value: Fraction | None
    count: Fraction | None
    worth_value: Fraction | None
    worth_count: Fraction | None

    @property
    def something(self) -> bool:
        return bool(self.value) or bool(self.count)


@dataclass(frozen=True, slots=True)
class Recovery:
    """What may be expected to arrive within the rest of the period from the `candidates`, the open
    deals one milestone before; at the first milestone from deals that are not there yet. Dead ones
    are counted apart (`dead_count`), and nothing is expected of them.

    `share` is the part of the lack, 0 to 1, that this makes up for.
    """

    value: Fraction
    count: Fraction
    share: Fraction
    candidates: Sequence[Prospect]
    dead_count: int


def missing(
    needed_value: Fraction | None,
    needed_count: Fraction | None,
    level: Level,
    order: Level,
) -> Missing:
    """A lack is worth at the order what it would have become: the lack times the yield from here,
    which is the order's requirement over this milestone's."""
    return Missing(
        needed_value,
        needed_count,
        _worth(needed_value, level.value, order.value),
        _worth(needed_count, level.count, order.count),
    )


def recovery(
    lack: Missing,
    position: int,
    candidates: Sequence[Prospect],
    feed: tuple[Fraction, Fraction],
) -> Recovery:
    """`feed`: the value and number of new deals to be expected at the first milestone."""
    there = [one for one in candidates if one.section == position - 2]
    here = [one for one in there if not one.dead]
    value, count = feed
    if position > 1:
        value = sum((one.weighted or Fraction(0) for one in here), Fraction(0))
        count = sum((one.share * one.chance for one in here), Fraction(0))
    by_value, by_count = _part(value, lack.value), _part(count, lack.count)
    share = by_value if lack.value else by_count
    return Recovery(value, count, share, here, len(there) - len(here))


def fresh(told: Story, business_type: Business = Business.ALL) -> list[tuple[UUID | None, float]]:
    """The owner and the value (NaN where unknown) of each deal that arrived at the first milestone
    in the last 90 days."""
    stays = told.facts.stays
    since = told.facts.at - FEED_DAYS
    rows = zip(
        told.arrived_owner,
        of_business(told, business_type),
        stays.section.tolist(),
        stays.entered.tolist(),
        stays.value.tolist(),
        strict=True,
    )
    return [
        (owner, value)
        for owner, asked, section, at, value in rows
        if section == 0 and at > since and (asked or business_type is Business.ALL)
    ]


def feed_of(values: Sequence[float], days: float) -> tuple[Fraction, Fraction]:
    """Value and number of the deals that will arrive at the first milestone within so many days
    if they go on as they did in the last 90, with these values."""
    part = Fraction(f"{max(days, 0.0) / FEED_DAYS:.6f}")
    known = sum((Fraction(f"{value:.2f}") for value in values if not isnan(value)), Fraction(0))
    return known * part, len(values) * part


def priority(lack: Missing, found: Recovery) -> Fraction:
    """Shortfall in what it is worth at the order, times how much of it can be made up for; by
    value where values are asked for."""
    return (lack.worth_value or lack.worth_count or Fraction(0)) * found.share


def _worth(lack: Fraction | None, here: Fraction | None, order: Fraction | None) -> Fraction | None:
    return lack * order / here if lack is not None and here and order is not None else None


def _part(expected: Fraction, lack: Fraction | None) -> Fraction:
    return min(Fraction(1), expected / lack) if lack else Fraction(0)
