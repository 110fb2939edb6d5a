"""What a worker can do: for each kind of job, how."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core.database import steady, workspace_transaction
from app.core.work import Work
from app.domain import jobs, purges, rounds
from app.domain.access import home
from app.domain.imports import chunks, register, reverting, run
from app.domain.jobs import Held
from app.domain.ledger import folding
from app.domain.lessons import learning
from app.schemas.jobs import JobKind


@dataclass(frozen=True, slots=True)
class Desk:
    """What a worker works with. `engine`: the patient one."""

    engine: AsyncEngine
    clock: Callable[[], datetime]
    chunk_rows: int = chunks.ROWS
    keeping: purges.Keeping = purges.USUAL


Duty = Callable[[Desk, Held], Awaitable[None]]
Act = Callable[[Work], Awaitable[object]]


async def _import(desk: Desk, held: Held) -> None:
    await run.run(desk.engine, desk.clock, held, rows=desk.chunk_rows)


async def _revert(desk: Desk, held: Held) -> None:
    await reverting.run(desk.engine, desk.clock, held)


async def _round(desk: Desk, held: Held) -> None:
    day = date.fromisoformat(held.subject)
    engine = steady(desk.engine) if held.kind is JobKind.LESSONS else desk.engine
    await rounds.one(engine, desk.clock, held.workspace_id, day, held.kind.value)
    async with workspace_transaction(desk.engine, held.workspace_id) as db:
        await jobs.complete(db, held, desk.clock())


async def _lessons(desk: Desk, held: Held) -> None:
    """Of a day, as a step of its round; of all that is usual, at once; or what somebody waits for,
    a process and a shape. Reading takes minutes where there is much to read, and must not see half
    of what others do meanwhile."""
    if held.subject and " " not in held.subject:
        await _round(desk, held)
        return
    async with workspace_transaction(steady(desk.engine), held.workspace_id) as db:
        work = await _work(desk, db, held)
        if held.subject:
            await learning.wanted(work, held.subject, desk.clock)
        else:
            await learning.at_once(work)
    async with workspace_transaction(desk.engine, held.workspace_id) as db:
        await jobs.complete(db, held, desk.clock())


async def _purge(desk: Desk, held: Held) -> None:
    async with workspace_transaction(desk.engine, held.workspace_id) as db:
        await purges.purge(await _work(desk, db, held), desk.keeping)
        await jobs.complete(db, held, desk.clock())


async def _fold(desk: Desk, held: Held) -> None:
    async with workspace_transaction(desk.engine, held.workspace_id) as db:
        await folding.fold(db, held.workspace_id, folding.MANY)
        await jobs.complete(db, held, desk.clock())


async def _work(desk: Desk, db: AsyncConnection, held: Held) -> Work:
    own = await home(db, held.workspace_id)
    return Work(db, held.workspace_id, own, desk.clock(), rounds.ACTOR, own.language)


DUTIES: Mapping[JobKind, Duty] = {
    JobKind.IMPORT: _import,
    JobKind.IMPORT_REVERT: _revert,
    JobKind.SNAPSHOTS: _round,
    JobKind.STALE: _round,
    JobKind.LESSONS: _lessons,
    JobKind.LEDGER_FOLD: _fold,
    JobKind.PURGE: _purge,
}


async def give_up(desk: Desk, held: Held, problem: dict[str, Any]) -> None:
    """It is not tried again by itself; what it belongs to says so, and why."""
    if held.kind is JobKind.IMPORT:
        await register.fail(desk.engine, held, problem, desk.clock())
        return
    async with workspace_transaction(desk.engine, held.workspace_id) as db:
        if await jobs.bury(db, held, problem, desk.clock()) and held.kind is JobKind.IMPORT_REVERT:
            await reverting.fail(db, held, problem)
