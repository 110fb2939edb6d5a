"""What the forecast knew at a moment: the deals standing, arrivals, amounts and past orders."""

from dataclasses import dataclass

import numpy as np

from app.engine.flow.facts import Facts, Numbers, Orders
from app.engine.forecast.fit import Record
from app.engine.forecast.passages import Passages, passages

ARRIVAL_DAYS, FEWEST_ARRIVAL_DAYS = 90.0, 28.0  # arrivals per day are counted over such a while
FEW_ARRIVALS = 10  # fewer say nothing about the amounts of new deals
RETENTION_WEIGHT = 5.0  # pseudo orders at just the amount that was known
CAP = 0.95  # no deal weighs more in rates of value than this quantile of the amounts
FEW_AMOUNTS = 20


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """All that happened, prepared once for looks at many moments. `won_at`: by deal when it went
    on to its order, infinite where it did not."""

    facts: Facts
    passages: Passages
    won_at: Numbers

    def look(self, at: float) -> "Moment":
        """At an earlier moment deals are worth what they were worth when they last moved."""
        facts = self.facts
        seen = self.passages.until(at)
        if at >= facts.at:
            return Moment(at, facts.since, facts.sections, seen, facts.orders, facts.amount)
        amount = np.full(len(facts.amount), np.nan)
        amount[seen.deal] = seen.value
        orders = facts.orders.where(facts.orders.at <= at)
        return Moment(at, facts.since, facts.sections, seen, orders, amount)


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """`amount` is per deal, NaN when unknown."""

    at: float
    since: float
    sections: int
    seen: Passages
    orders: Orders
    amount: Numbers

    @property
    def record(self) -> Record:
        return Record(self.seen, self.since, self.at, self.sections)

    @property
    def arrivals(self) -> Passages:
        """The deals that came in lately."""
        return self.seen.where(self.seen.first & (self.seen.entered > self.at - self.arrival_days))

    @property
    def arrival_days(self) -> float:
        """As far back as arrivals are counted: not before the first one, at least a week."""
        first = float(self.seen.entered.min(initial=self.at))
        known = min(max(self.at - self.since, FEWEST_ARRIVAL_DAYS), ARRIVAL_DAYS)
        return max(min(known, self.at - first + 1e-6), 7.0)

    @property
    def mean_amount(self) -> float | None:
        """Of the deals whose amount is known; else of orders; None when nothing is known."""
        for amounts in (self.amount[self.seen.deal[self.seen.first]], self.orders.value):
            known = amounts[~np.isnan(amounts)]
            if len(known):
                return float(known.mean())
        return None

    @property
    def weights(self) -> Numbers | None:
        """Per passage its amount on arrival, capped, with the mean 1; None without amounts."""
        known = self.seen.value[~np.isnan(self.seen.value)]
        if not len(known) or known.max() <= 0:
            return None
        cap = np.quantile(known, CAP) if len(known) >= FEW_AMOUNTS else known.max()
        cap = cap if cap > 0 else known.max()
        capped = np.minimum(known, cap)
        mean = capped.mean()
        filled = np.where(np.isnan(self.seen.value), mean, np.minimum(self.seen.value, cap))
        weights: Numbers = filled / mean
        return weights

    def retention(self, mean_amount: float) -> Numbers:
        """Per section: what orders brought per amount that was known there."""
        sold = np.full(len(self.amount), np.nan)
        whole = np.zeros(len(sold), dtype=bool)
        whole[self.orders.deal[self.orders.first]] = True
        sold[whole] = np.bincount(self.orders.deal, weights=self.orders.value, minlength=len(sold))[
            whole
        ]
        brought = sold[self.seen.deal]
        both = ~np.isnan(brought) & ~np.isnan(self.seen.value)
        section = self.seen.section[both]
        orders = np.bincount(section, weights=brought[both], minlength=self.sections)
        known = np.bincount(section, weights=self.seen.value[both], minlength=self.sections)
        leaning = RETENTION_WEIGHT * max(mean_amount, 1e-9)
        found: Numbers = (orders + leaning) / (known + leaning)
        return found


def history(facts: Facts) -> History:
    seen = passages(facts)
    won_at, ordered = np.full(len(facts.amount), np.inf), seen.to == facts.sections
    won_at[seen.deal[ordered]] = seen.left[ordered]
    return History(facts, seen, won_at)
