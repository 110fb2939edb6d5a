"""The register of imports: made, started, taken up by a worker, cancelled, finished."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core import errors
from app.core.database import workspace_transaction
from app.core.page import Order, Page, page
from app.core.refusals import problem_of
from app.core.work import Work
from app.domain import jobs, processes
from app.domain.imports import mapping, matrix
from app.domain.imports.news import finished
from app.domain.jobs import Held
from app.domain.milestones import milestones_of
from app.domain.outbox.telling import tell, tell_in
from app.schemas.imports import (
    DialectOut,
    ImportIn,
    ImportObject,
    ImportOut,
    ImportQuery,
    ImportState,
    PlaceholdersOut,
    ProgressOut,
    RevertOut,
)
from app.schemas.jobs import JobKind
from app.tables import Import

UNDONE = "The import was undone, or is about to be: bring the file in as a new import."
NEED_PROCESS = (ImportObject.OPPORTUNITIES, ImportObject.EVENTS)
UNFINISHED = (ImportState.OPEN, ImportState.QUEUED, ImportState.RUNNING)
NOTHING_UNDONE = dict.fromkeys(("removed", "restored", "handed_on", "left", "problem", "undone"))
NOTHING = {"read": 0, "created": 0, "updated": 0, "unchanged": 0, "held": 0, "rejected": 0}


async def create(work: Work, wanted: ImportIn) -> ImportOut:
    """An open import, waiting for its file."""
    process_id, milestones = await _process(work, wanted)
    mapping.check(wanted.object, wanted.mapping, milestones)
    row = await work.add(
        Import,
        object=wanted.object.value,
        process_id=process_id,
        source=wanted.source,
        mapping=wanted.mapping.model_dump(mode="json", exclude_unset=True),
        dry_run=wanted.dry_run,
        state=ImportState.OPEN.value,
        counts=NOTHING,
        report={},
    )
    return seen(row)


async def find(work: Work, asked: ImportQuery) -> Page:
    query = work.rows(Import)
    for column, wanted in ((Import.object, asked.object), (Import.state, asked.state)):
        if wanted is not None:
            query = query.where(column == wanted.value)
    order = Order("created_at", Import.created_at.expression, Import.id.expression, descending=True)
    found = await page(work, query, order, asked)
    return Page([seen(row) for row in found.data], found.next_cursor)


async def read(work: Work, id: UUID) -> ImportOut:
    return seen(await work.get(Import, id))


async def start(work: Work, id: UUID) -> ImportOut:
    """Queue an open import whose file is there."""
    row = await work.get(Import, id)
    if row.state == ImportState.OPEN and row.sha256 is None:
        raise errors.ImportState("The import has no file yet: PUT …/content first.")
    started = await move(work, id, (ImportState.OPEN,), ImportState.QUEUED, started_at=work.now)
    if started is None:
        raise errors.ImportState(f"The import is {row.state}; it was started before.")
    await jobs.enqueue(work, JobKind.IMPORT, id)
    return seen(started)


async def again(work: Work, id: UUID) -> None:
    """Go on with one that failed: chunks that are written are passed over."""
    row = await work.get(Import, id)
    if undone(row):
        raise errors.ImportState(UNDONE)
    fresh = {"problem": None, "finished_at": None}
    await move(work, id, (ImportState.FAILED,), ImportState.QUEUED, **fresh)


async def cancel(work: Work, id: UUID) -> ImportOut:
    """Nothing more of it will happen. A running import notices within seconds."""
    row = await work.get(Import, id)
    ended = await move(work, id, UNFINISHED, ImportState.CANCELLED, finished_at=work.now)
    if ended is None:
        raise errors.ImportState(f"The import is {row.state} already.")
    await jobs.cancel(work, JobKind.IMPORT, id)
    await tell(work, finished(ended, ended.state, ended.counts))
    return seen(ended)


async def take(db: AsyncConnection, held: Held) -> bool:
    """Say that it is being run; False when it is not to be."""
    states = [state.value for state in UNFINISHED]
    own = (Import.workspace_id == held.workspace_id, Import.id == UUID(held.subject))
    taken = update(Import).where(*own, Import.state.in_(states))
    running = {"state": ImportState.RUNNING.value, "phase": "waiting"}
    return (await db.execute(taken.values(**running))).rowcount == 1


async def beat(engine: AsyncEngine, held: Held, phase: str, done: int, total: int | None) -> bool:
    """Renew the lease and tell how far it is; False when the job is no longer this worker's."""
    async with workspace_transaction(engine, held.workspace_id) as db:
        lease = func.clock_timestamp() + jobs.LEASE
        mine = await jobs.put(db, held, lease_until=lease, done=done, total=total)
        return mine and await put(db, held, phase=phase, done=done, total=total)


