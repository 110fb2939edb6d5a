"""The way up, the way down, and that both lead to the tables as they are written."""

import os

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.database import driven
from app.core.migrations import folder, head
from app.migrate import run
from tests.conftest import SERVER


@pytest.fixture
async def empty(worker_id):
    """An engine of a database without tables."""
    server = driven(os.environ[SERVER])
    name = f"backcast_migrations_{os.getpid()}_{worker_id}"
    admin = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
        await connection.execute(text("SELECT 1"))
    engine = create_async_engine(server.set(database=name))
    yield engine
    await engine.dispose()
    async with admin.connect() as connection:
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await admin.dispose()


async def tables(engine):
    query = (
        "SELECT count(*) FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    async with engine.connect() as connection:
        return await connection.scalar(text(query))


async def test_up_down_and_up_again(database, empty):
    async with empty.begin() as connection:
        await connection.execute(text("GRANT CREATE ON SCHEMA public TO backcast_owner"))
    await run(empty, lambda config: command.upgrade(config, "head"))
    full = await tables(empty)
    await run(empty, lambda config: command.downgrade(config, "base"))
    assert await tables(empty) == 1  # Alembic's own
    await run(empty, lambda config: command.upgrade(config, "head"))
    assert await tables(empty) == full > 20
    await run(empty, command.check)


def test_the_newest_file_is_the_head():
    assert ScriptDirectory(str(folder())).get_current_head() == head()


def test_every_migration_can_be_rolled_back():
    for path in (folder() / "versions").glob("*.py"):
        assert "def downgrade() -> None:\n    op." in path.read_text(), path.name
