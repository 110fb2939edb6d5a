"""The loop beside the server: runs the imports that were started."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from app.core.database import Database
from app.core.settings import Settings


class Worker:
    def __init__(
        self, database: Database, settings: Settings, clock: Callable[[], datetime]
    ) -> None:
        self.engine = database.patient_engine(settings)
        self.clock = clock
        self.woken = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work beside the block; what is under way when it ends is put down and taken up again."""
        task = asyncio.create_task(self._loop())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await self.engine.dispose()

    async def _loop(self) -> None:
        while True:
            await self.woken.wait()
            self.woken.clear()
