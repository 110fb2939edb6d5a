"""Databases of tests: empty ones, and copies of one that is migrated once for the whole run."""

import os
from contextlib import asynccontextmanager

from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.database import Database
from app.core.roles import APP, OWNER, prepare_roles
from app.migrate import migrate

# The name of the one that is copied; said by the process that started the run.
TEMPLATE = "BACKCAST_TEST_TEMPLATE"
# Any number: two workers must not both make the template. Others who wait look again.
LOCK = 7_236_990


async def make(server: URL, name: str) -> None:
    """An empty database, with nothing in it and all roles around it."""
    async with _standing(server) as (engine, connection):
        await prepare_roles(engine)
        await connection.execute(text(f"CREATE DATABASE {name} OWNER {OWNER}"))


async def make_migrated(server: URL, name: str) -> None:
    """A database at this release's version."""
    async with _standing(server) as (_, connection):
        template = await _template(server, connection)
    await copy(server, name, of=template)


async def copy(server: URL, name: str, of: str) -> None:
    """The same once more. Nobody may be connected to what is copied."""
    async with _standing(server) as (_, connection):
        await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {of} OWNER {OWNER}"))


async def drop(server: URL, name: str) -> None:
    async with _standing(server) as (_, connection):
        await connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@asynccontextmanager
async def _standing(server):
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            yield engine, connection
    finally:
        await engine.dispose()


async def _template(server, connection):
    """Its name; it has that name once it is whole."""
    template = os.environ[TEMPLATE]
    await connection.execute(text(f"SELECT pg_advisory_lock({LOCK})"))
    there = text("SELECT EXISTS (SELECT FROM pg_database WHERE datname = :name)")
    if not await connection.scalar(there, {"name": template}):
        unfinished = f"{template}_unfinished"
        await make(server, unfinished)
        url = server.set(database=unfinished)
        await migrate(Database(url, url, APP))
        await connection.execute(text(f"ALTER DATABASE {unfinished} RENAME TO {template}"))
    await connection.execute(text(f"SELECT pg_advisory_unlock({LOCK})"))
    return template
