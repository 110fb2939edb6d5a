"""Turns the rows of a process's story into the engine's columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import nan
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.domain.facts.deals import DealRow
from app.engine.flow.facts import ORIGIN, Facts
from app.engine.flow.gathering import NEVER, NOWHERE, Arrivals, Deals, gather

# Left without the customer having decided anything.
_UNDECIDED = ("duplicate",)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Columns:
    """The facts, and beside each stay and order when it was and whose."""

    facts: Facts
    arrived_at: Sequence[datetime]
    arrived_owner: Sequence[UUID | None]
    ordered_at: Sequence[datetime]
    order_owner: Sequence[UUID | None]


def columns(
    deals: Sequence[DealRow],
    passages: Sequence[Row[Any]],
    lineages: Mapping[UUID, int],
    milestones: int,
    at: datetime,
) -> Columns:
    """What the rows say of the milestones that the version in force has, by `lineages`."""
    codes: dict[UUID | None, int] = {
        id: code for code, id in enumerate({row.milestone_id for row in passages})
    }
    index = {deal.opportunity_id: number for number, deal in enumerate(deals)}
    found = gather(
        _deals(deals, codes), _arrivals(passages, index, lineages, codes), milestones - 1, _tick(at)
    )
    stays, orders = ([passages[row] for row in rows.tolist()] for rows in found[1:])
    return Columns(
        found.facts,
        arrived_at=[row.arrived_at for row in stays],
        arrived_owner=[row.owner_id for row in stays],
        ordered_at=[row.arrived_at for row in orders],
        order_owner=[row.owner_id for row in orders],
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


def _arrivals(
    passages: Sequence[Row[Any]],
    index: Mapping[UUID, int],
    lineages: Mapping[UUID, int],
    codes: Mapping[UUID | None, int],
) -> Arrivals:
    return Arrivals.of(
        [index.get(row.opportunity_id, NOWHERE) for row in passages],
        [lineages.get(row.lineage_id, NOWHERE) for row in passages],
        [codes[row.milestone_id] for row in passages],
        [row.ordinal for row in passages],
        [_tick(row.arrived_at) for row in passages],
        [_tick(row.left_at) for row in passages],
        [row.held_days for row in passages],
        [row.implied for row in passages],
        [_number(row.reporting_value) for row in passages],
    )


def _tick(moment: datetime | None) -> int:
    return NEVER if moment is None else (moment - ORIGIN) // _TICK


def _number(amount: Decimal | None) -> float:
    return nan if amount is None else float(amount)
