"""Undoing an import as a job: asked for, done in a turn of its own, given up where it is seen."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core.database import workspace_transaction
from app.core.errors import ImportState as PastThat
from app.core.work import Work
from app.domain import jobs
from app.domain.access import home
from app.domain.imports import sql, turns, undoing
from app.domain.jobs import Held
from app.schemas.imports import ImportObject, ImportState
from app.schemas.jobs import JobKind
from app.tables import Import, ImportLeft

ENDED = (
    ImportState.COMPLETED,
    ImportState.COMPLETED_WITH_ERRORS,
    ImportState.FAILED,
    ImportState.CANCELLED,
)
# In the report of an import that ended so long ago that the way back is no longer kept.
FINAL = {"final": True}
# When it may be undone; said again where it is queued, as a purge may have come in between.
_READY = (
    Import.state.in_([state.value for state in ENDED]),
    Import.report["final"].is_(None),
)


async def ask(work: Work, id: UUID, *, dry_run: bool) -> Row[Any]:
    """Queue the undoing of an import that has ended."""
    row = await work.get(Import, id)
    if row.object == ImportObject.MATRIX:
        raise PastThat("What a file said of cells is taken back in the matrix.")
    if row.dry_run:
        raise PastThat("It was a dry run: there is nothing to undo.")
    _there_is_a_way_back(row)
    ready = (*_READY, func.coalesce(Import.revert["state"].astext, "") != "queued")
    found = await _put(work, id, ready, _queued(row, dry_run=dry_run))
    if found is None:
        raise PastThat("An import is undone once it has ended, and once at a time.")
    await jobs.enqueue(work, JobKind.IMPORT_REVERT, id)
    return found


async def again(work: Work, id: UUID) -> None:
    """Try it again after it was given up."""
    row = await work.get(Import, id)
    if row.revert is None or row.revert["state"] != "failed":
        raise PastThat("Nobody waits for this import to be undone.")
    _there_is_a_way_back(row)
    queued = _queued(row, dry_run=row.revert["dry_run"])
    if await _put(work, id, _READY, queued) is None:
        raise PastThat("An import is undone once it has ended.")


async def fail(db: AsyncConnection, held: Held, problem: dict[str, Any]) -> None:
    """It went no further, and why: in the transaction in which the job is given up."""
    own = (Import.workspace_id == held.workspace_id, Import.id == UUID(held.subject))
    row = (await db.execute(select(Import.revert).where(*own).with_for_update())).one()
    told = (row.revert or {"dry_run": False}) | {"state": "failed", "problem": problem}
    await db.execute(update(Import).where(*own).values(revert=told))


async def run(engine: AsyncEngine, clock: Callable[[], datetime], held: Held) -> None:
    """Undo it in one transaction, in a turn of its own among the imports of the workspace. A dry
    run goes back when everything is done and counted."""
    await turns.follow(engine, held)
    async with workspace_transaction(engine, held.workspace_id) as db:
        own = await home(db, held.workspace_id)
        actor = f"import:{held.subject}"
        work = Work(db, held.workspace_id, own, clock(), actor, own.language)
        await turns.take(work, held)
        row = await work.get(Import, UUID(held.subject))
        if row.state not in ENDED or not row.revert:
            problem = PastThat("The import goes on; it is undone once it has ended.").body()
            if await jobs.bury(db, held, problem, work.now):
                await fail(db, held, problem)
            return
        await _put(work, row.id, (), await _through(work, row))
        if not await jobs.complete(db, held, work.now):
            await db.rollback()


async def _through(work: Work, row: Row[Any]) -> dict[str, Any]:
    """Undo it, or see what that would be; what came of it."""
    dry_run = bool(row.revert["dry_run"])
    savepoint = await work.db.begin_nested()
    sums = await undoing.undo(work, row.id)
    left = await sql.rows(work, "SELECT table_name, id, reason FROM staged_left")
    await (savepoint.rollback() if dry_run else savepoint.commit())
    await _list(work, row.id, left)
    told = sums | {"state": "completed", "dry_run": dry_run, "left": len(left)}
    undone = row.revert.get("undone")
    if not dry_run:
        await work.note("reverted", Import, row.id, **sums, left=len(left))
        undone = _added(undone or {}, sums) | {"at": work.now.isoformat()}
    return told | {"undone": undone}


def _there_is_a_way_back(row: Row[Any]) -> None:
    if "final" in row.report:
        raise PastThat(
            "It ended so long ago that what was before is no longer kept: bring in what is right."
        )


def _queued(row: Row[Any], *, dry_run: bool) -> dict[str, Any]:
    """What was undone before is not forgotten."""
    undone = row.revert["undone"] if row.revert and "undone" in row.revert else None
    return {"state": "queued", "dry_run": dry_run, "undone": undone}


def _added(before: dict[str, Any], sums: dict[str, Any]) -> dict[str, Any]:
    """The sums of what was undone in several goes."""
    return {
        name: dict(Counter(before.get(name, {})) + Counter(each)) for name, each in sums.items()
    }


async def _put(
    work: Work, id: UUID, ready: Sequence[ColumnElement[bool]], revert: dict[str, Any]
) -> Row[Any] | None:
    """Say how far the undoing is, if the import is `ready` for that."""
    own = (Import.workspace_id == work.workspace_id, Import.id == id)
    changed = update(Import).where(*own, *ready).values(revert=revert)
    return (await work.db.execute(changed.returning(*Import.__table__.columns))).one_or_none()


async def _list(work: Work, id: UUID, left: Sequence[Row[Any]]) -> None:
    own = (ImportLeft.workspace_id == work.workspace_id, ImportLeft.import_id == id)
    await work.db.execute(delete(ImportLeft).where(*own))
    if left:
        here = {"workspace_id": work.workspace_id, "import_id": id}
        rows = [
            here | {"table_name": row.table_name, "id": row.id, "reason": row.reason}
            for row in left
        ]
        await work.db.execute(insert(ImportLeft), rows)
