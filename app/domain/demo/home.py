"""The demo's own workspace: kept while it is of today, else built anew."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core.database import Database, workspace_transaction
from app.core.ids import uuid7
from app.core.settings import Settings
from app.core.work import Work
from app.domain.access import Scope, create_key, home
from app.domain.demo import WHOLE, Size, fill
from app.domain.demo.cast import SOURCE
from app.tables import Account, ApiKey, Credit, Passage, Workspace

Say = Callable[[str], None]

NAME = "Demo"
DECIDED = {"time_zone": "Europe/Berlin", "currency": "EUR", "language": "en"}
FRESH = timedelta(hours=24)  # an older story no longer ends now
KEY = "demo"

_TIDY = (
    "VACUUM (ANALYZE) accounts, opportunities, events, passages, credits, touchpoints, cells,"
    " arrival_cells, stock_cells"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which demo; `reset`: built anew although there is one of today."""

    seed: int = 7
    reset: bool = False
    size: Size = WHOLE


async def settle(
    database: Database,
    settings: Settings,
    now: datetime,
    wanted: Wanted,
    say: Say,
) -> str:
    """See to it that there is a demo whose story ends now; gives the only key to it.

    A workspace that merely has the same name is left alone.
    """
    engine = database.patient_engine(settings)
    try:
        found = await _found(engine)
        kept = [room for room in found if not wanted.reset and now - room.created_at < FRESH][-1:]
        for room in found:
            if room not in kept:
                say("Removing the old demo …")
                await _remove(engine, database, room.id)
        id = kept[0].id if kept else await _build(engine, now, wanted, say)
        await _tidy(database)
        return await _only_key(engine, id, now)
    finally:
        await engine.dispose()


@asynccontextmanager
async def of_demo(engine: AsyncEngine, now: datetime) -> AsyncIterator[Work | None]:
    """A transaction in the newest demo; None where there is none."""
    found = await _found(engine)
    if not found:
        yield None
        return
    async with workspace_transaction(engine, found[-1].id) as db:
        yield await _work(db, found[-1].id, now)


async def _found(engine: AsyncEngine) -> list[Row[Any]]:
    """The demo's workspaces, oldest first."""
    async with engine.connect() as db:
        named = select(Workspace).where(Workspace.name == NAME).order_by(Workspace.created_at)
        rooms = (await db.execute(named)).all()
    return [room for room in rooms if await _is_ours(engine, room.id)]


async def _is_ours(engine: AsyncEngine, id: UUID) -> bool:
    async with workspace_transaction(engine, id) as db:
        ours = select(Account.id).where(Account.workspace_id == id, Account.source == SOURCE)
        return (await db.execute(ours.limit(1))).first() is not None


async def _build(engine: AsyncEngine, now: datetime, wanted: Wanted, say: Say) -> UUID:
    """All in one transaction: a demo that is broken off leaves nothing behind."""
    say("Telling the story of a sales team …")
    id = uuid7()
    async with workspace_transaction(engine, id) as db:
        values = {"id": id, "name": NAME, "created_at": now, "updated_at": now, **DECIDED}
        await db.execute(insert(Workspace).values(**values))
        stored = await fill(await _work(db, id, now), wanted.seed, wanted.size)
    say(f"{stored:,} opportunities are in place.")
    return id


async def _remove(engine: AsyncEngine, database: Database, id: UUID) -> None:
    """What points at events goes first, and is swept up: each event is looked up there once."""
    async with workspace_transaction(engine, id) as db:
        for derived in (Credit, Passage):
            await db.execute(delete(derived).where(derived.workspace_id == id))
    await _tidy(database)
    async with workspace_transaction(engine, id) as db:
        await db.execute(delete(Workspace).where(Workspace.id == id))


async def _tidy(database: Database) -> None:
    """Tell the planner at once what autovacuum would tell it in a minute."""
    engine = database.owner_engine().execution_options(isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as db:
            await db.execute(text(_TIDY))
    finally:
        await engine.dispose()


async def _only_key(engine: AsyncEngine, id: UUID, now: datetime) -> str:
    """A new key that may do everything; those of earlier starts cannot be shown again, and end."""
    async with workspace_transaction(engine, id) as db:
        work = await _work(db, id, now)
        earlier = (ApiKey.workspace_id == id, ApiKey.name == KEY, ApiKey.revoked_at.is_(None))
        await db.execute(update(ApiKey).where(*earlier).values(revoked_at=now))
        _, secret = await create_key(work, KEY, list(Scope), None)
    return secret


async def _work(db: AsyncConnection, id: UUID, now: datetime) -> Work:
    return Work(db, id, await home(db, id), now, "demo")
