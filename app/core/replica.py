"""A server that follows the primary and answers questions: how far it is, and whether that will do.

A position is a place in the primary's log of changes. Who was told one with a change, and sends it
back with a question, gets an answer in which that change has happened.
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import Database
from app.core.lane import Lane
from app.core.refusals import LOST
from app.core.settings import Settings

POSITION = re.compile(r"([0-9A-F]{1,8})/([0-9A-F]{1,8})")
WRITTEN = text("SELECT pg_current_wal_insert_lsn()::text")
REPLAYED = text("SELECT pg_last_wal_replay_lsn()::text")
BEAT_SECONDS = 0.5
# How long a question waits for a change to arrive, before it is asked where the change was made.
PATIENCE_SECONDS, LOOK_SECONDS = 0.25, 0.02


class Replica:
    """Its connections, and whether it is close enough behind the primary to be asked."""

    def __init__(self, database: Database, settings: Settings, primary: AsyncEngine) -> None:
        followed = Database.of(settings.replica_url.get_secret_value(), app_role=database.app_role)
        self.engine = followed.engine(settings)
        self.lane = Lane(followed, settings)
        self.primary = primary
        self.lag_seconds = settings.replica_lag_seconds
        self.fresh = False
        self.marks: deque[tuple[float, int]] = deque()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Know how far it is, for as long as the block lasts."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await self.lane.close()
            await self.engine.dispose()

    async def position(self) -> str:
        """Where the primary is now: behind every change that was committed before."""
        async with self.primary.connect() as db:
            return str(await db.scalar(WRITTEN))

    async def reached(self, position: int) -> bool:
        """Whether it has come this far, after a moment of waiting."""
        until = time.monotonic() + PATIENCE_SECONDS
        with suppress(SQLAlchemyError, *LOST):
            async with self.engine.connect() as db:
                while (there := place(str(await db.scalar(REPLAYED)))) is not None:
                    if there >= position:
                        return True
                    if time.monotonic() > until:
                        return False
                    await asyncio.sleep(LOOK_SECONDS)
        return False

    async def _watch(self) -> None:
        while True:
            try:
                async with asyncio.timeout(max(self.lag_seconds, 1)):
                    await self._look()
            except (SQLAlchemyError, *LOST):
                self.fresh = False
            await asyncio.sleep(BEAT_SECONDS)

    async def _look(self) -> None:
        """Compare it with where the primary was so many seconds ago; clocks play no part."""
        written = place(await self.position())
        async with self.engine.connect() as db:
            replayed = place(str(await db.scalar(REPLAYED)))
        now = time.monotonic()
        self.marks.append((now, written or 0))
        while len(self.marks) > 1 and self.marks[1][0] <= now - self.lag_seconds:
            self.marks.popleft()
        self.fresh = replayed is not None and replayed >= self.marks[0][1]


def place(said: str) -> int | None:
    """A position as a number; None for what is none.

    >>> place("1/A"), place("1/A") > place("0/FFFFFFFF"), place("None")
    (4294967306, True, None)
    """
    found = POSITION.fullmatch(said)
    return (int(found[1], 16) << 32) + int(found[2], 16) if found else None
