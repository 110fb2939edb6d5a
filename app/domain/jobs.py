"""Work outside of requests: queued with the change that wants it, taken under a lease, tried again
with growing patience, given up where everybody can see it.

A lease lasts 30 seconds and is renewed while its holder lives. Whoever takes over what was left
behind counts `attempts` up; every write of a holder names the number it was given, so that one who
was taken for dead changes nothing any more.
"""

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, case, false, func, or_, select, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core.database import workspace_transaction
from app.core.errors import Conflict
from app.core.ids import uuid7
from app.core.page import Order, Page, page
from app.core.work import Work
from app.schemas.jobs import JobKind, JobOut, JobProgressOut, JobQuery, JobState
from app.tables import Job

LEASE = timedelta(seconds=30)
# Attempts without coming forward, until it is given up.
MOST_FAILURES = 5
FIRST_PATIENCE, LONGEST_PATIENCE = timedelta(seconds=5), timedelta(minutes=10)
# Until somebody may have made room on a disk that is full.
FULL_PATIENCE = timedelta(minutes=1)
CHANNEL = "backcast_jobs"
WORKER = f"{socket.gethostname()}:{os.getpid()}"
FINAL = (JobState.COMPLETED, JobState.DEAD, JobState.CANCELLED)
UNDER_WAY = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class Held:
    """A job under this worker's lease. `attempt` is its token."""

    workspace_id: UUID
    id: UUID
    kind: JobKind
    subject: str
    attempt: int
    failures: int
    # For when it was wanted when it was taken; later, where it was wanted once more since.
    run_at: datetime | None = None


async def enqueue(work: Work, kind: JobKind, subject: object = "", *, again: bool = True) -> None:
    """Have it done, after this transaction; what has ended is begun `again`, if that is wanted.

    What is being done now may have looked already at what this transaction changes: it is begun
    again once it is complete.
    """
    fresh = {
        "state": JobState.QUEUED.value,
        "failures": 0,
        "done": 0,
        "total": None,
        "problem": None,
        "run_at": func.clock_timestamp(),
        "lease_until": None,
        "started_at": None,
        "finished_at": None,
    }
    key = {"workspace_id": work.workspace_id, "kind": kind.value, "subject": str(subject)}
    made = insert(Job).values(**key, **fresh, id=uuid7(), attempts=0, created_at=work.now)
    if again:
        query = _or_again(made, list(key), fresh)
    else:
        query = made.on_conflict_do_nothing(index_elements=list(key))
    await work.db.execute(query)
    await work.db.execute(select(func.pg_notify(CHANNEL, str(work.workspace_id))))


def _or_again(made: Insert, key: Sequence[str], fresh: dict[str, Any]) -> Insert:
    """Of a job under way only its moment is put forward, by which `complete` knows."""
    running = Job.state == JobState.RUNNING.value
    columns = {name: getattr(Job, name).expression for name in fresh}
    kept = {
        name: case((running, columns[name]), else_=value)
        for name, value in fresh.items()
        if name != "run_at"
    }
    ended = Job.state.in_([state.value for state in (*FINAL, JobState.RUNNING)])
    return made.on_conflict_do_update(
        index_elements=key, set_=kept | {"run_at": fresh["run_at"]}, where=ended
    )


async def find(work: Work, asked: JobQuery) -> Page:
    query = work.rows(Job)
    for column, wanted in ((Job.kind, asked.kind), (Job.state, asked.state)):
        if wanted is not None:
            query = query.where(column == wanted.value)
    order = Order("created_at", Job.created_at.expression, Job.id.expression, descending=True)
    found = await page(work, query, order, asked)
    return Page([seen(row) for row in found.data], found.next_cursor)


async def read(work: Work, id: UUID) -> JobOut:
    return seen(await work.get(Job, id))


async def revive(work: Work, id: UUID) -> Row[Any]:
    """Queue a job that was given up. What belongs to it is to be told by the caller."""
    row = await work.get(Job, id)
    dead = (Job.workspace_id == work.workspace_id, Job.id == id, Job.state == JobState.DEAD.value)
    back = update(Job).where(*dead)
    queued = back.values(
        state=JobState.QUEUED.value,
        failures=0,
        run_at=func.clock_timestamp(),
        finished_at=None,
    )
    found = (await work.db.execute(queued.returning(*Job.__table__.columns))).one_or_none()
    if found is None:
        raise Conflict(f"The job is {row.state}; only one that was given up is tried again.")
    await work.db.execute(select(func.pg_notify(CHANNEL, str(work.workspace_id))))
    return found


async def cancel(work: Work, kind: JobKind, subject: object) -> None:
    """Nobody is to do it any more; whoever is at it may not write."""
    query = update(Job).where(
        Job.workspace_id == work.workspace_id,
        Job.kind == kind.value,
        Job.subject == str(subject),
        Job.state.in_([state.value for state in UNDER_WAY]),
    )
    ended = {"state": JobState.CANCELLED.value, "lease_until": None, "finished_at": work.now}
    await work.db.execute(query.values(**ended))


async def due(engine: AsyncEngine) -> set[UUID]:
    """The workspaces in which something is to be done. `engine`: the patient one, which may see
    that there are others."""
    async with engine.begin() as db:
        return set(await db.scalars(select(Job.workspace_id).where(_free()).distinct()))


