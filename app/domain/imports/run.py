"""One import from its stored file to its report: one transaction, and the same for a dry run.

What is wrong with rows is found out before a savepoint, what is written is written after it. A dry
run goes back to the savepoint when everything is done and counted, so that it has taken every step
of the real one; then the report is stored and the transaction commits either way. The record is
finished in the same transaction: an import that died has done nothing and is run again.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import workspace_transaction
from app.core.errors import FileUnreadable, Internal, Problem
from app.core.refusals import problem_of
from app.core.work import Work
from app.domain import processes
from app.domain.access import home
from app.domain.imports import (
    accounts,
    events,
    faults,
    jobs,
    mapping,
    matrix,
    opportunities,
    people,
    products,
    staging,
    typed,
    upload,
)
from app.domain.imports.dialect import Dialect
from app.domain.imports.jobs import Job
from app.domain.imports.mapping import Plan
from app.domain.imports.news import finished
from app.domain.imports.outcome import Outcome
from app.domain.imports.pulse import Progress, Pulse, Stopped, beating
from app.domain.milestones import milestones_of
from app.domain.outbox.telling import tell
from app.schemas.imports import ImportIn, ImportObject, ImportOut, ImportState
from app.tables import Import

log = logging.getLogger("backcast.imports")

# Each has `prepare(work, plan)`, which notes faults, and `write(work, plan)`.
OBJECTS: dict[ImportObject, ModuleType] = {
    ImportObject.ACCOUNTS: accounts,
    ImportObject.PRODUCTS: products,
    ImportObject.PEOPLE: people,
    ImportObject.OPPORTUNITIES: opportunities,
    ImportObject.EVENTS: events,
    ImportObject.MATRIX: matrix,
}
# An import that brought the server down this often is not tried again.
MOST_ATTEMPTS = 5

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('import:' || :workspace, 0))"


async def import_file(
    engine: AsyncEngine,
    workspace_id: UUID,
    *,
    path: Path,
    spec: ImportIn,
    clock: Callable[[], datetime],
    progress: Progress | None = None,
) -> ImportOut:
    """Import a file without a server, by the very same steps; how it ended is in `state`.

    `engine`: the patient one, a large import outlasts the time limit of the others. `progress`
    is told (done, total or None, phase). Problems of the request itself are raised.
    """
    async with workspace_transaction(engine, workspace_id) as db:
        own = await home(db, workspace_id)
        job = await jobs.create(Work(db, workspace_id, own, clock(), "command line"), spec)
    await upload.store(engine, workspace_id, job.id, _pieces(path))
    claimed = await jobs.claim(engine, workspace_id, job.id, also_open=True)
    assert claimed is not None
    await run(engine, clock, claimed, progress)
    async with workspace_transaction(engine, workspace_id) as db:
        return await jobs.read(Work(db, workspace_id, own, clock(), "command line"), job.id)


async def run(
    engine: AsyncEngine, clock: Callable[[], datetime], job: Job, progress: Progress | None = None
) -> None:
    """Run a job whose lease is held. Whatever happens to it ends in its record."""
    try:
        if job.attempt > MOST_ATTEMPTS:
            raise Internal("The import was begun several times and never ended.")
        async with beating(engine, job, progress) as pulse:
            await _transact(engine, clock, job, pulse)
    except Stopped:
        log.info("import %s was cancelled or taken over", job.id)
    except Problem as problem:
        await jobs.fail(engine, job, problem.body(), clock())
    except OSError:
        raise
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        log.exception("import %s", job.id)
        known = problem_of(error) if isinstance(error, DBAPIError) else None
        await jobs.fail(engine, job, (known or _unforeseen(job)).body(), clock())


async def _transact(
    engine: AsyncEngine, clock: Callable[[], datetime], job: Job, pulse: Pulse
) -> None:
    async with workspace_transaction(engine, job.workspace_id) as db:
        now = clock()
        own = await home(db, job.workspace_id)
        work = Work(db, job.workspace_id, own, now, f"import:{job.id}", own.language)
        row = await work.get(Import, job.id)
        await _take_turn(work, pulse)
        count, plan = await _read(work, row, engine, pulse)
        await pulse.tell("checking", 0, count)
        step = OBJECTS[plan.object]
        await step.prepare(work, plan)
        await pulse.tell("writing", count // 3, count)
        done = await _write(work, plan, row, step)
        await pulse.tell("finishing", count, count)
        await faults.keep(work, job.id)
        report = await _report(work, row, plan, done, count)
        if not await jobs.put(db, job, **report):
            raise Stopped
        await tell(work, finished(row, report["state"], report["counts"]))


async def _take_turn(work: Work, pulse: Pulse) -> None:
    """Imports of one workspace go one after the other, however long that takes."""
    await pulse.tell("waiting")
    await work.db.execute(text("SET LOCAL lock_timeout = 0"))
    await work.db.execute(text(_LOCK), {"workspace": str(work.workspace_id)})
    await work.db.execute(text("SET LOCAL lock_timeout = '30s'"))
    await work.db.execute(text("SET LOCAL work_mem = '64MB'"))
    await work.db.execute(text("SET LOCAL jit = off"))


async def _read(work: Work, row: Row[Any], engine: AsyncEngine, pulse: Pulse) -> tuple[int, Plan]:
    """(rows of the file, how they are read)."""
    if row.sha256 is None:
        raise FileUnreadable("The import has no file.")
    if "unreadable" in row.report:
        raise FileUnreadable(row.report["unreadable"]["detail"])
    dialect = Dialect.of(row.report["dialect"])
    plan = await _plan(work, row, dialect)

    async def seen(lines: int) -> None:
        await pulse.tell("reading", min(lines, row.report["lines"]), row.report["lines"])

    def parts() -> AsyncIterator[bytes]:
        return upload.parts(engine, work.workspace_id, row.id)

    raw = await staging.fill(work, dialect, parts, seen, row.sha256)
    return await typed.read(work, plan, raw), plan


async def _plan(work: Work, row: Row[Any], dialect: Dialect) -> Plan:
    if row.process_id is None:
        keys = await matrix.products(work) if row.object == ImportObject.MATRIX else ()
        return mapping.plan(row, None, dialect.header, keys, work.home)
    version = await processes.current_version(work, row.process_id)
    milestones = [milestone.key for milestone in await milestones_of(work, version.id)]
    return mapping.plan(row, version, dialect.header, milestones, work.home)


async def _write(work: Work, plan: Plan, row: Row[Any], step: ModuleType) -> Outcome:
    savepoint = await work.db.begin_nested()
    done: Outcome = await step.write(work, plan)
    if row.dry_run:
        await savepoint.rollback()
    else:
        await savepoint.commit()
    return done


async def _report(
    work: Work, row: Row[Any], plan: Plan, done: Outcome, count: int
) -> dict[str, Any]:
    rejected, held = await faults.count(work)
    clean = rejected + held == 0
    return {
        "state": ImportState.COMPLETED if clean else ImportState.COMPLETED_WITH_ERRORS,
        "counts": {
            "read": count,
            "created": done.created,
            "updated": done.updated,
            "unchanged": done.unchanged,
            "held": held,
            "rejected": rejected,
        },
        "report": row.report
        | {
            "ignored_columns": list(plan.ignored),
            "accounts": done.accounts,
            "people": done.people,
            "notes": done.notes,
        },
        "reconciliation": done.reconciliation,
        "done": count,
        "total": count,
        "phase": None,
        "lease_until": None,
        "finished_at": work.now,
    }


def _unforeseen(job: Job) -> Problem:
    return Internal(f"Something broke; the fault is logged under import {job.id}.")


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while piece := await asyncio.to_thread(file.read, upload.PART):
            yield piece
    finally:
        file.close()
