"""From arrivals to stays: all deals at once, as columns.

Moments are whole microseconds since `ORIGIN`, so that "a moment before" is exact; what comes out is
in days. `NEVER` stands for a moment that there is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np

from app.engine.flow.facts import Facts, Flags, Numbers, Orders, Outcome, Places, Stays

NEVER = -(2**62)
NOWHERE = -1  # no milestone, no deal
MOMENT = 1
DAY = 86_400_000_000


class _Columns:
    """Columns of one length, made from sequences in the order of the fields."""

    __slots__ = ()

    @classmethod
    def of(cls, *columns: Sequence[Any] | Numbers | Places | Flags) -> Self:
        kinds = cls.__annotations__.values()
        return cls(*(np.array(c, dtype=_KINDS[k]) for c, k in zip(columns, kinds, strict=True)))


_KINDS = {Places: "int64", Numbers: "float64", Flags: "bool"}


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals(_Columns):
    """One entry per arrival, by deal and then in the order of the process's story.

    `position` counts from 1, the highest is the order; `NOWHERE` is a milestone the version in
    force has not. `milestone` numbers milestones as `Deals` does. `value` is NaN where unknown.
    """

    deal: Places
    position: Places
    milestone: Places
    ordinal: Places
    arrived: Places
    left: Places
    held: Numbers
    implied: Flags
    value: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Deals(_Columns):
    """One entry per deal: how it stands, and what it is worth.

    `decided`: its exit was the customer's decision. `exited`, `held`, `fell` are `NEVER` where they
    did not happen. `worth_known`: on arrival it was worth what the arrival says; otherwise
    `estimate` (NaN: nobody knows). `amount` is what it is worth now.
    """

    open: Flags
    decided: Flags
    exited: Places
    held: Places
    fell: Places
    clock: Places
    milestone: Places
    worth_known: Flags
    estimate: Numbers
    amount: Numbers


class Gathered(NamedTuple):
    """The facts, and which arrival each of their stays and orders is. `settled`: from the moment
    on nothing changes but that the stays at `growing` are watched for longer."""

    facts: Facts
    stays: Places
    orders: Places
    growing: Places
    settled: bool

    def later(self, at: int) -> "Gathered":
        """The same at a later moment, until a hold of one of the deals ends; once `settled`."""
        stays = self.facts.stays
        left = stays.left.copy()
        left[self.growing] = at / DAY
        facts = replace(self.facts, at=at / DAY, stays=replace(stays, left=left))
        return self._replace(facts=facts)


def gather(deals: Deals, arrivals: Arrivals, sections: int, at: int) -> Gathered:
    """What the deals did in a process of so many sections, as it was at `at`.

    A deal stays behind each milestone until it arrives at the next one; the last stay ends with
    its exit, or is watched until something else ends it. A deal that fell back, or was revived,
    waits anew.
    """
    known = (arrivals.deal != NOWHERE) & (arrivals.position != NOWHERE)
    orders = np.flatnonzero(known & (arrivals.position == sections + 1))
    before = np.flatnonzero(known & (arrivals.position <= sections))
    key = arrivals.deal[before] * (sections + 1) + arrivals.position[before]
    first = before[np.unique(key, return_index=True)[1]]
    walk = _Walk(deals, arrivals, first, orders, at)
    stays, rows = walk.stays()
    sold = Orders(
        deal=arrivals.deal[orders],
        at=arrivals.arrived[orders] / DAY,
        value=arrivals.value[orders],
        first=arrivals.ordinal[orders] == 1,
    )
    ended = stays.left[(stays.outcome != Outcome.OPEN) & ~stays.implied & (stays.days > 0)]
    since = float(ended.min()) if len(ended) else at / DAY
    facts = Facts(sections, at / DAY, since, stays, sold, deals.amount)
    growing = np.flatnonzero((stays.outcome == Outcome.OPEN) & (stays.left == at / DAY))
    told = (arrivals.arrived, arrivals.left, deals.exited, deals.held, deals.fell, deals.clock)
    latest = max(int(each.max(initial=NEVER)) for each in told)
    return Gathered(facts, rows, orders, growing, bool(len(ended)) and latest < at - MOMENT)


class _Ends(NamedTuple):
    """How stays ended."""

    left: Places
    outcome: Places


class _Walk:
    """The first arrivals at each milestone before the order, by deal and position."""

    def __init__(
        self, deals: Deals, arrivals: Arrivals, first: Places, orders: Places, at: int
    ) -> None:
        self.deals, self.arrivals, self.first, self.at = deals, arrivals, first, at
        self.deal = arrivals.deal[first]
        self.last = np.append(self.deal[1:] != self.deal[:-1], True)[: len(first)]
        order = np.full(len(deals.clock), NOWHERE)
        order[arrivals.deal[orders][::-1]] = orders[::-1]  # the first one of a deal remains
        self.to_order = self.last & (order[self.deal] != NOWHERE)
        following = np.roll(first, -1) if len(first) else first
        self.after = np.where(self.last, order[self.deal], following)

    def stays(self) -> tuple[Stays, Places]:
        """The stays, and the arrival that each begins with."""
        arrivals, ends = self.arrivals, self._ends()
        again, here = self._again()
        entered = arrivals.arrived[self.first]
        before = _Ends(
            np.where(again, self._broken(ends, here), ends.left),
            np.where(again, Outcome.OPEN, ends.outcome),
        )
        place = np.flatnonzero(again)
        rows = np.insert(self.first, place + 1, self.first[here[place]])
        clock = self.deals.clock[self.deal[place]]

        def column(of: Places, anew: Places) -> Places:
            return np.insert(of, place + 1, anew)

        moved = np.insert(~self.last | self.to_order, place + 1, False)
        found = Stays(
            deal=arrivals.deal[rows],
            section=arrivals.position[rows] - 1,
            entered=column(entered, clock) / DAY,
            left=column(before.left, np.maximum(ends.left[place], clock)) / DAY,
            outcome=column(before.outcome, ends.outcome[place]),
            held=np.insert(arrivals.held[self.first], place + 1, 0.0),
            implied=arrivals.implied[rows],
            value=self._worth(rows),
            next_value=np.full(len(rows), np.nan),
        )
        found.next_value[moved] = self._next_value()
        return found, rows

    def _ends(self) -> _Ends:
        """When each stay ended, or until when it was watched.

        What is no longer watched at `at` was watched until a moment before.
        """
        deals, deal, row = self.deals, self.deal, self.first
        arrived, left = self.arrivals.arrived[row], self.arrivals.left[row]
        lately = self.at - MOMENT
        moved, goes_on = ~self.last | self.to_order, deals.open[deal]
        exited, held = deals.exited[deal], deals.held[deal]
        out = ~goes_on & (exited != NEVER)
        lost = out & deals.decided[deal]
        until = np.where(out, np.maximum(exited, arrived), np.where(left == NEVER, arrived, left))
        until = np.where(goes_on, np.maximum(held, arrived), until)
        seen = np.where(lost, until, np.minimum(until, lately))
        seen = np.where(goes_on & (held == NEVER), self.at, seen)
        following = self.arrivals.arrived[np.where(moved, self.after, row)]
        return _Ends(
            np.where(moved, following, seen),
            np.where(moved, Outcome.ADVANCED, np.where(lost, Outcome.LOST, Outcome.OPEN)),
        )

    def _again(self) -> tuple[Flags, Places]:
        """Which last stays were broken off, and where their deals wait anew (an index of `first`).

        Falling back moves no clock.
        """
        deals, deal = self.deals, self.deal
        standing = deals.milestone[deal]
        there = np.flatnonzero(
            (standing != NOWHERE) & (self.arrivals.milestone[self.first] == standing)
        )
        place = np.full(len(deals.clock), NOWHERE)
        place[deal[there][::-1]] = there[::-1]
        here = place[deal]
        at_last = here == np.arange(len(deal))
        waited = at_last & (deals.clock[deal] <= self.arrivals.arrived[self.first])
        again = self.last & ~self.to_order & deals.open[deal] & (here != NOWHERE) & ~waited
        return np.asarray(again, dtype=bool), here

    def _broken(self, ends: _Ends, here: Places) -> Places:
        """When the stay before the new one was broken off. What ended this very instant is not
        under way any more."""
        deals, deal = self.deals, self.deal
        fell = np.where(deals.fell[deal] == NEVER, deals.clock[deal], deals.fell[deal])
        broken = np.where(here == np.arange(len(deal)), deals.clock[deal], fell)
        since = np.maximum(broken, self.arrivals.arrived[self.first])
        return np.minimum(np.minimum(since, ends.left), self.at - MOMENT)

    def _worth(self, rows: Places) -> Numbers:
        """What the deal was known to be worth on arrival."""
        value, deal = self.arrivals.value[rows], self.arrivals.deal[rows]
        said = self.deals.worth_known[deal] & ~np.isnan(value)
        return np.where(said, value, self.deals.estimate[deal])

    def _next_value(self) -> Numbers:
        """Of the stays that went on: worth on arrival there, or the order's own value."""
        moved = ~self.last | self.to_order
        after = self.after[moved]
        return np.where(self.to_order[moved], self.arrivals.value[after], self._worth(after))
