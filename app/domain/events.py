"""The history of an opportunity, as it was told."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from app.core.page import Order, Page, page
from app.core.work import Work
from app.schemas.base import money_out
from app.schemas.events import EventOut, EventQuery
from app.tables import Criterion, Event, Milestone, Opportunity


async def find(work: Work, id: UUID, asked: EventQuery) -> Page:
    """Every event of one opportunity, in the order it happened."""
    await work.get(Opportunity, id)
    here = Event.workspace_id
    query = (
        select(Event)
        .add_columns(Milestone.key.label("milestone"), Criterion.key.label("criterion"))
        .outerjoin(
            Milestone, (Milestone.workspace_id == here) & (Milestone.id == Event.milestone_id)
        )
        .outerjoin(
            Criterion, (Criterion.workspace_id == here) & (Criterion.id == Event.criterion_id)
        )
        .where(here == work.workspace_id, Event.opportunity_id == id)
    )
    order = Order("occurred_at", Event.occurred_at.expression, Event.id.expression)
    found = await page(
        work, query, order, limit=asked.page_size, cursor=asked.cursor, asked=str(id)
    )
    return Page([_seen(row) for row in found.data], found.next_cursor)


def _seen(row: Row[Any]) -> EventOut:
    fields = {name: getattr(row, name) for name in EventOut.model_fields if hasattr(row, name)}
    return EventOut(
        **fields | {"value": money_out(row.value, row.currency)},
        process_version_id=row.version_id,
    )
