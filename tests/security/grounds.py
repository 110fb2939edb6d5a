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
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.core.database import Database, driven, workspace_transaction
from app.core.roles import APP, OWNER, prepare_roles
from app.core.settings import Settings
from app.core.work import Work
from app.domain.access import home
from app.domain.demo import Size, fill
from app.main import create_app
from app.migrate import migrate
from app.tables import Table
from tests.conftest import CLOCK, NOW, SERVER, new_workspace

SMALL = Size(months=2, per_month=8)


@dataclass
class Grounds:
    """A server on which databases are made, copied, and gone afterwards."""

    prefix: str
    settings: Settings
    made: list[str] = field(default_factory=list)

    def database(self, name: str) -> Database:
        url = driven(os.environ[SERVER]).set(database=f"{self.prefix}_{name}")
        return Database(url, url, APP)

    async def new(self, name: str) -> Database:
        await self._do(f"CREATE DATABASE {self.prefix}_{name} OWNER {OWNER}", prepare=True)
        self.made.append(name)
        await migrate(self.database(name))
        return self.database(name)

    async def copy(self, name: str, of: str) -> Database:
        """Nobody may be connected to what is copied."""
        template = f"TEMPLATE {self.prefix}_{of} OWNER {OWNER}"
        await self._do(f"CREATE DATABASE {self.prefix}_{name} {template}")
        self.made.append(name)
        return self.database(name)

    async def clear(self) -> None:
        for name in self.made:
            await self._do(f"DROP DATABASE {self.prefix}_{name} WITH (FORCE)")

    async def _do(self, statement: str, *, prepare: bool = False) -> None:
        engine = create_async_engine(driven(os.environ[SERVER]), isolation_level="AUTOCOMMIT")
        if prepare:
            await prepare_roles(engine)
        async with engine.connect() as connection:
            await connection.execute(text(statement))
        await engine.dispose()

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
