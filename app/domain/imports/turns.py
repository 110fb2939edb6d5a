"""Turns: what brings a file into a workspace, and what takes one back, follow each other."""

from sqlalchemy import text

from app.core.work import Work

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('import:' || :workspace, 0))"


async def take(work: Work) -> None:
    """Wait for whoever has the turn, however long that takes; held until the transaction ends."""
    await work.db.execute(text("SET LOCAL lock_timeout = 0"))
    await work.db.execute(text(_LOCK), {"workspace": str(work.workspace_id)})
    await work.db.execute(text("SET LOCAL lock_timeout = '30s'"))
    await work.db.execute(text("SET LOCAL work_mem = '64MB'"))
    await work.db.execute(text("SET LOCAL jit = off"))
