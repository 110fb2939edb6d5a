"""Drafts of events that are not about what deals went through: each in the change it tells of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.event_types import EventObject, EventType
from app.core.ids import uuid7
from app.core.work import Work
from app.tables import OutboxDraft


@dataclass(frozen=True, slots=True)
class Told:
    """One event; `data` is what a reader needs to ask for more."""

    type: EventType
    object: EventObject
    id: UUID | None = None
    version: int | None = None
    data: dict[str, Any] = field(default_factory=dict)


async def tell(work: Work, *told: Told, bulk: bool = False) -> None:
    """Leave drafts in the transaction of the change; one statement, however many."""
    await tell_in(work.db, work.workspace_id, work.now, told, bulk=bulk)


async def tell_in(
    db: AsyncConnection,
    workspace_id: UUID,
    now: datetime,
    told: Sequence[Told],
    *,
    bulk: bool = False,
) -> None:
    """The same where there is no `Work`."""
    if told:
        rows = [
            {
                "workspace_id": workspace_id,
                "id": uuid7(),
                "type": each.type.value,
                "object": each.object.value,
                "object_id": each.id,
                "object_version": each.version,
                "created_at": now,
                "bulk": bulk,
                "data": each.data or None,
            }
            for each in told
        ]
        await db.execute(insert(OutboxDraft), rows)
