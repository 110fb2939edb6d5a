"""The record of an import: made, started, taken up by a worker, cancelled, finished."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core import errors
from app.core.database import workspace_transaction
from app.core.page import Order, Page, page
from app.core.work import Work
from app.domain import processes
from app.domain.imports import mapping, matrix
from app.domain.imports.news import finished
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
)
from app.tables import Import, Workspace

NEED_PROCESS = (ImportObject.OPPORTUNITIES, ImportObject.EVENTS)
UNFINISHED = (ImportState.OPEN, ImportState.QUEUED, ImportState.RUNNING)
# Machine time, not the service's: a lease must run out even where a test stops the clock.
LEASE = timedelta(seconds=30)
NOTHING = {"read": 0, "created": 0, "updated": 0, "unchanged": 0, "held": 0, "rejected": 0}


@dataclass(frozen=True, slots=True)
class Job:
    """An import this worker runs. `attempt` is its token: who has an older one may not write."""

    workspace_id: UUID
    id: UUID
    attempt: int


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
    found = await page(
        work, query, order, limit=asked.page_size, cursor=asked.cursor, asked=asked.asked
    )
    return Page([seen(row) for row in found.data], found.next_cursor)


async def read(work: Work, id: UUID) -> ImportOut:
    return seen(await work.get(Import, id))


async def start(work: Work, id: UUID) -> ImportOut:
    """Queue an open import whose file is there. The worker is to be woken after the commit."""
    row = await work.get(Import, id)
    if row.state == ImportState.OPEN and row.sha256 is None:
        raise errors.ImportState("The import has no file yet: PUT …/content first.")
    started = await _move(work, id, (ImportState.OPEN,), ImportState.QUEUED, started_at=work.now)
    if started is None:
        raise errors.ImportState(f"The import is {row.state}; it was started before.")
    return seen(started)


async def cancel(work: Work, id: UUID) -> ImportOut:
    """Nothing of it will have happened. A running import notices within seconds."""
    row = await work.get(Import, id)
    ended = await _move(work, id, UNFINISHED, ImportState.CANCELLED, finished_at=work.now)
    if ended is None:
        raise errors.ImportState(f"The import is {row.state} already.")
    await tell(work, finished(ended, ended.state, ended.counts))
    return seen(ended)


async def waiting(engine: AsyncEngine) -> list[tuple[UUID, UUID]]:
    """(workspace, import) of everything to be run: queued, or left behind by a worker that died."""
    async with engine.begin() as db:
        workspaces = (await db.scalars(select(Workspace.id))).all()
    found: list[tuple[UUID, UUID]] = []
    for workspace_id in workspaces:
        found += await waiting_in(engine, workspace_id)
    return found


async def waiting_in(engine: AsyncEngine, workspace_id: UUID) -> list[tuple[UUID, UUID]]:
    query = (
        select(Import.id)
        .where(Import.workspace_id == workspace_id, _free())
        .order_by(Import.started_at, Import.id)
    )
    async with workspace_transaction(engine, workspace_id) as db:
        return [(workspace_id, id) for id in (await db.scalars(query)).all()]


async def claim(
    engine: AsyncEngine, workspace_id: UUID, id: UUID, *, also_open: bool = False
) -> Job | None:
    """Take the lease; None when somebody else has it or there is nothing to do."""
    free = or_(_free(), Import.state == ImportState.OPEN.value) if also_open else _free()
    taken = (
        update(Import)
        .where(Import.workspace_id == workspace_id, Import.id == id, free)
        .values(
            state=ImportState.RUNNING.value,
            attempts=Import.attempts + 1,
            lease_until=func.clock_timestamp() + LEASE,
            done=0,
            total=None,
            phase="waiting",
        )
    )
    async with workspace_transaction(engine, workspace_id) as db:
        attempt = await db.scalar(taken.returning(Import.attempts))
    return None if attempt is None else Job(workspace_id, id, attempt)


async def beat(engine: AsyncEngine, job: Job, **progress: Any) -> bool:
    """Renew the lease and tell how far it is; False when the job is no longer this worker's."""
    async with workspace_transaction(engine, job.workspace_id) as db:
        return await put(db, job, lease_until=func.clock_timestamp() + LEASE, **progress)


async def release(engine: AsyncEngine, job: Job) -> None:
    """Put the job down: whoever looks next may take it up."""
    async with workspace_transaction(engine, job.workspace_id) as db:
        await put(db, job, lease_until=func.clock_timestamp())


async def fail(engine: AsyncEngine, job: Job, problem: dict[str, Any], now: datetime) -> None:
    """Nothing of it happened, and why."""
    state = ImportState.FAILED.value
    ended = {"state": state, "problem": problem, "finished_at": now}
    async with workspace_transaction(engine, job.workspace_id) as db:
        if await put(db, job, phase=None, lease_until=None, **ended):
            own = (Import.workspace_id == job.workspace_id, Import.id == job.id)
            row = (await db.execute(select(*Import.__table__.columns).where(*own))).one()
            await tell_in(db, job.workspace_id, now, [finished(row, state, row.counts)])


async def put(db: AsyncConnection, job: Job, **values: Any) -> bool:
    """Write to the record as long as the job is ours."""
    own = (Import.workspace_id == job.workspace_id, Import.id == job.id)
    mine = (Import.state == ImportState.RUNNING.value, Import.attempts == job.attempt)
    return (await db.execute(update(Import).where(*own, *mine).values(**values))).rowcount == 1


def seen(row: Row[Any]) -> ImportOut:
    report, dialect = row.report, row.report.get("dialect")
    return ImportOut(
        **{name: getattr(row, name) for name in ImportOut.model_fields if hasattr(row, name)},
        progress=ProgressOut(done=row.done, total=row.total, phase=row.phase),
        dialect=DialectOut(**{name: dialect[name] for name in DialectOut.model_fields})
        if dialect
        else None,
        ignored_columns=report.get("ignored_columns", []),
        placeholders=PlaceholdersOut(
            accounts=report.get("accounts", []), people=report.get("people", [])
        ),
        notes=report.get("notes", {}),
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


def _free() -> Any:
    left = (Import.state == ImportState.RUNNING.value) & (
        Import.lease_until < func.clock_timestamp()
    )
    return (Import.state == ImportState.QUEUED.value) | left


async def _move(
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
