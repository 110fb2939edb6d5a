"""From a touch to the order: whom a source met, which opportunity that was, what was ordered."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnClause, Row, Text, Uuid, column, select, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from app.core.page import Key, Order, Page, page
from app.core.work import Work
from app.domain.leads import MET, Chosen, Lead, leads
from app.domain.source_results import minor_out
from app.engine.attribution import Model, Touch, owed
from app.engine.attribution import Order as Sold
from app.schemas.base import MoneyOut
from app.schemas.source_analysis import (
    TracedOpportunityOut,
    TracedOrderOut,
    TracedTouchOut,
    TraceQuery,
)
from app.tables import Source

# A touch of two opportunities of one account stands here twice; one of none once.
_TRACE = f"""
WITH {MET}, traced AS (
  SELECT t.deal, t.id AS touchpoint_id, t.at FROM told t WHERE t.source_id = :source
  UNION ALL
  SELECT d.deal, NULL, d.at FROM derived d WHERE d.source_id = :source
  UNION ALL
  SELECT NULL, l.id, l.at FROM loose l WHERE l.source_id = :source
)
SELECT coalesce(t.touchpoint_id, t.deal) AS id, coalesce(t.deal, t.touchpoint_id) AS place,
  t.touchpoint_id, t.deal AS opportunity_id, t.at AS occurred_at, p.medium, p.campaign, p.content,
  p.lead, p.account_id
FROM traced t
LEFT JOIN touchpoints p ON p.workspace_id = :workspace AND p.id = t.touchpoint_id"""

_COLUMNS: tuple[ColumnClause[Any], ...] = (
    *(column(name, Uuid()) for name in ("id", "place", "touchpoint_id", "opportunity_id")),
    column("occurred_at", TIMESTAMP(timezone=True)),
    *(column(name, Text()) for name in ("medium", "campaign", "content", "lead")),
    column("account_id", Uuid()),
)


async def trace(work: Work, source_id: UUID, asked: TraceQuery) -> Page:
    """Latest first, in a fixed number of statements."""
    await work.get(Source, source_id)
    values = {"workspace": work.workspace_id, "source": source_id}
    told = text(_TRACE).bindparams(**values).columns(*_COLUMNS).subquery()
    order = Order(
        "occurred_at",
        told.c.occurred_at,
        told.c.id,
        descending=True,
        then=(Key("place", told.c.place, descending=True),),
    )
    bound = f"{source_id}{asked.asked}"
    found = await page(work, select(told), order, asked, of=bound)
    return Page(await _followed(work, asked.model, found.data), found.next_cursor)


async def _followed(work: Work, model: Model, rows: Sequence[Row[Any]]) -> list[TracedTouchOut]:
    ids = {row.opportunity_id for row in rows if row.opportunity_id is not None}
    deals = {lead.opportunity_id: lead for lead in await leads(work, Chosen(ids=sorted(ids)))}
    return [_seen(work, model, row, deals) for row in rows]


def _seen(
    work: Work, model: Model, row: Row[Any], deals: Mapping[UUID | None, Lead]
) -> TracedTouchOut:
    lead = None if row.opportunity_id is None else deals[row.opportunity_id]
    deal = None if lead is None else TracedOpportunityOut.model_validate(lead)
    return TracedTouchOut(
        touchpoint_id=row.touchpoint_id,
        occurred_at=row.occurred_at,
        medium=row.medium,
        campaign=row.campaign,
        content=row.content,
        lead=row.lead,
        account_id=row.account_id,
        opportunity=deal,
        orders=[] if lead is None else _orders(work, model, lead, row.id),
    )


def _orders(work: Work, model: Model, lead: Lead, touch_id: UUID) -> list[TracedOrderOut]:
    """The orders that came after the touch, each with what is owed to this touch alone."""
    touches = [Touch(id, touch.at) for id, touch in zip(lead.touch_ids, lead.touches, strict=True)]
    met_at = next(touch.at for touch in touches if touch.key == touch_id)
    return [
        TracedOrderOut(
            event_id=sale.event_id,
            ordered_at=sale.order.at,
            value=_money(work, sale.order.minor),
            credited=_money(work, _owed_to(touch_id, model, touches, sale.order)),
        )
        for sale in lead.sales
        if met_at <= sale.order.at
    ]


def _owed_to(
    touch_id: UUID, model: Model, touches: Sequence[Touch[UUID]], sold: Sold
) -> int | None:
    """None: of an order of unknown value nobody knows the parts."""
    return None if sold.minor is None else owed(model, touches, sold).get(touch_id, 0)


def _money(work: Work, minor: int | None) -> MoneyOut | None:
    return minor_out(work, None if minor is None else Fraction(minor))
