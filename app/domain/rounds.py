"""What is done once a day in every workspace, without anybody asking: dead horses, snapshots, and
what the past teaches.

A round belongs to a local day and begins at two in the morning of the workspace; each of its steps
is a job. Its place in the ledger is written in the same transaction as its effects, so that a round
that died has done nothing and is done again, and of two workers one does it. Of missed days only
the latest is made up for: yesterday's dead horses are today's as well.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain import burials, jobs, snapshots
from app.domain.access import home
from app.domain.lessons import learning
from app.schemas.jobs import JobKind
from app.tables import DailyRound, Process, Workspace

log = logging.getLogger("backcast.rounds")

BEGINS_AT_HOUR = 2
ACTOR = "backcast"


async def _snapshot(work: Work, process: Row[Any]) -> None:
    await snapshots.take(work, process.id)


Step = Callable[[Work, Row[Any]], Awaitable[None]]
STEPS: Mapping[str, Step] = {
    "snapshots": _snapshot,
    "stale": burials.bury,
    "lessons": learning.nightly,
}


async def call(
    engine: AsyncEngine, clock: Callable[[], datetime], called: dict[UUID, date] | None = None
) -> None:
    """Queue the rounds that are due everywhere. `called` remembers between calls, so that a
    workspace whose round is known to be queued costs no statement. `engine`: the patient one,
    which may list workspaces.
    """
    known = {} if called is None else called
    async with engine.begin() as db:
        query = select(Workspace.id, Workspace.time_zone).order_by(Workspace.id)
        workspaces = (await db.execute(query)).all()
    for workspace_id, time_zone in workspaces:
        today = day_of(clock(), ZoneInfo(time_zone))
        if known.get(workspace_id) != today:
            async with workspace_transaction(engine, workspace_id) as db:
                own = await home(db, workspace_id)
                work = Work(db, workspace_id, own, clock(), ACTOR, own.language)
                for kind in (*STEPS, JobKind.PURGE):
                    await jobs.enqueue(work, JobKind(kind), today, again=False)
            known[workspace_id] = today


async def visit(
    engine: AsyncEngine,
    clock: Callable[[], datetime],
    workspace_id: UUID,
    today: date,
    steps: Mapping[str, Step] = STEPS,
) -> bool:
    """One workspace's round of a day, as far as it was not done; False where a step failed."""
    whole = True
    for kind, step in steps.items():
        try:
            await one(engine, clock, workspace_id, today, kind, step)
        except Exception:
            log.exception("the daily round %s of workspace %s; tried again", kind, workspace_id)
            whole = False
    return whole


def day_of(now: datetime, zone: ZoneInfo) -> date:
    """The latest day whose round has begun.

    >>> from datetime import UTC
    >>> day_of(datetime(2026, 7, 19, 23, 59, tzinfo=UTC), ZoneInfo("Europe/Berlin"))
    datetime.date(2026, 7, 19)
    >>> day_of(datetime(2026, 7, 20, 0, 0, tzinfo=UTC), ZoneInfo("Europe/Berlin"))
    datetime.date(2026, 7, 20)
    """
    local = now.astimezone(zone)
    return local.date() - timedelta(days=1 if local.hour < BEGINS_AT_HOUR else 0)


async def one(
    engine: AsyncEngine,
    clock: Callable[[], datetime],
    workspace_id: UUID,
    today: date,
    kind: str,
    step: Step | None = None,
) -> None:
    """One step of a day's round, unless it is done."""
    step = step or STEPS[kind]
    async with workspace_transaction(engine, workspace_id) as db:
        own = await home(db, workspace_id)
        work = Work(db, workspace_id, own, clock(), ACTOR, own.language)
        if await _first(work, today, kind):
            for process in await work.all(work.rows(Process).order_by(Process.id)):
                await step(work, process)


async def _first(work: Work, today: date, kind: str) -> bool:
    """Whether nobody did, or is doing, this step; whoever is doing it is waited for."""
    mine = insert(DailyRound).values(
        workspace_id=work.workspace_id, day=today, kind=kind, done_at=work.now
    )
    written = mine.on_conflict_do_nothing().returning(DailyRound.day)
    return (await work.db.execute(written)).one_or_none() is not None
