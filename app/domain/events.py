"""The history of an opportunity, as it was told."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Select, Text, func, literal, select

from app.core.page import Order, Page, page
from app.core.work import Work
from app.domain.history import RANKS
from app.schemas.base import money_out
from app.schemas.events import EventOut, EventQuery
from app.tables import Criterion, Event, Milestone, Opportunity

# When it happened and, within one instant, its rank and milestone: as text, so that it is one key.
_PLACE = func.concat(
    func.to_char(func.timezone("UTC", Event.occurred_at), "YYYYMMDDHH24MISSUS"),
    func.to_char(func.array_position(literal(list(RANKS), ARRAY(Text)), Event.kind), "FM00"),
    func.to_char(func.coalesce(Milestone.position, 0), "FM00"),
    type_=Text(),
)


async def find(work: Work, id: UUID, asked: EventQuery) -> Page:
    """Every event of one opportunity, in the order in which they count."""
    await work.get(Opportunity, id)
    query = _events(work).where(Event.opportunity_id == id)
    order = Order("place", _PLACE, Event.id.expression)
    found = await page(work, query, order, asked, of=str(id))
    return Page([_seen(row) for row in found.data], found.next_cursor)


async def latest(work: Work, ids: Sequence[UUID], few: int) -> dict[UUID, list[EventOut]]:
    """The last few events of each of these opportunities, in the order in which they count."""
    last = func.row_number().over(
        partition_by=Event.opportunity_id, order_by=(_PLACE.desc(), Event.id.desc())
    )
    ranked = _events(work).where(Event.opportunity_id.in_(ids)).add_columns(last.label("back"))
    told = ranked.subquery()
    found: dict[UUID, list[EventOut]] = {id: [] for id in ids}
    for row in await work.all(
        select(told).where(told.c.back <= few).order_by(told.c.place, told.c.id)
    ):
        found[row.opportunity_id].append(_seen(row))
    return found


def _events(work: Work) -> Select[Any]:
    here = Event.workspace_id
    milestone = (Milestone.workspace_id == here) & (Milestone.id == Event.milestone_id)
    criterion = (Criterion.workspace_id == here) & (Criterion.id == Event.criterion_id)
    columns = (
        Milestone.key.label("milestone"),
        Criterion.key.label("criterion"),
        _PLACE.label("place"),
    )
    query = select(Event).add_columns(*columns)
    joined = query.outerjoin(Milestone, milestone).outerjoin(Criterion, criterion)
    return joined.where(here == work.workspace_id)


def _seen(row: Row[Any]) -> EventOut:
    fields = {name: getattr(row, name) for name in EventOut.model_fields if hasattr(row, name)}
    return EventOut(
        **fields | {"value": money_out(row.value, row.currency)},
        process_version_id=row.version_id,
    )