async def fail(engine: AsyncEngine, held: Held, problem: dict[str, Any], now: datetime) -> None:
    """It went no further, and why; where there is no room to say so it is taken up again."""
    try:
        async with workspace_transaction(engine, held.workspace_id) as db:
            if await jobs.bury(db, held, problem, now):
                await _failed(db, held, problem, now)
    except DBAPIError as error:
        if not isinstance(problem_of(error), errors.StorageFull):
            raise
        await jobs.await_room(engine, held, problem)


async def _failed(db: AsyncConnection, held: Held, problem: dict[str, Any], now: datetime) -> None:
    state = ImportState.FAILED.value
    ended = {"state": state, "phase": None, "finished_at": now}
    if await put(db, held, problem=problem, **ended):
        own = (Import.workspace_id == held.workspace_id, Import.id == UUID(held.subject))
        row = (await db.execute(select(*Import.__table__.columns).where(*own))).one()
        await tell_in(db, held.workspace_id, now, [finished(row, state, row.counts)])


async def put(db: AsyncConnection, held: Held, **values: Any) -> bool:
    """Write to the record of an import that runs."""
    own = (Import.workspace_id == held.workspace_id, Import.id == UUID(held.subject))
    running = Import.state == ImportState.RUNNING.value
    return (await db.execute(update(Import).where(*own, running).values(**values))).rowcount == 1


def undone(row: Row[Any]) -> bool:
    """Whether it is being undone, or was: nothing more of its file is to come in."""
    told = row.revert or {}
    return told.get("state") == "queued" or told.get("undone") is not None


def seen(row: Row[Any]) -> ImportOut:
    report, dialect = row.report, row.report.get("dialect")
    said = {name: getattr(row, name) for name in ImportOut.model_fields if hasattr(row, name)}
    return ImportOut(
        **said | {"revert": RevertOut(**NOTHING_UNDONE | row.revert) if row.revert else None},
        progress=ProgressOut(done=row.done, total=row.total, phase=row.phase),
        dialect=DialectOut.model_validate({"format": "csv"} | dialect) if dialect else None,
        ignored_columns=report.get("ignored_columns", []),
        placeholders=PlaceholdersOut(
            accounts=report.get("accounts", []), people=report.get("people", [])
        ),
        notes=report.get("notes", {}),
        chunks=report.get("chunks"),
    )


async def _process(work: Work, wanted: ImportIn) -> tuple[UUID | None, Sequence[str]]:
    if wanted.process_id is None:
        if wanted.object in NEED_PROCESS:
            detail = f"{wanted.object.value} belong to a process"
            raise errors.Invalid.at("/process_id", "missing", detail)
        return None, await matrix.products(work) if wanted.object is ImportObject.MATRIX else ()
    process = await processes.resolve(work, wanted.process_id)
    version = await processes.current_version(work, process.id)
    return process.id, [row.key for row in await milestones_of(work, version.id)]


async def move(
    work: Work, id: UUID, before: Sequence[ImportState], after: ImportState, **values: Any
) -> Row[Any] | None:
    changed = (
        update(Import)
        .where(Import.workspace_id == work.workspace_id, Import.id == id)
        .where(Import.state.in_([state.value for state in before]))
        .values(state=after.value, **values)
        .returning(*Import.__table__.columns)
    )
    return (await work.db.execute(changed)).one_or_none()
