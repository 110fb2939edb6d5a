"""One import from its stored file to its report: a transaction for each chunk, and the same for a
dry run.

What is wrong with rows is found out before a savepoint, what is written is written after it. A dry
run goes back to the savepoint when everything is done and counted, so that it has taken every step
of the real one; then the report is stored and the transaction commits either way. A small import
is one chunk, and finished in the same transaction. Of a large one the file is staged once, for as
long as the connection lasts; who takes the import up again passes over what is written.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

from sqlalchemy import Row, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core.database import enter, workspace_transaction
from app.core.errors import EncodingWrong, FileUnreadable, Internal, Problem
from app.core.refusals import problem_of, state_of
from app.core.work import Work
from app.domain import business, jobs, processes
from app.domain.access import home
from app.domain.imports import (
    accounts,
    chunks,
    events,
    faults,
    mapping,
    matrix,
    opportunities,
    people,
    products,
    register,
    staging,
    turns,
    typed,
    upload,
)
from app.domain.imports.dialect import Dialect
from app.domain.imports.mapping import Plan
from app.domain.imports.news import finished
from app.domain.imports.outcome import Outcome
from app.domain.imports.pulse import Progress, Pulse, Stopped, beating
from app.domain.jobs import Held
from app.domain.lessons import calling
from app.domain.milestones import milestones_of
from app.domain.outbox.telling import tell
from app.schemas.imports import ImportIn, ImportObject, ImportOut, ImportState
from app.schemas.jobs import JobKind
from app.tables import Import, ImportChunk

log = logging.getLogger("backcast.imports")

ACTOR = "command line"

# Each has `prepare(work, plan)`, which notes faults, and `write(work, plan)`.
OBJECTS: dict[ImportObject, ModuleType] = {
    ImportObject.ACCOUNTS: accounts,
    ImportObject.PRODUCTS: products,
    ImportObject.PEOPLE: people,
    ImportObject.OPPORTUNITIES: opportunities,
    ImportObject.EVENTS: events,
    ImportObject.MATRIX: matrix,
}
# Two changes met, or there was no connection left: another time it will do.
PASSING = ("40001", "40P01", "55P03", "53300")


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
        made = await register.create(Work(db, workspace_id, own, clock(), ACTOR), spec)
    await upload.store(engine, workspace_id, made.id, _pieces(path))
    async with workspace_transaction(engine, workspace_id) as db:
        # Taken before it can be seen: no worker that runs beside this command gets it first.
        await register.start(Work(db, workspace_id, own, clock(), ACTOR), made.id)
        held = await jobs.take(db, workspace_id, kind=JobKind.IMPORT, subject=made.id)
    assert held is not None
    await run(engine, clock, held, progress)
    async with workspace_transaction(engine, workspace_id) as db:
        return await register.read(Work(db, workspace_id, own, clock(), ACTOR), made.id)


async def run(
    engine: AsyncEngine,
    clock: Callable[[], datetime],
    held: Held,
    progress: Progress | None = None,
    *,
    rows: int = chunks.ROWS,
) -> None:
    """Run an import whose lease is held, in chunks of about so many `rows`. Whatever happens to
    it ends in its record; a lost connection is raised."""
    try:
        async with beating(engine, held, progress) as pulse, engine.connect() as db:
            await _through(_Run(engine, clock, held, pulse, db, rows))
    except Stopped:
        log.info("import %s was cancelled or taken over", held.subject)
    except Problem as problem:
        await register.fail(engine, held, problem.body(), clock())
    except OSError:
        raise
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        await _went_wrong(engine, held, error, clock())


async def _went_wrong(engine: AsyncEngine, held: Held, error: Exception, now: datetime) -> None:
    log.error("import %s", held.subject, exc_info=error)
    known = problem_of(error)
    if known is not None and state_of(error) in PASSING and held.failures < jobs.MOST_FAILURES:
        await jobs.try_later(engine, held, known.body())
    else:
        await register.fail(engine, held, (known or _unforeseen(held)).body(), now)


@dataclass(slots=True)
class _Run:
    """An import under way, on a connection of its own."""

    engine: AsyncEngine
    clock: Callable[[], datetime]
    held: Held
    pulse: Pulse
    db: AsyncConnection
    rows: int
    # Whether all that is left to be done is one chunk, and so one transaction.
    alone: bool = True
    report: dict[str, Any] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def id(self) -> UUID:
        return UUID(self.held.subject)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Work]:
        """One of the import's turns in its workspace."""
        async with self.db.begin():
            await enter(self.db, self.held.workspace_id)
            own = await home(self.db, self.held.workspace_id)
            room = self.held.workspace_id
            work = Work(self.db, room, own, self.clock(), f"import:{self.id}", own.language)
            await turns.take(work, self.held)
            yield work


