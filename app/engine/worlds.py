"""Sales worlds with a known truth: what forecasts, rates and the demo are tried on.

A deal arrives, and in every section a coin decides whether it will go on. Those that will, take a
gamma-distributed time for it; the others leave after a lognormal one, or are forgotten: the rep
never closes them. The coin is weighted: large deals convert less, existing customers more, and
some owners are better than others.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from random import Random
from statistics import NormalDist

NORMAL = NormalDist()
DAYS_PER_MONTH = 365.25 / 12
MOST_LIKELY = 0.95  # however good things get
POINTS = 200  # of the grid over deal sizes on which the truth is computed


@dataclass(frozen=True, slots=True)
class Shock:
    """From `after_days` after the start on, things are `factor` times what they were."""

    after_days: float
    factor: float


@dataclass(frozen=True, slots=True)
class World:
    """Everything that decides what happens.

    Section k has `conversion[k]`, for a middling deal, and `winner_days[k]`, the mean time of
    those that go on; so there is one milestone more. Amounts are in whole units of a currency,
    with the median `amount` and the spread `amount_sigma` of their logarithm. `size_penalty`,
    `owner_spread` and `existing_lift` move the log-odds of a conversion: per standard deviation
    of size, as standard deviation between owners, and for existing customers. `forgotten` is the
    share of leaving deals that nobody ever closes; they are closed in a clean-up
    `cleaned_up_days` (from, to) later, if that is given. `season` has a factor for each month.
    """

    conversion: tuple[float, ...] = (0.5, 0.55, 0.6, 0.65)
    winner_days: tuple[float, ...] = (45, 40, 50, 35)
    winner_shape: float = 1.8
    loser_median_days: float = 55
    loser_sigma: float = 0.8
    forgotten: float = 0.25
    cleaned_up_days: tuple[float, float] | None = None
    per_month: float = 40
    season: tuple[float, ...] = (1.06,) * 7 + (0.7,) + (1.06,) * 3 + (0.7,)
    arrival_shocks: tuple[Shock, ...] = ()
    conversion_shocks: tuple[Shock, ...] = ()
    amount: float = 40_000
    amount_sigma: float = 0.9
    size_penalty: float = 0.125
    slower_by_size: float = 0.15
    owners: int = 6
    owner_spread: float = 0.125
    accounts: int = 150
    existing_share: float = 0.0
    existing_lift: float = 0.6

    @property
    def milestones(self) -> int:
        return len(self.conversion) + 1


class Kind(StrEnum):
    REACHED = "reached"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Step:
    """A milestone reached (the last one is the order), or left for good; positions from 1."""

    kind: Kind
    milestone: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Deal:
    """One opportunity as far as it is known; the first step is reaching milestone 1.

    Owner and account are numbers from 0; the amount is in whole units of the currency.
    """

    number: int
    created_at: datetime
    owner: int
    account: int
    existing: bool
    amount: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Truth:
    """What an observer would find after endless time, per section: of all deals that enter it,
    the share that goes on by number and by value, and the mean days of those that go on."""

    conversion: tuple[float, ...]
    value_conversion: tuple[float, ...]
    winner_days: tuple[float, ...]


def simulate(world: World, seed: int, start: date, end: date) -> list[Deal]:
    """The deals created in [start, end), in order, with what happened to them before `end`.

    The same seed and start give the same deals; a later `end` only adds to them.
    """
    random, origin = Random(seed), _midnight(start)  # noqa: S311 - a world, not a secret
    created = (
        day + share
        for day in range((end - start).days)
        for share in _arrivals(world, random, day, start + timedelta(days=day))
    )
    deals = (_deal(world, random, number, origin, at) for number, at in enumerate(created))
    return [known(deal, _midnight(end)) for deal in deals]


def known(deal: Deal, until: datetime) -> Deal:
    """The deal with only what happened before `until`."""
    return replace(deal, steps=tuple(step for step in deal.steps if step.at < until))


def truth(world: World) -> Truth:
    """What the world's parameters amount to, without its shocks.

    The deals that reach a section are not the middling ones: large deals and those of weaker
    owners have left before. So all kinds of deals are followed through, each with its weight.
    """
    kinds = list(_kinds(world))
    conversion, value_conversion, winner_days = [], [], []
    for section in range(len(world.conversion)):
        entered = sum(kind.weight for kind in kinds)
        value = sum(kind.weight * kind.amount for kind in kinds)
        kinds = [kind.after(world, section) for kind in kinds]
        through = sum(kind.weight for kind in kinds)
        conversion.append(through / entered)
        value_conversion.append(sum(kind.weight * kind.amount for kind in kinds) / value)
        days = sum(kind.weight * _mean_days(world, section, kind.size) for kind in kinds)
        winner_days.append(days / through)
    return Truth(tuple(conversion), tuple(value_conversion), tuple(winner_days))


@dataclass(frozen=True, slots=True)
class _DealKind:
    weight: float
    size: float
    owner: int
    existing: bool
    amount: float

    def after(self, world: World, section: int) -> "_DealKind":
        chance = _chance(world, section, self.size, self.owner, existing=self.existing)
        return replace(self, weight=self.weight * chance)


def _kinds(world: World) -> Iterator[_DealKind]:
    for point in range(POINTS):
        size = NORMAL.inv_cdf((point + 0.5) / POINTS)
        for owner in range(world.owners):
            for existing, share in (
                (True, world.existing_share),
                (False, 1 - world.existing_share),
            ):
                yield _DealKind(share, size, owner, existing, _amount(world, size))


def _arrivals(world: World, random: Random, day: int, today: date) -> Iterator[float]:
    """The times, as shares of the day, at which deals arrive: a Poisson process."""
    rate = world.per_month / DAYS_PER_MONTH * world.season[today.month - 1]
    rate *= _shocked(world.arrival_shocks, day)
    moment = random.expovariate(1)
    while moment < rate:
        yield moment / rate
        moment += random.expovariate(1)


def _deal(world: World, random: Random, number: int, origin: datetime, created: float) -> Deal:
    """A whole life; times are in days since `origin`."""
    owner, account = random.randrange(world.owners), random.randrange(world.accounts)
    existing, size = random.random() < world.existing_share, random.gauss(0, 1)
    moments = [(Kind.REACHED, 1, created)]
    for section in range(len(world.conversion)):
        _, milestone, now = moments[-1]
        chance = _chance(world, section, size, owner, existing=existing, day=now)
        if random.random() < chance:
            scale = _mean_days(world, section, size) / world.winner_shape
            gone_on = now + random.gammavariate(world.winner_shape, scale)
            moments.append((Kind.REACHED, milestone + 1, gone_on))
            continue
        left = _leaves(world, random, now)
        if left is not None:
            moments.append((Kind.LEFT, milestone, left))
        break
    return Deal(
        number=number,
        created_at=origin + timedelta(days=created),
        owner=owner,
        account=account,
        existing=existing,
        amount=max(100, round(_amount(world, size) / 100) * 100),
        steps=tuple(Step(kind, at, origin + timedelta(days=day)) for kind, at, day in moments),
    )


def _chance(
    world: World, section: int, size: float, owner: int, *, existing: bool, day: float = -1
) -> float:
    base = min(MOST_LIKELY, world.conversion[section] * _shocked(world.conversion_shocks, day))
    skill = NORMAL.inv_cdf((owner + 0.5) / world.owners) * world.owner_spread
    lift = world.existing_lift if existing else 0
    odds = base / (1 - base) * math.exp(skill + lift - world.size_penalty * size)
    return odds / (1 + odds)


def _leaves(world: World, random: Random, now: float) -> float | None:
    """When a deal that will not go on is closed; None: never."""
    if random.random() >= world.forgotten:
        return now + random.lognormvariate(math.log(world.loser_median_days), world.loser_sigma)
    if world.cleaned_up_days is None:
        return None
    return now + random.uniform(*world.cleaned_up_days)


def _mean_days(world: World, section: int, size: float) -> float:
    return world.winner_days[section] * math.exp(world.slower_by_size * size)


def _amount(world: World, size: float) -> float:
    return world.amount * math.exp(world.amount_sigma * size)


def _shocked(shocks: tuple[Shock, ...], day: float) -> float:
    return math.prod(shock.factor for shock in shocks if day >= shock.after_days)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
