"""Databases that are the same to their neighbour, but for what another workspace has in one.

In `alone` nobody else lives. In the copies of `shared` lives somebody who has walked through every
operation. The neighbour has the same key, the same company and the same clock in all of them.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import Database, driven, workspace_transaction
from app.core.roles import APP
from app.core.settings import Settings
from app.core.work import Work
from app.domain.access import home
from app.domain.demo import Size, fill
from app.main import create_app
from app.tables import Table
from tests import databases
from tests.conftest import CLOCK, NOW, SERVER, new_workspace

SMALL = Size(months=2, per_month=8)


@dataclass
class Grounds:
    """A server on which databases are made, copied, and gone afterwards."""

    prefix: str
    settings: Settings
    made: list[str] = field(default_factory=list)

    @property
    def server(self) -> URL:
        return driven(os.environ[SERVER])

    def database(self, name: str) -> Database:
        url = self.server.set(database=f"{self.prefix}_{name}")
        return Database(url, url, APP)

    async def new(self, name: str) -> Database:
        await databases.make_migrated(self.server, f"{self.prefix}_{name}")
        self.made.append(name)
        return self.database(name)

    async def copy(self, name: str, of: str) -> Database:
        """Nobody may be connected to what is copied."""
        await databases.copy(self.server, f"{self.prefix}_{name}", of=f"{self.prefix}_{of}")
        self.made.append(name)
        return self.database(name)

    async def clear(self) -> None:
        for name in self.made:
            await databases.drop(self.server, f"{self.prefix}_{name}")

    @asynccontextmanager
    async def open(self, database: Database) -> AsyncIterator[FastAPI]:
        CLOCK.now = NOW
        app = create_app(self.settings, database, clock=CLOCK)
        async with app.router.lifespan_context(app):
            yield app
        CLOCK.now = NOW


async def settle(engine: AsyncEngine) -> tuple[UUID, str]:
    """A workspace with a company in it, and its key."""
    workspace = await new_workspace(engine, time_zone="Europe/Berlin", currency="EUR")
    async with workspace_transaction(engine, workspace[0]) as db:
        work = Work(db, workspace[0], await home(db, workspace[0]), CLOCK.now, "test")
        await fill(work, 7, SMALL)
    return workspace


OWNED = [each for each in Table.metadata.sorted_tables if "workspace_id" in each.columns]


async def holdings(database: Database, workspace_id: UUID) -> dict[str, list[str]]:
    """Every row of a workspace as text, by table, as somebody sees who sees everything."""
    engine = database.owner_engine()
    async with engine.connect() as connection:
        found = {
            table.name: list(
                await connection.scalars(
                    text(f"SELECT t::text FROM {table.name} t WHERE workspace_id = :id ORDER BY 1"),  # noqa: S608
                    {"id": workspace_id},
                )
            )
            for table in OWNED
        }
    await engine.dispose()
    return found


async def one_of_each(database: Database, workspace_id: UUID) -> dict[str, str]:
    """An id of every table that has ids; of one that is still there, where rows can go."""
    engine = database.owner_engine()
    found = {}
    async with engine.connect() as connection:
        for table in OWNED:
            if "id" not in table.columns:
                continue
            there = " AND deleted_at IS NULL" if "deleted_at" in table.columns else ""
            query = (
                f"SELECT id FROM {table.name} WHERE workspace_id = :id{there} ORDER BY 1 LIMIT 1"  # noqa: S608
            )
            id = await connection.scalar(text(query), {"id": workspace_id})
            if id is not None:
                found[table.name] = str(id)
    await engine.dispose()
    return found