async def _through(run: _Run) -> None:
    async with workspace_transaction(run.engine, run.held.workspace_id) as db:
        if not await register.take(db, run.held):
            raise Stopped
    await turns.follow(run.engine, run.held)
    await run.pulse.tell("waiting")
    async with run.transaction() as work:
        row = await work.get(Import, run.id)
        plan = await _plan(work, row)
        many = chunks.many(row, plan, run.rows)
        run.report = row.report | {"chunks": many}
        if (key := _key(row, plan)) is not None:
            run.report["key"] = key.noted
        left = await _left(run, work, many + run.report.get("releases", 0))
        raw = await _stage(run, work, row, plan)
        run.alone = len(left) <= 1
        if run.alone:
            for number in left:
                await _chunk(run, work, row, plan, number, _part(key, raw, number, many))
            await _finish(run, work, plan)
            return
        await staging.cut(work, raw, key, many)
        await register.put(work.db, run.held, report=run.report)
    for number in left:
        async with run.transaction() as work:
            plan = await _plan(work, row)
            await _chunk(run, work, row, plan, number, staging.part(number, many))
    await run.pulse.tell("finishing", run.counts["read"], run.counts["read"])
    async with run.transaction() as work:
        await _finish(run, work, plan)
        await staging.clear(work)


async def _left(run: _Run, work: Work, wanted: int) -> list[int]:
    """The chunks that nobody has written yet; what the others came to is counted already."""
    lines = await chunks.written(work, run.id)
    for line in lines:
        run.counts.update(line.counts)
    return sorted(set(range(wanted)) - {line.number for line in lines})


def _key(row: Row[Any], plan: Plan) -> chunks.Key | None:
    """By what the rows are cut; what was decided stays."""
    return chunks.Key.of(row.report) if "chunks" in row.report else chunks.key(plan)


def _part(key: chunks.Key | None, raw: str, number: int, many: int) -> str:
    """The rows of one chunk; a number behind the last one: those that were held and released."""
    if number >= many:
        return f"SELECT * FROM ({raw}) f WHERE line IN (SELECT line FROM staged_released)"
    if many == 1 or key is None:
        return raw
    return f"SELECT * FROM ({raw}) f WHERE {key.number_sql(many)} = {number}"


async def _stage(run: _Run, work: Work, row: Row[Any], plan: Plan) -> str:
    """A query of the rows of the file, as texts."""

    async def seen(lines: int) -> None:
        await run.pulse.tell("reading", min(lines, row.report["lines"]), row.report["lines"])

    def parts() -> AsyncIterator[bytes]:
        return upload.parts(run.engine, work.workspace_id, run.id)

    dialect = Dialect.of(row.report["dialect"])
    digest = row.report.get("digest", row.sha256)
    return await staging.fill(work, dialect, plan.places, parts, seen, digest)


async def _plan(work: Work, row: Row[Any]) -> Plan:
    """How the file is read."""
    if row.sha256 is None:
        raise FileUnreadable("The import has no file.")
    if "unreadable" in row.report:
        told = row.report["unreadable"]
        kind = EncodingWrong if told["code"] == EncodingWrong.code else FileUnreadable
        raise kind(told["detail"])
    dialect = Dialect.of(row.report["dialect"])
    if row.process_id is None:
        keys = await matrix.products(work) if row.object == ImportObject.MATRIX else ()
        return mapping.plan(row, None, dialect.header, keys, work.home)
    version = await processes.current_version(work, row.process_id)
    milestones = [milestone.key for milestone in await milestones_of(work, version.id)]
    return mapping.plan(row, version, dialect.header, milestones, work.home)


