"""The orders of an opportunity: what was agreed, line by line, and what is left of it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, Row, Select, select

from app.core.page import Order, Page, page
from app.core.work import Work
from app.domain import replay
from app.domain.questions import seen_at
from app.schemas.base import money_out
from app.schemas.orders import OrderLineOut, OrderOut, OrderQuery, left
from app.tables import Milestone, Opportunity, OpportunityProduct, OrderLine


async def find(work: Work, id: UUID, asked: OrderQuery) -> Page:
    """The orders of one opportunity that stand, in their order; a voided one never was."""
    await work.get(Opportunity, id)
    seen_at(work, asked)
    passages = replay.passages_of(work, id, as_of=asked.as_of, effective_at=asked.effective_at)
    order = Order("ordinal", passages.c.ordinal, passages.c.event_id)
    bound = f"{id}{asked.asked}"
    found = await page(
        work,
        _standing(work, passages),
        order,
        asked,
        of=bound,
    )
    lines = await _lines(work, [row.id for row in found.data])
    about = await _about(work, id)
    return Page([_seen(work, row, lines[row.id], about) for row in found.data], found.next_cursor)


def costs(lines: Sequence[Any]) -> Decimal | None:
    """What the lines cost together; unknown as soon as one is, or where there are none."""
    known = [line.direct_cost for line in lines if line.direct_cost is not None]
    return sum(known, Decimal(0)) if lines and len(known) == len(lines) else None


def _standing(work: Work, passages: FromClause) -> Select[Any]:
    column = passages.c
    return (
        select(passages, column.event_id.label("id"))
        .join(
            Milestone,
            (Milestone.workspace_id == work.workspace_id) & (Milestone.id == column.milestone_id),
        )
        .where(Milestone.is_order)
    )


async def _lines(work: Work, ids: Sequence[UUID]) -> dict[UUID, list[Row[Any]]]:
    """Those of every order, one statement for all of them."""
    found: dict[UUID, list[Row[Any]]] = {id: [] for id in ids}
    query = work.rows(OrderLine).where(OrderLine.event_id.in_(ids))
    for row in await work.all(query.order_by(OrderLine.event_id, OrderLine.position)):
        found[row.event_id].append(row)
    return found


async def _about(work: Work, id: UUID) -> list[UUID]:
    query = work.rows(OpportunityProduct).with_only_columns(OpportunityProduct.product_id)
    mine = query.where(OpportunityProduct.opportunity_id == id)
    return list(await work.db.scalars(mine.order_by(OpportunityProduct.product_id)))


def _seen(work: Work, row: Row[Any], lines: Sequence[Row[Any]], about: list[UUID]) -> OrderOut:
    cost = costs(lines)
    return OrderOut(
        id=row.id,
        ordinal=row.ordinal,
        ordered_at=row.arrived_at,
        owner_id=row.owner_id,
        net_value=money_out(row.value, row.currency),
        direct_cost=money_out(cost, row.currency),
        margin=money_out(left(row.value, cost), row.currency),
        reporting_value=money_out(row.reporting_value, work.home.currency),
        missing_cost_count=sum(line.direct_cost is None for line in lines) if lines else None,
        lines=[OrderLineOut.of(line) for line in lines],
        product_ids=list(dict.fromkeys(line.product_id for line in lines)) or about,
    )
