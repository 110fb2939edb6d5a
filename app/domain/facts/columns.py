"""Turns the rows of a process's story into the engine's columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import nan
from typing import Any, overload
from uuid import UUID

from sqlalchemy import Row

from app.domain.facts.deals import DealRow
from app.engine.flow.facts import ORIGIN, Facts
from app.engine.flow.gathering import NEVER, NOWHERE, Arrivals, Deals, gather

# Left without the customer having decided anything.
_UNDECIDED = ("duplicate",)
# Of the row of arrivals, in the order in which the engine takes them.
_ARRIVALS = ("position", "milestone", "ordinal", "arrived", "left_", "held", "implied", "value")
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Columns:
    """The facts, and beside each stay and order when it was and whose."""

    facts: Facts
    arrived_at: Sequence[datetime]
    arrived_owner: Sequence[UUID | None]
    ordered_at: Sequence[datetime]
    order_owner: Sequence[UUID | None]


class Moments(Sequence[datetime]):
    """Ticks as moments, made when they are asked for."""

    def __init__(self, ticks: Sequence[int]) -> None:
        self.ticks = ticks

    def __len__(self) -> int:
        return len(self.ticks)

    @overload
    def __getitem__(self, place: int) -> datetime: ...
    @overload
    def __getitem__(self, place: slice) -> "Moments": ...
    def __getitem__(self, place: int | slice) -> "datetime | Moments":
        if isinstance(place, slice):
            return Moments(self.ticks[place])
        return ORIGIN + timedelta(microseconds=self.ticks[place])


def columns(deals: Sequence[DealRow], told: Row[Any], milestones: int, at: datetime) -> Columns:
    """What the arrivals, one row of columns, say of the deals."""
    index = {deal.opportunity_id: number for number, deal in enumerate(deals)}
    places = [index.get(id, NOWHERE) for id in told.deals or ()]
    codes: dict[UUID | None, int] = {id: n for n, id in enumerate(told.milestones or ())}
    arrivals = Arrivals.of(
        [places[deal] for deal in told.deal or ()],
        *(getattr(told, name) or () for name in _ARRIVALS),
    )
    found = gather(_deals(deals, codes), arrivals, milestones - 1, _tick(at))
    owners, ticks = [*(told.owners or ()), None], told.arrived or ()
    stays, orders = found.stays.tolist(), found.orders.tolist()
    return Columns(
        found.facts,
        arrived_at=Moments([ticks[row] for row in stays]),
        arrived_owner=[owners[told.owner[row]] for row in stays],
        ordered_at=Moments([ticks[row] for row in orders]),
        order_owner=[owners[told.owner[row]] for row in orders],
    )


def _deals(deals: Sequence[DealRow], codes: Mapping[UUID | None, int]) -> Deals:
    return Deals.of(
        [deal.status == "open" for deal in deals],
        [deal.exit_kind not in _UNDECIDED and not deal.clean_up for deal in deals],
        [_tick(deal.exited_at) if deal.status == "exited" else NEVER for deal in deals],
        [_tick(deal.held_since) for deal in deals],
        [_tick(deal.fell_at) for deal in deals],
        [_tick(deal.clock_from) for deal in deals],
        [
            NOWHERE if (at := deal.milestone_id) is None else codes.get(at, NOWHERE)
            for deal in deals
        ],
        [not deal.hindsight for deal in deals],
        # The list price where nobody had said.
        [_number(deal.reporting_value) if deal.estimated else nan for deal in deals],
        [_number(deal.reporting_value) for deal in deals],
    )


def _tick(moment: datetime | None) -> int:
    return NEVER if moment is None else (moment - ORIGIN) // _TICK


def _number(amount: Decimal | None) -> float:
    return nan if amount is None else float(amount)