async def claim(engine: AsyncEngine, workspace_id: UUID) -> Held | None:
    """Take the next job of a workspace under a lease; None: there is none."""
    async with workspace_transaction(engine, workspace_id) as db:
        return await take(db, workspace_id)


async def take(
    db: AsyncConnection, workspace_id: UUID, kind: JobKind | None = None, subject: object = ""
) -> Held | None:
    """The next job, or that one. What another worker is just taking is passed over."""
    free: Select[Any] = select(Job.id).where(Job.workspace_id == workspace_id, _free())
    if kind is not None:
        free = free.where(Job.kind == kind.value, Job.subject == str(subject))
    first = free.order_by(Job.run_at, Job.id).limit(1).with_for_update(skip_locked=True)
    taken = (
        update(Job)
        .where(Job.workspace_id == workspace_id, Job.id == first.scalar_subquery())
        .values(
            state=JobState.RUNNING.value,
            attempts=Job.attempts + 1,
            failures=Job.failures + 1,
            lease_until=func.clock_timestamp() + LEASE,
            worker=WORKER,
            started_at=func.coalesce(Job.started_at, func.clock_timestamp()),
        )
        .returning(Job.id, Job.kind, Job.subject, Job.attempts, Job.failures, Job.run_at)
    )
    row = (await db.execute(taken)).one_or_none()
    if row is None:
        return None
    known = JobKind(row.kind)
    return Held(workspace_id, row.id, known, row.subject, row.attempts, row.failures, row.run_at)


async def put(db: AsyncConnection, held: Held, **values: Any) -> bool:
    """Write to the job as long as it is ours."""
    mine = (
        Job.workspace_id == held.workspace_id,
        Job.id == held.id,
        Job.state == JobState.RUNNING.value,
        Job.attempts == held.attempt,
    )
    return (await db.execute(update(Job).where(*mine).values(**values))).rowcount == 1


async def beat(engine: AsyncEngine, held: Held, **progress: Any) -> bool:
    """Renew the lease; False when the job is no longer this worker's."""
    async with workspace_transaction(engine, held.workspace_id) as db:
        return await put(db, held, lease_until=func.clock_timestamp() + LEASE, **progress)


async def complete(db: AsyncConnection, held: Held, now: datetime) -> bool:
    """In the transaction that does the last of it; queued once more where somebody asked for it
    since it was taken."""
    wanted = Job.run_at > held.run_at if held.run_at else false()
    ended = {
        "state": case((wanted, JobState.QUEUED.value), else_=JobState.COMPLETED.value),
        "finished_at": case((wanted, None), else_=now),
        "started_at": case((wanted, None), else_=Job.started_at.expression),
    }
    return await put(db, held, **ended, lease_until=None, failures=0, problem=None)


async def release(engine: AsyncEngine, held: Held) -> None:
    """Put the job down: whoever looks next may take it up. It was no failure of the job's."""
    async with workspace_transaction(engine, held.workspace_id) as db:
        await put(db, held, **_queued(timedelta(0)), failures=Job.failures - 1)


async def try_later(engine: AsyncEngine, held: Held, problem: dict[str, Any]) -> None:
    """It went wrong and may go right another time: each time a longer wait."""
    async with workspace_transaction(engine, held.workspace_id) as db:
        await put(db, held, **_queued(patience(held.failures)), problem=problem)


async def await_room(engine: AsyncEngine, held: Held, problem: dict[str, Any]) -> None:
    """The disk is so full that not even the end can be noted. It was no failure of the job's."""
    async with workspace_transaction(engine, held.workspace_id) as db:
        kept = {"failures": Job.failures - 1, "problem": problem}
        await put(db, held, **_queued(FULL_PATIENCE), **kept)


async def bury(db: AsyncConnection, held: Held, problem: dict[str, Any], now: datetime) -> bool:
    """Given up, until somebody wants it tried again."""
    ended = {"state": JobState.DEAD.value, "lease_until": None, "finished_at": now}
    return await put(db, held, **ended, problem=problem)


def patience(failures: int) -> timedelta:
    """
    >>> [patience(failures).total_seconds() for failures in (1, 2, 3, 9)]
    [5.0, 10.0, 20.0, 600.0]
    """
    waits: timedelta = FIRST_PATIENCE * 2 ** (failures - 1)
    return min(waits, LONGEST_PATIENCE)


def seen(row: Row[Any]) -> JobOut:
    waits = row.state == JobState.QUEUED
    said = {name: getattr(row, name) for name in JobOut.model_fields if hasattr(row, name)}
    return JobOut(
        **said | {"subject": row.subject or None},
        progress=JobProgressOut(done=row.done, total=row.total),
        next_run_at=row.run_at if waits else None,
    )


def _queued(wait: timedelta) -> dict[str, Any]:
    run_at = func.clock_timestamp() + wait
    return {"state": JobState.QUEUED.value, "lease_until": None, "run_at": run_at}


def _free() -> Any:
    now = func.clock_timestamp()
    waits = and_(Job.state == JobState.QUEUED.value, Job.run_at <= now)
    left = and_(Job.state == JobState.RUNNING.value, Job.lease_until < now)
    return or_(waits, left)
