"""Workspaces: how they are made and found, and what they decide."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import workspace_transaction
from app.core.ids import uuid7
from app.tables import Workspace


async def create_workspace(
    engine: AsyncEngine, now: datetime, *, name: str, **settings: object
) -> UUID:
    """A new, empty workspace. Row-level security lets a transaction make only the one it is in."""
    id = uuid7()
    async with workspace_transaction(engine, id) as db:
        values = {"id": id, "name": name, "created_at": now, "updated_at": now, **settings}
        await db.execute(insert(Workspace).values(**values))
    return id
