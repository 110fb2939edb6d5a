"""The event log as it is read: from a place on, in the order of its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.errors import CursorExpired, InvalidCursor
from app.core.event_types import EventObject
from app.core.positions import number, position
from app.core.work import Home, Work
from app.domain import pipeline
from app.domain.outbox import publishing
from app.schemas.event_log import NEWEST, LoggedEventOut, LoggedEventsOut, LogQuery, ObjectOut
from app.schemas.opportunities import OpportunityOut
from app.schemas.opportunity_views import OpportunityView
from app.tables import OutboxEvent

# As it is seen alone: without companions.
WHOLE = set(OpportunityOut.model_fields)

_HEAD = text("SELECT seq, forgotten FROM outbox_heads WHERE workspace_id = :workspace")


@dataclass(frozen=True, slots=True)
class Head:
    """How far the log goes, and up to where it was forgotten."""

    seq: int = 0
    forgotten: int = 0


async def find(work: Work, asked: LogQuery) -> LoggedEventsOut:
    """What comes after a place. What waits for its number gets it first, unless somebody is just
    giving numbers: then the next question finds it."""
    await publishing.publish(work.db, work.workspace_id, work.now)
    head = await head_in(work.db, work.workspace_id)
    after = place(work, head, asked.after)
    rows = await behind(work, after, asked.types, asked.page_size + 1)
    shown, more = rows[: asked.page_size], len(rows) > asked.page_size
    # Up to the head all was looked through, also for events of other types.
    ends = [row.seq for row in shown[-1:]]
    last = ends[0] if more else max(after, head.seq, *ends)
    seen = await _views(work, shown) if asked.include else {}
    told = [told_of(work.home, work.workspace_id, row, seen.get(row.object_id)) for row in shown]
    cursor = position(last, work.workspace_id, work.home.secret)
    return LoggedEventsOut(data=told, next_cursor=cursor, more=more)


async def head_in(db: AsyncConnection, workspace_id: UUID) -> Head:
    row = (await db.execute(_HEAD, {"workspace": workspace_id})).one_or_none()
    return Head() if row is None else Head(row.seq, row.forgotten)


def place(work: Work, head: Head, cursor: str | None) -> int:
    """The number to begin behind; `CursorExpired` where something in between is gone."""
    if cursor is None:
        return head.forgotten
    if cursor == NEWEST:
        return head.seq
    seq = number(cursor, work.workspace_id, work.home.secret)
    if seq is None:
        detail = "This is no cursor of this workspace's events."
        raise InvalidCursor.parameter("after", "invalid_cursor", detail)
    if seq < head.forgotten:
        raise CursorExpired(
            "Events behind this cursor were forgotten. Read what you need anew, then begin with"
            " `after=now`, or without `after` at the oldest event that is kept."
        )
    return seq


async def behind(work: Work, after: int, types: Sequence[str], limit: int) -> Sequence[Row[Any]]:
    query = work.rows(OutboxEvent).where(OutboxEvent.seq > after)
    if types:
        query = query.where(OutboxEvent.type.in_(types))
    return await work.all(query.order_by(OutboxEvent.seq).limit(limit))


def told_of(
    home: Home, workspace_id: UUID, row: Row[Any], view: OpportunityView | None = None
) -> LoggedEventOut:
    """An event as it is told, everywhere the same."""
    data = row.data or {}
    if view is not None:
        data = data | {"object": view.model_dump(mode="json", include=WHOLE)}
    return LoggedEventOut(
        id=row.id,
        cursor=position(row.seq, workspace_id, home.secret),
        type=row.type,
        created_at=row.created_at,
        object=ObjectOut(type=row.object, id=row.object_id, version=row.object_version),
        bulk=row.bulk,
        data=data,
    )


async def _views(work: Work, rows: Sequence[Row[Any]]) -> dict[UUID, OpportunityView]:
    ids = {row.object_id for row in rows if row.object == EventObject.OPPORTUNITY}
    return await pipeline.read_all(work, ids) if ids else {}
