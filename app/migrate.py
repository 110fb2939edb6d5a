"""Brings a database to this release's tables: the roles first, then Alembic as the owner."""

from collections.abc import Callable

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import Database
from app.core.migrations import folder
from app.core.roles import OWNER, open_schema, prepare_roles

Step = Callable[[Config], None]


async def migrate(database: Database, revision: str = "head", *, login: bool = False) -> None:
    """Upgrade to `revision`. `login`: the roles may log in (the embedded server's own socket)."""
    engine = database.owner_engine()
    try:
        if database.app_role or login:
            await prepare_roles(engine, login=login)
            await open_schema(engine)
        await run(engine, lambda config: command.upgrade(config, revision))
    finally:
        await engine.dispose()


async def run(engine: AsyncEngine, step: Step) -> None:
    """One Alembic command in one transaction, as the owner of the tables where that is allowed."""

    def within(connection: Connection) -> None:
        step(alembic_config(connection))

    async with engine.begin() as connection:
        may = text(
            "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :owner"
            " AND pg_has_role(current_user, oid, 'SET'))"
        )
        if await connection.scalar(may, {"owner": OWNER}):
            await connection.execute(text(f"SET LOCAL ROLE {OWNER}"))
        await connection.run_sync(within)


def alembic_config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder()))
    config.attributes["connection"] = connection
    return config
