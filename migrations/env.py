"""How Alembic meets the database: one transaction that waits two seconds for a lock, not more."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.database import driven
from app.tables import Table


def run(connection: Connection) -> None:
    # A migration that queues behind a long query would stop everybody behind it.
    connection.execute(text("SET LOCAL lock_timeout = '2s'"))
    context.configure(
        connection=connection,
        target_metadata=Table.metadata,
        compare_type=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


async def connect() -> None:
    url = os.environ.get("BACKCAST_OWNER_URL") or os.environ["BACKCAST_DATABASE_URL"]
    engine = create_async_engine(driven(url))
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


def tell() -> None:
    """`alembic upgrade head --sql`: what would be done, for whoever reads it first."""
    context.configure(dialect_name="postgresql", literal_binds=True)
    with context.begin_transaction():
        context.execute("SET LOCAL lock_timeout = '2s'")
        context.run_migrations()


given = context.config.attributes.get("connection")
if context.is_offline_mode():
    tell()
elif given is not None:
    run(given)
else:
    asyncio.run(connect())