async def _chunk(run: _Run, work: Work, row: Row[Any], plan: Plan, number: int, raw: str) -> None:
    """Write one chunk, and its line in the ledger, unless that is there."""
    if not await chunks.begin(work, run.id, number):
        return
    before = run.counts["read"]
    # Rows that were held, and are looked at again.
    again = number >= run.report["chunks"]
    released = await faults.release(work, run.id) if again else 0
    count = await typed.read(work, plan, raw)
    expected = 0 if run.report["chunks"] == 1 else row.report["lines"] - 1
    total = max(expected, before + count)
    await run.pulse.tell("checking", before, total)
    step = OBJECTS[plan.object]
    await step.prepare(work, plan)
    await run.pulse.tell("writing", before + count // 3, total)
    done = await _write(work, plan, row, step)
    # Told on another connection, which from `_note` on would wait for this one.
    await run.pulse.tell("finishing" if run.alone else "writing", before + count, total)
    await faults.keep(work, run.id)
    counts = await _counted(work, done, count, released)
    run.counts.update(counts)
    if released and done.reconciliation is not None:
        # The file's rows are counted where they were held.
        done.reconciliation["source"]["rows"] = 0
    await _note(work, run, number, counts, done)


async def _counted(work: Work, done: Outcome, count: int, released: int) -> dict[str, int]:
    rejected, held = await faults.count(work)
    return {
        "read": count - released,
        "created": done.created,
        "updated": done.updated,
        "unchanged": done.unchanged,
        "held": held - released,
        "rejected": rejected,
    }


async def _note(work: Work, run: _Run, number: int, counts: dict[str, int], done: Outcome) -> None:
    """What came of a chunk, and that the import comes forward; refused where it is not ours."""
    line = update(ImportChunk).where(
        ImportChunk.workspace_id == work.workspace_id,
        ImportChunk.import_id == run.id,
        ImportChunk.number == number,
    )
    report = {"accounts": done.accounts, "people": done.people, "notes": done.notes}
    told = line.values(counts=counts, report=report, reconciliation=done.reconciliation)
    await work.db.execute(told)
    mine = await jobs.put(work.db, run.held, failures=0)
    if not (mine and await register.put(work.db, run.held, counts=dict(run.counts))):
        raise Stopped


async def _write(work: Work, plan: Plan, row: Row[Any], step: ModuleType) -> Outcome:
    savepoint = await work.db.begin_nested()
    done: Outcome = await step.write(work, plan)
    if row.dry_run:
        await savepoint.rollback()
    else:
        await savepoint.commit()
    return done


async def _finish(run: _Run, work: Work, plan: Plan) -> None:
    """The report of the whole, and the end of it, in one transaction with the last that is done."""
    lines = await chunks.written(work, run.id)
    read = run.counts["read"]
    if len(lines) > 1 and plan.object is ImportObject.OPPORTUNITIES:
        await business.decide_brought(work, run.id)
    whole = chunks.added(lines)
    clean = whole["counts"]["rejected"] + whole["counts"]["held"] == 0
    ended = whole | {
        "state": ImportState.COMPLETED if clean else ImportState.COMPLETED_WITH_ERRORS,
        "report": run.report | {"ignored_columns": list(plan.ignored)} | whole["report"],
        "done": read,
        "total": read,
        "phase": None,
        "finished_at": work.now,
    }
    mine = await jobs.complete(work.db, run.held, work.now)
    if not (mine and await register.put(work.db, run.held, **ended)):
        raise Stopped
    row = await work.get(Import, run.id)
    if read >= calling.MANY_ROWS and not row.dry_run:
        await calling.call(work)
    await tell(work, finished(row, row.state, row.counts))


def _unforeseen(held: Held) -> Problem:
    return Internal(f"Something broke; the fault is logged under import {held.subject}.")


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while piece := await asyncio.to_thread(file.read, upload.PART):
            yield piece
    finally:
        file.close()
