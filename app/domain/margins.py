"""Which part of their value orders leave after direct costs, told from those that tell their costs.

What was lost has no costs yet: its margin is that part of what it would have brought.
"""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, and_, func, select, true

from app.core.work import Work
from app.domain import replay
from app.engine.money import exponent, round_to_minor
from app.schemas.base import MoneyOut, money_out
from app.schemas.ratios import ratio_out
from app.schemas.scopes import Business, Moment
from app.schemas.units import MarginShareOut
from app.tables import Milestone, Opportunity, OrderLine, Passage

FORMULA = (
    "margin.1: (value - direct costs) / value, of the orders of which every line tells its cost"
)


@dataclass(frozen=True, slots=True)
class Margins:
    """Value and margin of the `n` orders whose margin is known; of `missing` it is not."""

    value: Fraction
    margin: Fraction
    n: int
    missing: int

    @property
    def share(self) -> Fraction | None:
        return self.margin / self.value if self.value else None

    @property
    def status(self) -> str:
        if not self.n:
            return "unknown" if self.missing else "no_orders"
        return "partial" if self.missing else "ok"


async def observed(
    work: Work,
    process_id: UUID,
    business_type: Business,
    span: tuple[datetime, datetime],
    asked: Moment,
) -> Margins:
    """Of the orders of a process in `span`, in one statement."""
    past = {"as_of": asked.as_of, "effective_at": asked.effective_at}
    passages = replay.of_orders(work, Passage, **past)
    orders = passages.c
    await replay.look_back(work, **past)
    costs = _costs(work, orders)
    known = and_(costs.c.cost.is_not(None), orders.reporting_value.is_not(None))
    own = Milestone.workspace_id == work.workspace_id, Milestone.id == orders.milestone_id
    deal = Opportunity.workspace_id == work.workspace_id, Opportunity.id == orders.opportunity_id
    query = (
        select(
            func.coalesce(func.sum(orders.reporting_value).filter(known), 0),
            func.coalesce(func.sum(orders.reporting_value - costs.c.cost).filter(known), 0),
            func.count().filter(known),
            func.count().filter(~known),
        )
        .select_from(passages)
        .join(Milestone, and_(*own))
        .join(Opportunity, and_(*deal))
        .outerjoin(costs, true())
        .where(
            Milestone.is_order,
            Opportunity.deleted_at.is_(None),
            orders.process_id == process_id,
            orders.arrived_at >= span[0],
            orders.arrived_at < span[1],
        )
    )
    if business_type is not Business.ALL:
        query = query.where(Opportunity.business_type == business_type)
    value, margin, n, missing = (await work.db.execute(query)).one()
    return Margins(Fraction(value), Fraction(margin), n, missing)


def _costs(work: Work, orders: Any) -> FromClause:
    """What an order cost us, where every line of it says so."""
    cost = func.round(OrderLine.direct_cost * orders.fx_rate, exponent(work.home.currency))
    return (
        select(func.sum(cost).label("cost"))
        .where(OrderLine.workspace_id == work.workspace_id, OrderLine.event_id == orders.event_id)
        .having(func.count() == func.count(OrderLine.direct_cost), func.count() > 0)
        .lateral("costs")
    )


def part(work: Work, value: Fraction, found: Margins | None) -> MoneyOut | None:
    """The margin of what would have brought this value; None where nobody knows it, or asks."""
    if found is None or found.share is None:
        return None
    return _money(work, value * found.share)


def margins_out(work: Work, found: Margins | None) -> MarginShareOut | None:
    if found is None:
        return None
    return MarginShareOut(
        share=ratio_out(found.share),
        order_value=_money(work, found.value),
        gross_margin=_money(work, found.margin) if found.n else None,
        n=found.n,
        missing_margin_count=found.missing,
        status=found.status,
        source="observed",
        formula=FORMULA,
    )


def _money(work: Work, amount: Fraction) -> MoneyOut:
    found = money_out(round_to_minor(amount, work.home.currency), work.home.currency)
    assert found is not None
    return found
