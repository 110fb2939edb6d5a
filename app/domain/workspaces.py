"""Workspaces: how they are made and found, and what they decide."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, insert, inspect, literal, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import workspace_transaction
from app.core.errors import Conflict
from app.core.ids import uuid7
from app.core.work import Work, stale
from app.domain import public_holidays
from app.domain.ledger.recounting import recount_days
from app.schemas.workspaces import WorkspacePatch
from app.tables import CurrencyRate, Passage, Workspace


async def create_workspace(
    engine: AsyncEngine, now: datetime, *, name: str, **settings: object
) -> UUID:
    """A new, empty workspace. Row-level security lets a transaction make only the one it is in."""
    id = uuid7()
    async with workspace_transaction(engine, id) as db:
        values = {"id": id, "name": name, "created_at": now, "updated_at": now, **settings}
        await db.execute(insert(Workspace).values(**values))
    return id


async def read(work: Work) -> Row[Any]:
    found: Row[Any] = (await work.db.execute(_own(work))).one()
    return found


async def change(work: Work, version: int, patch: WorkspacePatch) -> Row[Any]:
    """`Conflict` for another currency after money was counted in this one."""
    values = patch.model_dump(exclude_unset=True)
    room = await _held(work, alone=bool({"currency", "time_zone"} & values.keys()))
    if room.version != version:
        raise stale("workspace", room.version)
    public_holidays.check(
        values.get("holiday_country", room.holiday_country),
        values.get("holiday_region", room.holiday_region),
    )
    if values.get("currency", room.currency) != room.currency:
        await _refuse_after_counting(work, room.currency)
    changed = update(Workspace).where(Workspace.id == work.workspace_id)
    changed = changed.values(**values, version=version + 1, updated_at=work.now)
    row = (await work.db.execute(changed.returning(*inspect(Workspace).columns))).one()
    before = {name: getattr(room, name) for name in values}
    await work.note("changed", Workspace, row.id, before=before, **values)
    if row.time_zone != room.time_zone:
        await recount_days(work)
    return row


def _own(work: Work) -> Select[Any]:
    return select(Workspace).where(Workspace.id == work.workspace_id)


async def _held(work: Work, *, alone: bool) -> Row[Any]:
    """The workspace, held against other changes until the transaction ends.

    For a new currency or time zone also `alone`, against everything that is about to be put into
    the workspace: an arrival under way would be counted in the old one.
    """
    query = _own(work).with_for_update(key_share=not alone)
    found: Row[Any] = (await work.db.execute(query)).one()
    return found


async def _refuse_after_counting(work: Work, currency: str) -> None:
    for table, what in (
        (Passage, "opportunities have arrived at milestones and were counted"),
        (CurrencyRate, "currency rates were recorded"),
    ):
        there = work.rows(table).with_only_columns(literal(1)).limit(1)
        if await work.one(there) is not None:
            raise Conflict(
                f"The reporting currency stays {currency}: {what} in it, and what was counted is"
                " never recomputed. Make another workspace for another currency."
            )
