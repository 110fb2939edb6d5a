"""What the rates alone promise at a moment, before any correction: open deals and new business."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.flow.facts import Numbers
from app.engine.forecast.fit import PRIOR_WEIGHT, Prior, Rates, fit_record
from app.engine.forecast.history import FEW_ARRIVALS, Moment
from app.engine.forecast.passages import Passages
from app.engine.forecast.roll import Table, roll_all

MOST_CERTAIN = 0.99

FEW_WEEKS, FEW_WEEKS_DISPERSION = 4, 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Rates and tables, by number of deals and by their value."""

    rates: Rates
    count: Table
    value: Table
    value_rates: Rates


@dataclass(frozen=True, slots=True, eq=False)
class NewDeals:
    """Deals to come, as the latest arrivals were: `per_day` for each section they enter.

    `amount` and `square` are the mean of their amounts and of the squared amounts. `doubt` is the
    relative variance of their number over one day ahead (`doubt_ahead`) and as counted
    (`doubt_behind`): weekly arrivals vary more than by chance alone.
    """

    per_day: Numbers
    amount: float
    square: float
    dispersion: float
    counted: int


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What a moment knew besides rates: the mean of all amounts (None: no amount was ever known),
    per section what orders brought per amount, how deals come in, and how orders spread."""

    mean_amount: float | None
    retention: Numbers
    new: NewDeals
    orders_seen: int
    order_spread: float

    @property
    def mean(self) -> float:
        return self.mean_amount or 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Promise:
    """Per open deal and period the chance of an order, by count and by value rates.

    `worth` is what its order would bring. `new_orders` and `new_value` are per period.
    """

    standing: Passages
    worth: Numbers
    unknown_amounts: int
    chance: Numbers
    value_chance: Numbers
    ground: Ground
    new_orders: Numbers
    new_value: Numbers


def tables(
    moments: Sequence[Moment], prior: Prior, step: float, offsets: Sequence[float]
) -> list[Tables]:
    """For each moment, all rolled together; `offsets` are the periods' ends, days ahead."""
    fitted = [fit_record(each.record, prior, step, (None, each.weights)) for each in moments]
    rolled = roll_all([rates for pair in fitted for rates in pair], offsets)
    return [
        Tables(count, rolled[2 * i], rolled[2 * i + 1], value)
        for i, (count, value) in enumerate(fitted)
    ]


def rolled_on(count: Rates, value: Rates, offsets: Sequence[float]) -> Tables:
    """The tables of rates that were learnt before."""
    by_count, by_value = roll_all([count, value], offsets)
    return Tables(count, by_count, by_value, value)


def ground(moment: Moment) -> Ground:
    mean = moment.mean_amount or 0.0
    return Ground(
        mean_amount=moment.mean_amount,
        retention=moment.retention(mean),
        new=new_deals(moment, mean),
        orders_seen=int(moment.orders.first.sum()),
        order_spread=order_spread(moment),
    )


def promise(moment: Moment, found: Tables, offsets: Sequence[float]) -> Promise:
    standing = moment.seen.standing(moment.at)
    return promised(ground(moment), standing, moment.amount[standing.deal], found, offsets)


def promised(
    known: Ground, standing: Passages, amount: Numbers, found: Tables, offsets: Sequence[float]
) -> Promise:
    """What deals that stand now promise on the ground of what was known; unknown amounts are NaN
    and count as the mean one."""
    retention, new = known.retention, known.new
    worth = np.where(np.isnan(amount), known.mean, amount) * retention[standing.section]
    new_value = new.amount * arriving(found.value, new.per_day * retention, offsets)
    return Promise(
        standing=standing,
        worth=worth,
        unknown_amounts=int(np.isnan(amount).sum()),
        chance=chances_of(found.count, standing),
        value_chance=chances_of(found.value, standing),
        ground=known,
        new_orders=arriving(found.count, new.per_day, offsets),
        new_value=new_value,
    )


def chances_of(table: Table, standing: Passages) -> Numbers:
    """Per deal and period, the chance of an order in that period."""
    reached = table.within[:, standing.section, table.age(standing.days)]
    return np.diff(reached, axis=0, prepend=0.0).T


def arriving(table: Table, per_day: Numbers, offsets: Sequence[float]) -> Numbers:
    """Orders per period from deals that will arrive: per day times the sum of V_u over u < H."""
    together = table.fresh @ per_day
    steps = np.arange(len(together)) * table.step
    gathered = np.append(0.0, np.cumsum((together[1:] + together[:-1]) / 2) * table.step)
    return np.diff(np.interp(offsets, steps, gathered), prepend=0.0)


def new_deals(moment: Moment, mean: float) -> NewDeals:
    arrivals, days = moment.arrivals, moment.arrival_days
    per_day = np.bincount(arrivals.section, minlength=moment.sections) / days
    known = arrivals.value[~np.isnan(arrivals.value)]
    enough = len(known) >= FEW_ARRIVALS
    return NewDeals(
        per_day=per_day,
        amount=float(known.mean()) if enough else mean,
        square=float((known**2).mean()) if enough else 2 * mean**2,
        dispersion=_dispersion(moment.at - arrivals.entered, days),
        counted=len(arrivals.deal),
    )


def order_spread(moment: Moment) -> float:
    """cv² of order values; 1 when there are few."""
    values = moment.orders.value[~np.isnan(moment.orders.value)]
    if len(values) < FEW_ARRIVALS or values.mean() <= 0:
        return 1.0
    return float(values.var() / values.mean() ** 2)


def common_doubt(found: Promise, prior_share: float, days: Sequence[float]) -> Numbers:
    """Per period the relative variance that all deals share: how many new deals come, and rates
    that are known from few orders."""
    known, new = found.ground, found.ground.new
    whole = found.chance.sum(axis=0) + found.new_orders
    part = found.new_orders / np.maximum(whole, 1e-12)
    expected = new.per_day.sum() * np.asarray(days)
    arriving = new.dispersion * (1 / np.maximum(expected, 1e-9) + 1 / max(new.counted, 1))
    evidence = known.orders_seen + 1 + (PRIOR_WEIGHT if prior_share > 0 else 0)
    doubt: Numbers = part**2 * np.where(expected > 0, arriving, 0.0)
    return doubt + (1 + known.order_spread) / evidence


def _dispersion(ago: Numbers, days: float) -> float:
    """Variance over mean of weekly arrivals, at least 1."""
    weeks = int(days // 7)
    if weeks < FEW_WEEKS:
        return FEW_WEEKS_DISPERSION
    counts = np.histogram(ago, bins=weeks, range=(0, days))[0]
    return max(1.0, float(counts.var(ddof=1) / max(counts.mean(), 1e-9)))
