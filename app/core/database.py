"""Connections: who the service is to PostgreSQL, and what every connection is bound to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import URL, event, make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from app.core.errors import OutcomeUnknown
from app.core.refusals import LOST, UNKNOWN, undecided
from app.core.settings import Settings
from app.core.shelf import Shelf
from app.core.tally import counted

MINIMUM_VERSION = 16
# In a Citus cluster what SET LOCAL says reaches the other nodes as well; elsewhere it is a word.
# Said once for a connection, so that no transaction has to.
PROPAGATED = {"citus.propagate_set_commands": "local"}
# How much later than the server itself the driver gives up on a statement.
GRACE_SECONDS = 5
# A worker does more between two statements than a request; that often the time it may take.
UNHURRIED = 5
# A machine that is gone says no goodbye: after a minute its sessions, and their locks, end.
KEPT_ALIVE = {
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}

_LONGER = """SELECT set_config('statement_timeout', (:times * extract(epoch FROM
  current_setting('statement_timeout')::interval))::bigint::text, true)"""
_AS_LONG = "SELECT set_config('statement_timeout', NULL, true)"


class UnsafeRole(RuntimeError):
    """The role of the service could look behind row-level security."""


@dataclass(frozen=True, slots=True)
class Database:
    """Where the database is: as the service sees it, and as the migrations see it."""

    app: URL
    owner: URL
    app_role: str
    # What its connections remember between questions, all of this process together.
    shelf: Shelf = field(default_factory=Shelf, compare=False)

    @classmethod
    def of(cls, app: str, owner: str = "", app_role: str = "") -> "Database":
        return cls(driven(app), driven(owner or app), app_role)

    def engine(self, settings: Settings, *, role: str | None = None) -> AsyncEngine:
        """A pool of connections that have assumed the application's (or the given) role."""
        self.shelf.most = settings.kept_deals
        return self._engine(
            self.app,
            _limits(settings),
            role or self.app_role,
            pool_size=settings.pool_size,
            pool_timeout=settings.pool_timeout_seconds,
            connect=_patience(settings, settings.statement_timeout_seconds),
        )

    def driver_options(self, settings: Settings, more: dict[str, str]) -> dict[str, Any]:
        """How the driver itself connects as the application, for `app.core.lane`."""
        said = self.app.get_dialect()().create_connect_args(self.app)[1]
        known = {name: value for name, value in said.items() if not name.startswith("prepared_")}
        role = {"role": self.app_role} if self.app_role else {}
        options = _limits(settings) | more | role
        # Statements stay prepared, however long they are: they are few, and there are no others.
        kept = {"max_cached_statement_lifetime": 0, "max_cacheable_statement_size": 0}
        patience = _patience(settings, settings.statement_timeout_seconds)
        return known | kept | patience | {"server_settings": options}

    def patient_engine(self, settings: Settings) -> AsyncEngine:
        """The worker's pool: lists workspaces, and may take long over an import."""
        limits = {
            "application_name": "backcast worker",
            "timezone": "UTC",
            **PROPAGATED,
            **KEPT_ALIVE,
            "statement_timeout": f"{settings.import_timeout_seconds}s",
            "idle_in_transaction_session_timeout": (
                f"{settings.idle_transaction_seconds * UNHURRIED}s"
            ),
            "lock_timeout": "30s",
            # Bulk work joins sets. Of rows written in the same transaction the planner knows no
            # number, and would look them up one by one.
            "enable_nestloop": "off",
        }
        role = "backcast_worker" if self.app_role else ""
        self.shelf.most = settings.kept_deals
        connect = _patience(settings, settings.import_timeout_seconds)
        return self._engine(self.app, limits, role, pool_size=5, connect=connect)

    def owner_engine(self) -> AsyncEngine:
        # Without a time limit: a migration takes as long as it takes.
        connect = {"timeout": 10}
        return self._engine(self.owner, {"timezone": "UTC"}, "", pool_size=1, connect=connect)

    def _engine(
        self, url: URL, limits: dict[str, str], role: str, *, connect: dict[str, Any], **pool: int
    ) -> AsyncEngine:
        options = limits | ({"role": role} if role else {})
        connect_args = connect | {"server_settings": options}
        engine = create_async_engine(
            url,
            connect_args=connect_args,
            max_overflow=0,
            hide_parameters=True,
            execution_options={"shelf": self.shelf},
            **pool,
        )
        event.listen(engine.sync_engine, "checkout", self._still_open)
        event.listen(engine.sync_engine, "handle_error", self._broken)
        return counted(engine)

    def _still_open(self, _: object, record: ConnectionPoolEntry, __: object) -> None:
        """Instead of a question to the server: the driver hears at once when it hangs up.

        All other connections of the pool are replaced as well; they ended with the same server.
        Another one may answer next, and number its transactions a second time.
        """
        driver: Any = record.driver_connection
        if driver.is_closed():
            self.shelf.clear()
            raise InvalidatePoolError

    def _broken(self, context: ExceptionContext) -> None:
        """A driver in disorder, or one that waited in vain: its connection is not used again."""
        if isinstance(context.original_exception, OSError | asyncpg.InternalClientError):
            context.is_disconnect = True
        if context.is_disconnect:
            self.shelf.clear()


