"""Which workspace a command is about, and the work inside it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.cli.database import opened, run, settings
from app.cli.failures import Failure
from app.core.database import Database, workspace_transaction
from app.core.settings import Settings
from app.core.work import Work
from app.domain.access import home
from app.tables import Workspace

Answer = TypeVar("Answer")

ACTOR = "command line"


def across(task: Callable[[AsyncEngine], Awaitable[Answer]]) -> Answer:
    """Do something that is not about one workspace."""
    knobs = settings()
    with opened(knobs) as database:
        return run(_with_engine(database, knobs, task))


def within(wanted: str | None, task: Callable[[Work], Awaitable[Answer]]) -> Answer:
    """Do something in the workspace with this id or name, in one transaction.

    None is the only workspace there is.
    """

    async def inside(engine: AsyncEngine) -> Answer:
        async with visiting(engine, await workspace(engine, wanted)) as work:
            return await task(work)

    return across(inside)


@asynccontextmanager
async def visiting(engine: AsyncEngine, id: UUID) -> AsyncIterator[Work]:
    async with workspace_transaction(engine, id) as db:
        yield Work(db, id, await home(db, id), now(), ACTOR)


async def workspace(engine: AsyncEngine, wanted: str | None) -> UUID:
    """The workspace with this id or name; None: the only one there is."""
    chosen: UUID = _chosen(await workspaces(engine), wanted).id
    return chosen


async def workspaces(engine: AsyncEngine) -> Sequence[Row[Any]]:
    """All of them, in the order in which they were made."""
    async with engine.connect() as db:
        query = select(Workspace).order_by(Workspace.created_at, Workspace.id)
        return (await db.execute(query)).all()


def now() -> datetime:
    return datetime.now(UTC)


async def _with_engine(
    database: Database, knobs: Settings, task: Callable[[AsyncEngine], Awaitable[Answer]]
) -> Answer:
    # Only the worker's role may see that there are other workspaces.
    engine = database.patient_engine(knobs)
    try:
        return await task(engine)
    finally:
        await engine.dispose()


def _chosen(rooms: Sequence[Row[Any]], wanted: str | None) -> Row[Any]:
    if not rooms:
        raise Failure("there is no workspace yet: make one with `backcast workspace create NAME`")
    fitting = [room for room in rooms if wanted in (None, room.name, str(room.id))]
    if len(fitting) == 1:
        return fitting[0]
    known = ", ".join(f"{room.name} ({room.id})" for room in fitting or rooms)
    if fitting:
        raise Failure(f"say which workspace with --workspace ID: {known}")
    raise Failure(f"there is no workspace {wanted!r}, but these: {known}")
