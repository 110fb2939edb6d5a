"""Folds the ledger: the rows that speak of one cell become one row, or none where they cancel out.

One statement takes the rows away and writes their sum, so that whoever asks meanwhile sees either
all of them or what they add up to. Rows that are being written meanwhile are left to the next fold.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain import jobs
from app.domain.access import home
from app.domain.ledger import filing
from app.domain.ledger.kinds import KINDS, Kind
from app.schemas.jobs import JobKind
from app.tables import Workspace

ACTOR = "backcast"

# Fewer fresh rows than these cost a question nothing worth mentioning.
MANY = 500

# One folder at a time: two that take the same rows away would wait for each other. The workspace
# is held as by any reference to it, so that its ledger is not being written anew meanwhile.
_BEGIN = """
SELECT pg_try_advisory_xact_lock(hashtextextended('fold ' || id, 0)) FROM workspaces
WHERE id = :workspace FOR KEY SHARE"""
# The rows of a few cells are looked up, those of many (after an import) joined as sets; the planner
# cannot know how many rows are fresh.
LOTS = 10_000
_NESTED = "SET LOCAL enable_nestloop = {}"


async def call(engine: AsyncEngine, clock: Callable[[], datetime], many: int = MANY) -> None:
    """Queue folding where there are at least so many fresh rows. `engine`: the patient one, which
    may list workspaces."""
    async with engine.begin() as db:
        workspaces = (await db.scalars(select(Workspace.id).order_by(Workspace.id))).all()
    for workspace_id in workspaces:
        async with workspace_transaction(engine, workspace_id) as db:
            values = {"workspace": workspace_id, "lots": max(LOTS, many)}
            fresh = [await db.scalar(text(_fresh(kind)), values) for kind in KINDS.values()]
            if max(fresh) >= many:
                own = await home(db, workspace_id)
                work = Work(db, workspace_id, own, clock(), ACTOR, own.language)
                await jobs.enqueue(work, JobKind.LEDGER_FOLD)


async def fold(db: AsyncConnection, workspace_id: UUID, many: int = 1) -> int:
    """How many rows were put together; 0 also where somebody else is at it."""
    values = {"workspace": workspace_id, "lots": max(LOTS, many)}
    if not await db.scalar(text(_BEGIN), values):
        return 0
    await filing.tidy(db, workspace_id)
    put_together = 0
    for kind in KINDS.values():
        fresh = await db.scalar(text(_fresh(kind)), values)
        if fresh >= many:
            await db.execute(text(_NESTED.format("on" if fresh < LOTS else "off")))
            put_together += await db.scalar(text(_folded(kind)), values)
    return put_together


def _fresh(kind: Kind) -> str:
    few = f"SELECT FROM {kind.table} WHERE workspace_id = :workspace AND NOT folded LIMIT :lots"
    return f"SELECT count(*) FROM ({few}) fresh"


def _folded(kind: Kind) -> str:
    key = ", ".join(kind.key)
    return f"""
WITH fresh AS MATERIALIZED (
  SELECT DISTINCT {key} FROM {kind.table} WHERE workspace_id = :workspace AND NOT folded
), gone AS (
  DELETE FROM {kind.table} c USING fresh f
  WHERE c.workspace_id = :workspace AND {kind.same("c", "f")}
  RETURNING c.*
), stored AS (
  {kind.written("gone", folded=True)}
)
SELECT count(*) FROM gone"""
