"""The limit: the rows an import made, in PostgreSQL's binary form, by COPY into the same tables.

Same tables, same indexes, same constraints, empty before each round. Nothing is read, checked,
looked up or derived: no import that ends with the same rows can be faster.
"""

import asyncio
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg

from app.boot import NAME
from benchmarks.house import House

# As they refer to each other.
TABLES = ("opportunities", "events", "passages", "credits")


class Limit:
    def __init__(self, place: House) -> None:
        self.place = place
        self.rows: dict[str, bytes] = {}

    async def keep(self) -> None:
        """Remember what stands in the tables."""
        db = await self._connect()
        for name in TABLES:
            taken = io.BytesIO()
            await db.copy_from_table(name, output=taken, format="binary")
            self.rows[name] = taken.getvalue()
        await self._leave(db)

    async def clear(self) -> None:
        """Empty the tables, and let no work be left over from before."""
        db = await self._connect()
        await db.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        await db.execute("CHECKPOINT")
        await self._leave(db)

    async def copy(self, tables: Sequence[str] = TABLES) -> None:
        db = await self._connect()
        async with db.transaction():
            for name in tables:
                await db.copy_to_table(name, source=io.BytesIO(self.rows[name]), format="binary")
        await self._leave(db)

    async def counts(self) -> dict[str, int]:
        db = await self._connect()
        found = {
            name: await db.fetchval(f"SELECT count(*) FROM {name}")  # noqa: S608 - our own tables
            for name in TABLES
        }
        await self._leave(db)
        return found

    async def _leave(self, db: Any) -> None:
        """Until its process is gone: what that one spent is counted nowhere while it ends."""
        pid = db.get_server_pid()
        await db.close()
        async with asyncio.timeout(60):
            while _lives(pid):  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(0.01)

    async def _connect(self) -> Any:
        return await asyncpg.connect(self.place.server.url("postgres", NAME))


def _lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()
