"""Credits: who is credited with which part of which order, line by line, to the last unit.

A data feed, not a payroll: what is paid for it is decided elsewhere.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Row, Select, Subquery, and_, func, select, true

from app.core.page import Order, page
from app.core.work import Work
from app.domain import processes, replay
from app.domain.credit_parts import Credited
from app.domain.questions import period_asked, seen_at
from app.engine.money import exponent
from app.engine.periods import bounds
from app.schemas.base import money_out
from app.schemas.order_credits import CreditedOrderOut, CreditPage, CreditQuery, CreditTotalsOut
from app.schemas.scopes import Business
from app.tables import (
    Credit,
    Milestone,
    Opportunity,
    OpportunityProduct,
    OrderLine,
    Passage,
    Person,
)

FORMULA = "credits.1: reporting value of an order by line and by share, largest remainder"


async def find(work: Work, asked: CreditQuery) -> CreditPage:
    """A page of the orders of a period with their parts, and the sums of all of them."""
    seen_at(work, asked)
    if asked.owner is not None:
        await work.get(Person, asked.owner)
    period = period_asked(work, asked.period)
    orders = await _chosen(work, asked)
    await replay.look_back(work, asked.as_of, asked.effective_at)
    totals = (await work.db.execute(_totals(work, orders))).one()
    order = Order("arrived_at", orders.c.arrived_at, orders.c.id)
    bound = f"{period.key}{asked.asked}"
    found = await page(work, select(orders), order, asked, of=bound)
    return CreditPage(
        data=await _seen(work, asked, found.data),
        next_cursor=found.next_cursor,
        totals=_summed(work, totals),
        period=period.key,
        business_type=asked.business_type,
        as_of=asked.as_of or work.now,
        effective_at=asked.effective_at,
        source="events",
        formula=FORMULA,
    )


async def _chosen(work: Work, asked: CreditQuery) -> CTE:
    """The orders that are asked for, each knowing which one of its account's it is."""
    column = (standing := _standing(work, asked)).c
    start, end = bounds(period_asked(work, asked.period), work.home.zone)
    query = select(standing).where(column.arrived_at >= start, column.arrived_at < end)
    if asked.process is not None:
        process = await processes.resolve(work, asked.process)
        query = query.where(column.process_id == process.id)
    if asked.business_type is not Business.ALL:
        query = query.where(column.business_type == asked.business_type)
    if asked.owner is not None:
        credits = _credits(work, asked)
        same = (credits.c[name] == column[name] for name in _KEYS)
        mine = select(credits.c.person_id).where(*same, credits.c.person_id == asked.owner)
        query = query.where(mine.exists())
    return query.cte("chosen")


_KEYS = ("opportunity_id", "milestone_id", "ordinal")


def _standing(work: Work, asked: CreditQuery) -> Subquery:
    """Every order that stands, whenever it was: only so it is known which was the first."""
    passages = replay.of_orders(work, Passage, as_of=asked.as_of, effective_at=asked.effective_at)
    column = passages.c
    place = func.row_number().over(
        partition_by=Opportunity.account_id, order_by=(column.arrived_at, column.event_id)
    )
    deal = and_(
        Opportunity.workspace_id == work.workspace_id, Opportunity.id == column.opportunity_id
    )
    milestone = and_(
        Milestone.workspace_id == work.workspace_id, Milestone.id == column.milestone_id
    )
    return (
        select(
            passages,
            column.event_id.label("id"),
            Opportunity.name,
            Opportunity.account_id,
            Opportunity.business_type,
            Opportunity.business_subtype,
            place.label("place"),
        )
        .join(Milestone, milestone)
        .join(Opportunity, deal)
        .where(Milestone.is_order)
        .subquery("standing")
    )


def _credits(work: Work, asked: CreditQuery) -> Any:
    return replay.of_orders(work, Credit, as_of=asked.as_of, effective_at=asked.effective_at)


def _totals(work: Work, orders: CTE) -> Select[Any]:
    column = orders.c
    cost = func.round(OrderLine.direct_cost * column.fx_rate, exponent(work.home.currency))
    costs = (
        select(
            func.sum(cost).label("cost"),
            (func.count() == func.count(OrderLine.direct_cost)).label("known"),
            (func.count() > 0).label("lines"),
        )
        .where(OrderLine.workspace_id == work.workspace_id, OrderLine.event_id == column.event_id)
        .lateral("costs")
    )
    known = and_(costs.c.lines, costs.c.known, column.reporting_value.is_not(None))
    first, has_account = column.ordinal == 1, column.account_id.is_not(None)

    def number(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count().filter(*conditions)

    sums: tuple[ColumnElement[Any], ...] = (
        number(first).label("order_count"),
        func.sum(column.reporting_value).label("value"),
        number(column.reporting_value.is_(None)).label("missing_value_count"),
        func.sum(column.reporting_value - costs.c.cost).filter(known).label("margin"),
        number(~known).label("missing_margin_count"),
        number(has_account, column.place == 1).label("customer_count_new"),
        number(has_account, first, column.place > 1).label("repeat_orders"),
    )
    return select(*sums).select_from(orders.join(costs, true()))


def _summed(work: Work, row: Row[Any]) -> CreditTotalsOut:
    told = {name: getattr(row, name) for name in CreditTotalsOut.model_fields}
    for name in ("value", "margin"):
        told[name] = money_out(told[name], work.home.currency)
    return CreditTotalsOut(**told)


async def _seen(
    work: Work, asked: CreditQuery, orders: Sequence[Row[Any]]
) -> list[CreditedOrderOut]:
    """With their parts, in three statements however many they are."""
    deals = [order.opportunity_id for order in orders]
    column = _credits(work, asked).c
    shares = select(*column).where(column.opportunity_id.in_(deals)).order_by(column.person_id)
    own = work.rows(OrderLine).where(OrderLine.opportunity_id.in_(deals))
    about = work.rows(OpportunityProduct).where(OpportunityProduct.opportunity_id.in_(deals))
    credits = await _grouped(work, shares, *_KEYS)
    lines = await _grouped(work, own.order_by(OrderLine.position), "event_id")
    products = await _grouped(work, about, "opportunity_id")
    return [
        _order(
            Credited(
                order=order,
                lines=lines[(order.event_id,)],
                credits=credits[tuple(getattr(order, name) for name in _KEYS)],
                about=[each.product_id for each in products[(order.opportunity_id,)]],
                currency=work.home.currency,
            )
        )
        for order in orders
    ]


async def _grouped(
    work: Work, query: Select[Any], *keys: str
) -> dict[tuple[Any, ...], list[Row[Any]]]:
    found: dict[tuple[Any, ...], list[Row[Any]]] = defaultdict(list)
    for row in await work.all(query):
        found[tuple(getattr(row, key) for key in keys)].append(row)
    return found


def _order(credited: Credited) -> CreditedOrderOut:
    row = credited.order
    same = {
        name: getattr(row, name) for name in CreditedOrderOut.model_fields if hasattr(row, name)
    }
    return CreditedOrderOut(
        **same | {"value": money_out(row.reporting_value, credited.currency)},
        order_id=row.event_id,
        ordered_at=row.arrived_at,
        new_customer=None if row.account_id is None else row.place == 1,
        margin=credited.margin,
        parts=list(credited.parts()),
    )
