"""The two walls between workspaces, and how each is taken away."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
from fastapi import FastAPI
from sqlalchemy import event, text

from app.core.database import Database
from tests.security.grounds import OWNED

# What every query of the application says of the workspace it is in: as SQLAlchemy writes it, as
# it stands in our own SQL, and as the short way says it.
FILTER = re.compile(
    r"\b(?:\w+\.)?workspace_id = "
    r"(?:\$\d+(?:::UUID)?|CAST\(\$\d+ AS UUID\)|(?:k|wall)\.workspace_id)(?! *,)",
    re.IGNORECASE,
)


def unfiltered(statement: str) -> str:
    """The statement with its own filter said in vain."""
    return FILTER.sub(lambda found: f"({found[0]} OR true)", statement)


async def without_security(database: Database) -> None:
    """The database lets everybody see everything: the application's own filter is alone."""
    engine = database.owner_engine()
    async with engine.begin() as connection:
        for table in (*(each.name for each in OWNED), "workspaces"):
            await connection.execute(text(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"))
            await connection.execute(text(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"))
    await engine.dispose()


class Unfiltered(asyncpg.Connection):
    """A connection of the short way that says its filter in vain."""

    async def fetchrow(self, query: str, *more: Any, **options: Any) -> Any:
        return await super().fetchrow(unfiltered(query), *more, **options)

    async def fetch(self, query: str, *more: Any, **options: Any) -> Any:
        return await super().fetch(unfiltered(query), *more, **options)


@contextmanager
def without_filter(app: FastAPI) -> Iterator[None]:
    """The application asks for everybody's rows: row-level security is alone."""

    def rewritten(_connection, _cursor, statement, values, _context, _many):
        return unfiltered(statement), values

    app.state.lane.options["connection_class"] = Unfiltered
    engines = (app.state.engine.sync_engine, app.state.worker.engine.sync_engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", rewritten, retval=True)
    yield
    for engine in engines:
        event.remove(engine, "before_cursor_execute", rewritten)