def _patience(settings: Settings, statement_seconds: int) -> dict[str, float]:
    """What the driver waits for. The server ends a long statement itself; if it does not, it is
    not there any more, or the way to it is not."""
    return {
        "timeout": settings.connect_timeout_seconds,
        "command_timeout": statement_seconds + GRACE_SECONDS,
    }


def _limits(settings: Settings) -> dict[str, str]:
    return {
        "application_name": "backcast",
        "timezone": "UTC",
        **PROPAGATED,
        "statement_timeout": f"{settings.statement_timeout_seconds}s",
        "lock_timeout": f"{settings.lock_timeout_seconds}s",
        "idle_in_transaction_session_timeout": f"{settings.idle_transaction_seconds}s",
    }


def driven(url: str) -> URL:
    """Any usual way to write a PostgreSQL address, for the driver in use."""
    parsed = make_url(url).set(drivername="postgresql+asyncpg")
    if "sslmode" in parsed.query:
        mode = parsed.query["sslmode"]
        parsed = parsed.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    return parsed


@asynccontextmanager
async def transaction(engine: AsyncEngine, *, writes: bool) -> AsyncIterator[AsyncConnection]:
    """Done together or not at all; `OutcomeUnknown` where nobody can say which."""
    async with engine.connect() as connection:
        yield connection
        try:
            await connection.commit()
        except (DBAPIError, *LOST) as error:
            if writes and undecided(error):
                raise OutcomeUnknown(UNKNOWN) from error
            raise


@asynccontextmanager
async def workspace_transaction(
    engine: AsyncEngine, workspace_id: UUID
) -> AsyncIterator[AsyncConnection]:
    """A transaction that sees one workspace and nothing else."""
    async with engine.begin() as connection:
        await enter(connection, workspace_id)
        yield connection


def steady(engine: AsyncEngine) -> AsyncEngine:
    """The same pool; a transaction sees all as it was at its first question, however long it asks,
    and is refused (40001) where it would change what others have changed since."""
    return engine.execution_options(isolation_level="REPEATABLE READ")


@asynccontextmanager
async def unhurried(connection: AsyncConnection, times: int) -> AsyncIterator[None]:
    """Statements in the block may take so many times as long as others: for the server, and for the
    driver, which would else take a server that is still at it for one that is gone."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    usual = driver._config  # noqa: SLF001 - the driver has no other place to say it
    await connection.execute(text(_LONGER), {"times": times * 1000})
    driver._config = usual._replace(command_timeout=usual.command_timeout * times)  # noqa: SLF001
    try:
        yield
    finally:
        driver._config = usual  # noqa: SLF001
    await connection.execute(text(_AS_LONG))


async def enter(connection: AsyncConnection, workspace_id: UUID) -> None:
    """Bind the transaction to a workspace. SET LOCAL: the next user of the connection starts blind.

    The id is a UUID object, never text from outside, so it may stand in the statement.
    """
    await connection.exec_driver_sql(f"SET LOCAL app.ws = '{UUID(str(workspace_id))}'")


async def check_role(engine: AsyncEngine) -> None:
    """Refuse a role that row-level security does not bind, and a PostgreSQL that is too old."""
    async with engine.connect() as connection:
        row = (
            await connection.execute(
                text(
                    "SELECT rolname, rolsuper, rolbypassrls,"
                    " current_setting('server_version_num')::int / 10000 AS version"
                    " FROM pg_roles WHERE rolname = current_user"
                )
            )
        ).one()
    if row.version < MINIMUM_VERSION:
        raise UnsafeRole(f"PostgreSQL {row.version} is too old; Backcast needs 16 or later.")
    if row.rolsuper or row.rolbypassrls:
        what = "is a superuser" if row.rolsuper else "has BYPASSRLS"
        raise UnsafeRole(
            f"Refusing to serve: the role {row.rolname!r} {what}, so row-level security would not"
            " keep workspaces apart. Serve as a role without these rights: leave"
            " BACKCAST_APP_ROLE at 'backcast_app' (made by `backcast migrate`), or run"
            f" ALTER ROLE {row.rolname} NOSUPERUSER NOBYPASSRLS."
        )
