"""The settings and the database a command works with, or one line on why it cannot."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from app import boot
from app.cli import voice
from app.cli.failures import Failure
from app.core.database import Database, UnsafeRole, check_role
from app.core.errors import Problem
from app.core.migrations import head
from app.core.postgres import PostgresError
from app.core.roles import RolesMissing
from app.core.settings import Settings

Answer = TypeVar("Answer")

# No such table, no such role to assume: nobody has migrated here yet.
UNPREPARED = ("42P01", "22023")


def settings() -> Settings:
    """What the environment asks for."""
    try:
        return Settings()
    except ValidationError as error:
        faults = [f"BACKCAST_{f['loc'][0]}".upper() + f": {f['msg']}" for f in error.errors()]
        raise Failure("; ".join(faults)) from error


@contextmanager
def opened(knobs: Settings) -> Iterator[Database]:
    """The database at this release's version, for as long as the block lasts.

    The embedded one is brought there; a server of one's own only by `backcast migrate`, and is
    refused until then.
    """
    try:
        with boot.database(knobs, _migrate, progress=voice.aside) as found:
            run(_ready(found, knobs))
            yield found
    except ArgumentError as error:
        raise Failure("BACKCAST_DATABASE_URL is no address: postgresql://user@host/name") from error
    except (PostgresError, RolesMissing) as error:
        raise Failure(str(error)) from error


def run(task: Coroutine[Any, Any, Answer]) -> Answer:
    """Do something with the database; what goes wrong on purpose becomes one line."""
    try:
        return asyncio.run(task)
    except (RolesMissing, UnsafeRole) as error:
        raise Failure(str(error)) from error
    except Problem as problem:
        raise Failure(problem.detail) from problem
    except (OSError, SQLAlchemyError) as error:
        raise Failure(_trouble(error)) from error


def migrated(knobs: Settings) -> str:
    """Bring the database to this release's version, and name it."""
    if knobs.database_url.get_secret_value():
        run(_migrate(boot.external(knobs)))
    else:
        with opened(knobs):
            pass
    return head()


async def _migrate(database: Database) -> None:
    # Alembic takes half a second to load, and most starts have nothing to migrate.
    from app.migrate import migrate

    await migrate(database)


async def _ready(database: Database, knobs: Settings) -> None:
    engine = database.engine(knobs)
    try:
        async with engine.connect() as connection:
            version = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        if version != head():
            raise Failure(_other_version(version))
        await check_role(engine)
    finally:
        await engine.dispose()


def _other_version(version: str | None) -> str:
    if version and version > head():
        return f"The database is at {version}, newer than this release: update Backcast."
    return f"The database is at {version}, this release needs {head()}: run `backcast migrate`."


def _trouble(error: OSError | SQLAlchemyError) -> str:
    cause = getattr(error, "orig", None) or error
    said = str(cause).partition(">: ")[2] or str(cause)
    if isinstance(error, DBAPIError) and getattr(cause, "sqlstate", None) in UNPREPARED:
        return f"The database is not prepared ({said}): run `backcast migrate`."
    return (
        f"The database does not do it: {said}. Is BACKCAST_DATABASE_URL right? When it is empty,"
        " Backcast brings its own PostgreSQL."
    )
