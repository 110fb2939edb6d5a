"""The limit: the rows an import made, in PostgreSQL's binary form, by COPY into the same tables.

Same tables, same indexes, same constraints, empty before each round. Nothing is read, checked,
looked up or derived: no import that ends with the same rows can be faster.
"""

import io
from collections.abc import Sequence
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
        await db.close()

    async def clear(self) -> None:
        """Empty the tables, and let no work be left over from before."""
        db = await self._connect()
        await db.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        await db.execute("CHECKPOINT")
        await db.close()

    async def copy(self, tables: Sequence[str] = TABLES) -> None:
        db = await self._connect()
        async with db.transaction():
            for name in tables:
                await db.copy_to_table(name, source=io.BytesIO(self.rows[name]), format="binary")
        await db.close()

    async def counts(self) -> dict[str, int]:
        db = await self._connect()
        found = {
            name: await db.fetchval(f"SELECT count(*) FROM {name}")  # noqa: S608 - our own tables
            for name in TABLES
        }
        await db.close()
        return found

    async def _connect(self) -> Any:
        return await asyncpg.connect(self.place.server.url("postgres", NAME))
