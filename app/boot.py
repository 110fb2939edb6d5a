"""Finds the database: the address in the settings, or the embedded PostgreSQL brought up for it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.database import Database, driven
from app.core.migrations import head
from app.core.postgres import Server, running
from app.core.roles import APP, OWNER, WORKER, prepare_roles
from app.core.settings import Settings

NAME = "backcast"
# Given by the caller, who loads Alembic only when there is something to migrate.
Migrate = Callable[[Database], Awaitable[None]]


@contextmanager
def database(
    settings: Settings, migrate: Migrate, progress: Callable[[str], None] | None = None
) -> Iterator[Database]:
    """The database of these settings, for as long as the block lasts.

    The embedded one is also migrated: nobody else could have done it.
    """
    if settings.database_url.get_secret_value():
        yield external(settings)
        return
    with running(settings.data_dir, progress=progress) as server:
        # The worker may become the application, not the other way round; who migrates must be
        # able to make roles.
        found = Database(
            driven(server.url(WORKER, NAME)), driven(server.url("postgres", NAME)), app_role=APP
        )
        asyncio.run(prepare(server, found, migrate))
        yield found


def external(settings: Settings) -> Database:
    return Database.of(
        settings.database_url.get_secret_value(),
        settings.owner_url.get_secret_value(),
        settings.app_role,
    )


async def prepare(server: Server, found: Database, migrate: Migrate) -> None:
    """The roles, the database and its tables on the embedded server; nothing if all is there."""
    if await current(found):
        return
    engine = create_async_engine(
        driven(server.url("postgres", "postgres")), isolation_level="AUTOCOMMIT"
    )
    try:
        await prepare_roles(engine, login=True)
        async with engine.connect() as connection:
            there = text("SELECT 1 FROM pg_database WHERE datname = :name")
            if (await connection.execute(there, {"name": NAME})).first() is None:
                await connection.execute(text(f"CREATE DATABASE {NAME} OWNER {OWNER}"))
    finally:
        await engine.dispose()
    await migrate(found)


async def current(found: Database) -> bool:
    """Whether the database is there, and at this release's version."""
    engine = create_async_engine(found.owner)
    try:
        async with engine.connect() as connection:
            version = await connection.scalar(text("SELECT version_num FROM alembic_version"))
            return bool(version == head())
    except DBAPIError:
        return False
    finally:
        await engine.dispose()
