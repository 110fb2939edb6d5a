"""The loops beside the server: the imports that were started, the daily rounds and the folding of
the ledger."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from app.core.database import Database
from app.core.outbound import Outbound
from app.core.settings import Settings
from app.domain import rounds
from app.domain.courier import Courier
from app.domain.imports import jobs
from app.domain.imports.run import run
from app.domain.ledger import folding

log = logging.getLogger("backcast.worker")

# How often to look for imports that another server left behind.
LOOK_SECONDS = 20.0
# How long after the start, and then how often, to look whether a day's rounds are due, or a ledger
# is to be folded.
FIRST_ROUNDS_SECONDS, ROUNDS_SECONDS = 60.0, 300.0
# Imports of different workspaces side by side; those of one workspace follow each other.
AT_ONCE = 2


class Worker:
    def __init__(
        self, database: Database, settings: Settings, clock: Callable[[], datetime]
    ) -> None:
        self.engine = database.patient_engine(settings)
        # Of its own, so that events are told while imports take every connection there is.
        self.telling = database.patient_engine(settings)
        self.courier = Courier(self.telling, Outbound.of(settings), clock)
        self.clock = clock
        self.woken = asyncio.Event()
        self.called: set[UUID] = set()
        self.busy: dict[UUID, asyncio.Task[None]] = {}
        self.room = asyncio.Semaphore(AT_ONCE)
        self.rounds = settings.rounds
        self.rounds_done: dict[UUID, date] = {}

    async def wake(self, workspace_id: UUID) -> None:
        """Something was started in this workspace, and its transaction is committed."""
        self.called.add(workspace_id)
        self.woken.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work beside the block; what is under way when it ends is put down and taken up again."""
        often = (self._make_rounds(), self.courier.run()) if self.rounds else ()
        loops = [self._loop(), *often]
        tasks = [asyncio.create_task(loop) for loop in loops]
        try:
            yield
        finally:
            for each in (*tasks, *self.busy.values()):
                each.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await each
            await self.engine.dispose()
            await self.telling.dispose()

    async def _loop(self) -> None:
        """Now and then every workspace is looked at; in between those that called."""
        while True:
            await self._look()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._listen(), LOOK_SECONDS)

    async def _make_rounds(self) -> None:
        await asyncio.sleep(FIRST_ROUNDS_SECONDS)
        while True:
            try:
                await rounds.run(self.engine, self.clock, self.rounds_done)
                await folding.run(self.engine)
            except (SQLAlchemyError, OSError):
                log.warning("the database is away; looking for daily rounds again later")
            await asyncio.sleep(ROUNDS_SECONDS)

    async def _look(self) -> None:
        try:
            left = {workspace_id for workspace_id, _ in await jobs.waiting(self.engine)}
        except (SQLAlchemyError, OSError):
            log.warning("the database is away; looking for imports again later")
            return
        for workspace_id in left:
            self._serve(workspace_id)

    async def _listen(self) -> None:
        while True:
            await self.woken.wait()
            self.woken.clear()
            for workspace_id in tuple(self.called):
                self._serve(workspace_id)

    def _serve(self, workspace_id: UUID) -> None:
        """A workspace that is being served stays among the called, and is asked once more."""
        self.called.add(workspace_id)
        if workspace_id not in self.busy:
            self.busy[workspace_id] = asyncio.create_task(self._drain(workspace_id))

    async def _drain(self, workspace_id: UUID) -> None:
        """Run what waits in one workspace until nothing is left."""
        try:
            async with self.room:
                while workspace_id in self.called:
                    self.called.discard(workspace_id)
                    for _, id in await jobs.waiting_in(self.engine, workspace_id):
                        await self._run(workspace_id, id)
        except (SQLAlchemyError, OSError):
            log.warning("lost the database during an import; it is taken up again later")
        finally:
            del self.busy[workspace_id]

    async def _run(self, workspace_id: UUID, id: UUID) -> None:
        job = await jobs.claim(self.engine, workspace_id, id)
        if job is None:
            return
        try:
            await run(self.engine, self.clock, job)
        except asyncio.CancelledError:
            await jobs.release(self.engine, job)
            raise
