"""The short way to the database: one statement, one round trip, no transaction around it.

What the busiest doors ask is written once as a whole statement: it binds itself to its workspace,
checks the key that came, and builds the answer. Everything else goes through `Work`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from app.core.database import Database
from app.core.settings import Settings
from app.core.tally import note

# More would not answer more: a process has one processor, and a statement takes a moment.
LANES = 4
MOST_REMEMBERED = 10_000
# About a kilobyte each.
MOST_KEPT = 4_000
# What the driver raises where a statement is refused, or the connection is lost: it may be in the
# middle of something when it notices that.
BROKEN = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

# Within a statement everything comes after its wall: rows are looked up from there, by the keys
# that lead every index, in the order of the index. The planner sees neither which workspace it
# will be nor how many rows that has, so it is asked for just this plan, once for all callers.
BY_INDEX = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_sort": "off",
    "jit": "off",
}
# Within a transaction, for a statement about sets: the planner's own choice, and back.
FREELY = "; ".join(f"SET LOCAL {name} = on" for name in BY_INDEX if name.startswith("enable_"))
AGAIN_BY_INDEX = FREELY.replace("= on", "= off")
# Binds the statement to the workspace in $1: what stands beside `wall` in a lateral join comes
# after it. Local: a statement without a transaction is one, and the setting ends with it.
WALL = (
    "wall AS MATERIALIZED ("
    "SELECT set_config('app.ws', CAST($1 AS uuid)::text, true)::uuid AS workspace_id)"
)


class Caller(NamedTuple):
    """Who asks for what: the first parameters of every statement.

    The workspace is where the key was found before. A key never moves; whether it still opens its
    workspace, and enough of it, is for the statement to find out.
    """

    workspace_id: UUID
    digest: bytes
    now: datetime
    scope: str


class NoAnswer(Exception):
    """The statement was refused and has done nothing: the ordinary way finds out why."""


class Lost(NoAnswer):
    """The connection broke: nobody knows whether the statement was done."""


class Lane:
    """A few connections that each answer one statement after the other."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.options = database.driver_options(settings, BY_INDEX)
        self.turns = asyncio.Semaphore(LANES)
        self.idle: list[asyncpg.Connection] = []
        # What never changes in the database, and was read before.
        self.remembered: dict[tuple[Any, ...], Any] = {}
        # What was told of something as it stood, with a mark that changes with it.
        self.shelves: dict[tuple[Any, ...], dict[str, Any]] = {}
        self.kept = 0

    def remember(self, place: tuple[Any, ...], found: Any) -> None:
        if len(self.remembered) >= MOST_REMEMBERED:
            self.remembered.clear()
        self.remembered[place] = found

    def shelf(self, of: tuple[Any, ...]) -> dict[str, Any]:
        """What is kept of that. Whoever adds to it goes by `keep`."""
        if (shelf := self.shelves.get(of)) is None:
            self.keep(self.shelves, of, shelf := {})
        return shelf

    def keep(self, shelf: dict[Any, Any], of: Any, told: Any) -> None:
        if of not in shelf:
            if self.kept >= MOST_KEPT:
                self._forget()
            self.kept += 1
        shelf[of] = told

    def _forget(self) -> None:
        self.shelves.clear()
        self.kept = 0

    @asynccontextmanager
    async def transaction(self, workspace_id: UUID) -> AsyncIterator[asyncpg.Connection]:
        """For what takes several statements: they see this workspace, and are done together.

        `NoAnswer` when the database refuses one: then none is done. `Lost`: nobody knows.
        """
        async with self.turns:
            connection, began = await self._taken(), time.perf_counter()
            try:
                # One round trip; the id is a UUID, never text from outside.
                await connection.execute(f"BEGIN; SET LOCAL app.ws = '{UUID(str(workspace_id))}'")
                yield connection
                await connection.execute("COMMIT")
            except (*BROKEN, NoAnswer) as error:
                raise await self._undone(connection, error) from error
            except BaseException:
                connection.terminate()
                raise
            note(began)  # as one: what is in between belongs to it
            self.idle.append(connection)

    async def row(self, statement: str, *values: Any) -> Sequence[Any] | None:
        """The one row of a statement; `NoAnswer` when the database refuses it or is away."""
        found = await self.rows(statement, *values)
        return found[0] if found else None

    async def rows(self, statement: str, *values: Any) -> Sequence[Sequence[Any]]:
        """All rows of a statement; `NoAnswer` as for one."""
        async with self.turns:
            connection, began = await self._taken(), time.perf_counter()
            try:
                found: Sequence[Sequence[Any]] = await connection.fetch(statement, *values)
            except BROKEN as error:
                raise self._refusal(connection, error) from error
            except BaseException:
                # A timeout, or a caller who has gone: the connection may still be at work.
                connection.terminate()
                raise
            note(began)
            self.idle.append(connection)
            return found

    async def close(self) -> None:
        while self.idle:
            await self.idle.pop().close()

    async def _taken(self) -> asyncpg.Connection:
        while self.idle:
            # The driver hears at once when the other side hangs up; no question is needed.
            if not (connection := self.idle.pop()).is_closed():
                return connection
        # Where a connection was lost, another server may answer, and use its marks a second time.
        self._forget()
        try:
            return await asyncpg.connect(**self.options)
        except (asyncpg.PostgresError, OSError) as error:
            raise NoAnswer from error

    async def _undone(self, connection: asyncpg.Connection, error: Exception) -> NoAnswer:
        if not connection.is_closed() and isinstance(error, asyncpg.PostgresError | NoAnswer):
            try:
                await connection.execute("ROLLBACK")
            except BROKEN:
                connection.terminate()
            else:
                self.idle.append(connection)
            return NoAnswer()
        connection.terminate()
        return Lost()

    def _refusal(self, connection: asyncpg.Connection, error: Exception) -> NoAnswer:
        if connection.is_closed() or not isinstance(error, asyncpg.PostgresError):
            connection.terminate()
            return Lost()
        self.idle.append(connection)
        return NoAnswer()
