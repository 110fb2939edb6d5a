"""The line is lost while COPY waits until it may send on: said at once, not after an hour."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from app.core.copying import copy_csv, copy_rows
from app.core.database import Database
from app.core.settings import Settings
from tests.faults.conftest import through

LINE = b"x" * 8_000 + b"\n"
# More than sockets and buffers take between here and there.
PLENTY = 50_000
FEW = 10


@asynccontextmanager
async def connected(database, line):
    """A worker's transaction over the bad line, with a table to copy into."""
    reached = Database(through(line, database.app), database.owner, database.app_role)
    engine = reached.patient_engine(Settings(_env_file=None))
    try:
        async with engine.connect() as db:
            await db.execute(text("CREATE TEMPORARY TABLE told (c0 text) ON COMMIT DROP"))
            yield db
            await db.invalidate()
    finally:
        await engine.dispose()


class Sent:
    """What is copied; the line takes nothing more after the first of it."""

    def __init__(self, line, piece):
        self.line, self.piece, self.count = line, piece, 0

    def __iter__(self):
        for _ in range(PLENTY):
            self.count += 1
            if self.count == FEW:
                self.line.freeze()
            yield self.piece

    async def pieces(self):
        for piece in self:
            yield piece

    async def cut(self):
        """Once nothing more was sent for a while, the line is lost."""
        before = 0
        while self.count < FEW or before != self.count:
            before = self.count
            await asyncio.sleep(0.3)
        self.line.cut()
        self.line.thaw()


async def test_a_file_that_is_copied(database, line):
    sent = Sent(line, LINE)
    async with asyncio.timeout(60) as limit, connected(database, line) as db:
        cutting = asyncio.ensure_future(sent.cut())
        with pytest.raises(ConnectionError):
            await copy_csv(db, "told", ["c0"], sent.pieces(), delimiter=",", encoding="UTF8")
        await cutting
    assert not limit.expired()
    assert FEW <= sent.count < PLENTY


async def test_rows_that_are_copied(database, line):
    sent = Sent(line, ("x" * 8_000,))
    async with asyncio.timeout(60) as limit, connected(database, line) as db:
        cutting = asyncio.ensure_future(sent.cut())
        with pytest.raises(ConnectionError):
            await copy_rows(db, "told", ["c0"], sent)
        await cutting
    assert not limit.expired()
    assert FEW <= sent.count < PLENTY


async def test_whoever_gives_up_a_copy_is_heard(database, line):
    async def pieces():
        while True:
            await asyncio.sleep(0.01)
            yield LINE

    async with asyncio.timeout(60), connected(database, line) as db:
        copying = copy_csv(db, "told", ["c0"], pieces(), delimiter=",", encoding="UTF8")
        task = asyncio.ensure_future(copying)
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
