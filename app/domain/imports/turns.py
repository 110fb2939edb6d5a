"""Turns: what brings a file into a workspace, and what takes one back, follow each other.

A turn ends with its transaction, and a worker that was stopped, or killed during a long statement,
leaves its transaction open. So a session says for which job it is, and under which attempt, and
who takes the job over ends the sessions of those before.
"""

import logging

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.work import Work
from app.domain.jobs import Held

log = logging.getLogger("backcast.imports")

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('import:' || :workspace, 0))"
# A login may end its own sessions; the role it has assumed may not.
_AS_LOGIN = "SET LOCAL ROLE NONE"
_END = """
SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = ANY (CAST(:names AS text[]))
AND pid <> pg_backend_pid() AND pg_has_role(usesysid, 'USAGE')"""


async def take(work: Work, held: Held) -> None:
    """Wait for whoever has the turn, however long that takes; held until the transaction ends."""
    # A UUID and a number, never text from outside.
    await work.db.execute(text(f"SET LOCAL application_name = '{_name(held)}{int(held.attempt)}'"))
    await work.db.execute(text("SET LOCAL lock_timeout = 0"))
    await work.db.execute(text(_LOCK), {"workspace": str(work.workspace_id)})
    await work.db.execute(text("SET LOCAL lock_timeout = '30s'"))
    await work.db.execute(text("SET LOCAL work_mem = '64MB'"))
    await work.db.execute(text("SET LOCAL jit = off"))
    # The staged tables are looked at many times over: a few thousand of their rows tell enough.
    await work.db.execute(text("SET LOCAL default_statistics_target = 10"))


async def follow(engine: AsyncEngine, held: Held) -> None:
    """End what is left of the attempts before this one; what they had not committed is undone.

    Not of later ones: who slept over the lease may wake up when others are at the job.
    """
    if held.attempt == 1:
        return
    names = [f"{_name(held)}{attempt}" for attempt in range(1, held.attempt)]
    async with engine.begin() as db:
        await db.execute(text(_AS_LOGIN))
        ended = await db.scalar(text(_END), {"names": names})
    if ended:
        log.warning("job %s: ended %d sessions of an earlier attempt", held.id, ended)


def _name(held: Held) -> str:
    """With the attempt it fits into the 63 bytes that PostgreSQL keeps."""
    return f"backcast job {held.id} "
