"""A process's story told deal by deal: slow, plain, and the measure of how it is told at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from math import nan
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.domain.facts.deals import DealRow
from app.engine.flow.facts import Facts, Order, Outcome, Stay, day, gathered

# Left without the customer having decided anything.
_UNDECIDED = ("duplicate",)


@dataclass(frozen=True, slots=True)
class Columns:
    """The facts, and beside each stay and order when it was and whose."""

    facts: Facts
    arrived_at: Sequence[datetime]
    arrived_owner: Sequence[UUID | None]
    ordered_at: Sequence[datetime]
    order_owner: Sequence[UUID | None]


@dataclass(frozen=True, slots=True)
class _Arrival:
    """An arrival at a milestone of the version in force; positions count from 1."""

    position: int
    row: Row[Any]


def columns(
    deals: Sequence[DealRow],
    passages: Sequence[Row[Any]],
    lineages: Mapping[UUID, int],
    milestones: int,
    at: datetime,
) -> Columns:
    """What the rows say of the milestones that the version in force has, by `lineages`."""
    index = {deal.opportunity_id: number for number, deal in enumerate(deals)}
    stays: list[tuple[Stay, Row[Any]]] = []
    orders: list[tuple[Order, Row[Any]]] = []
    for id, rows in groupby(passages, attrgetter("opportunity_id")):
        number = index.get(id)
        if number is None:
            continue
        arrivals = [_Arrival(lineages[r.lineage_id], r) for r in rows if r.lineage_id in lineages]
        sold = [one.row for one in arrivals if one.position == milestones]
        orders += ((_order(number, row), row) for row in sold)
        before = _once(one for one in arrivals if one.position < milestones)
        if before:
            stays += _stays(deals[number], number, before, sold[0] if sold else None, at)
    amounts = [_number(deal.reporting_value) for deal in deals]
    return Columns(
        gathered(milestones - 1, day(at), [s for s, _ in stays], [o for o, _ in orders], amounts),
        arrived_at=[row.arrived_at for _, row in stays],
        arrived_owner=[row.owner_id for _, row in stays],
        ordered_at=[row.arrived_at for _, row in orders],
        order_owner=[row.owner_id for _, row in orders],
    )


def _order(number: int, row: Row[Any]) -> Order:
    return Order(number, day(row.arrived_at), _number(row.reporting_value), row.ordinal == 1)


def _once(arrivals: Iterator[_Arrival]) -> list[_Arrival]:
    """The first arrival at each position, in the order of the process."""
    first: dict[int, _Arrival] = {}
    for one in arrivals:
        first.setdefault(one.position, one)
    return [first[position] for position in sorted(first)]


def _stays(
    deal: DealRow, number: int, arrivals: Sequence[_Arrival], order: Row[Any] | None, at: datetime
) -> Iterator[tuple[Stay, Row[Any]]]:
    following = [*(one.row for one in arrivals[1:]), order]
    for one, after in zip(arrivals, following, strict=True):
        if after is not None:
            worth = _number(after.reporting_value) if after is order else _worth(deal, after)
            stay = _stay(deal, number, one, after.arrived_at, Outcome.ADVANCED, worth)
            yield stay, one.row
        else:
            yield from _last(deal, number, arrivals, at)


def _last(
    deal: DealRow, number: int, arrivals: Sequence[_Arrival], at: datetime
) -> Iterator[tuple[Stay, Row[Any]]]:
    """The last stay, and where the deal fell back or its clock began anew, the one after it."""
    last = arrivals[-1]
    left, outcome = _end(deal, last.row, at)
    here = _restarted(deal, arrivals)
    if here is None:
        yield _stay(deal, number, last, left, outcome), last.row
        return
    broken = deal.clock_from if here is last else deal.fell_at or deal.clock_from
    # What ended this very instant is not under way any more.
    before = min(max(broken, last.row.arrived_at), left, at - timedelta.resolution)
    yield _stay(deal, number, last, before, Outcome.OPEN), last.row
    again = _stay(deal, number, here, max(left, deal.clock_from), outcome)
    yield again._replace(entered=day(deal.clock_from), held=0.0), here.row


def _end(deal: DealRow, row: Row[Any], at: datetime) -> tuple[datetime, Outcome]:
    """When the last stay ended, or until when it was watched.

    What is no longer watched at `at` was watched until a moment before.
    """
    lately = at - timedelta.resolution
    if deal.status == "exited" and deal.exited_at is not None:
        left = max(deal.exited_at, row.arrived_at)
        decided = deal.exit_kind not in _UNDECIDED and not deal.clean_up
        return (left, Outcome.LOST) if decided else (min(left, lately), Outcome.OPEN)
    if deal.status != "open":
        return min(row.left_at or row.arrived_at, lately), Outcome.OPEN
    if deal.held_since is not None:
        return min(max(deal.held_since, row.arrived_at), lately), Outcome.OPEN
    return at, Outcome.OPEN


def _restarted(deal: DealRow, arrivals: Sequence[_Arrival]) -> _Arrival | None:
    """Where a deal waits anew: it fell back, or was revived. Falling back moves no clock."""
    if deal.status != "open":
        return None
    here = next((one for one in arrivals if one.row.milestone_id == deal.milestone_id), None)
    if here is None or (here is arrivals[-1] and deal.clock_from <= here.row.arrived_at):
        return None
    return here


def _stay(
    deal: DealRow,
    number: int,
    one: _Arrival,
    left: datetime,
    outcome: Outcome,
    next_value: float = nan,
) -> Stay:
    return Stay(
        deal=number,
        section=one.position - 1,
        entered=day(one.row.arrived_at),
        left=day(left),
        outcome=outcome,
        held=float(one.row.held_days),
        implied=one.row.implied,
        value=_worth(deal, one.row),
        next_value=next_value,
    )


def _worth(deal: DealRow, row: Row[Any]) -> float:
    """What the deal was known to be worth on arrival; the list price where nobody had said."""
    if row.reporting_value is not None and not deal.hindsight:
        return float(row.reporting_value)
    return _number(deal.reporting_value) if deal.estimated else nan


def _number(amount: Decimal | None) -> float:
    return nan if amount is None else float(amount)
