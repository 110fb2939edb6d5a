"""The loops outside of requests: jobs of every workspace, and the rounds that recur.

Any number of workers may run, beside servers or alone; a job is held by one of them. A worker is
told of new jobs by the database, and looks for itself every few seconds: for what was queued while
nobody listened, and for what a worker that died has left behind.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import Database
from app.core.errors import Internal, Problem
from app.core.lane import BROKEN
from app.core.outbound import Outbound
from app.core.refusals import LOST, problem_of
from app.core.settings import Settings
from app.domain import jobs, rounds, watching
from app.domain.courier import Courier
from app.domain.duties import DUTIES, Desk, give_up
from app.domain.jobs import Held
from app.domain.ledger import folding
from app.domain.purges import Keeping

log = logging.getLogger("backcast.worker")

# How often to look for jobs that nobody called for.
LOOK_SECONDS = 3.0
BEAT_SECONDS = 10.0
# Jobs of different workspaces side by side; those of one workspace follow each other.
AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Round:
    """Something that recurs in a rhythm of its own, for all workspaces. It looks what is due, and
    does it or queues it; when it fails it is logged, and begun again the next time."""

    name: str
    seconds: float
    run: Callable[[], Awaitable[object]]
    # How long after the start.
    first: float = 60.0


def rounds_of(engine: AsyncEngine, clock: Callable[[], datetime]) -> tuple[Round, ...]:
    """The place to register what recurs."""
    called: dict[UUID, date] = {}
    return (
        Round("daily rounds", 300.0, partial(rounds.call, engine, clock, called)),
        Round("ledger", 300.0, partial(folding.call, engine, clock)),
        Round("news", 60.0, partial(watching.run, engine, clock), first=1.0),
    )


class Worker:
    def __init__(
        self, database: Database, settings: Settings, clock: Callable[[], datetime]
    ) -> None:
        self.engine = database.patient_engine(settings)
        # Of its own, so that events are told while imports take every connection there is.
        self.telling = database.patient_engine(settings)
        self.courier = Courier(self.telling, Outbound.of(settings), clock)
        kept = timedelta(settings.import_file_days), timedelta(settings.import_undo_days)
        self.desk = Desk(self.engine, clock, settings.import_chunk_rows, Keeping(*kept))
        self.woken = asyncio.Event()
        self.called: set[UUID] = set()
        self.busy: dict[UUID, asyncio.Task[None]] = {}
        self.room = asyncio.Semaphore(AT_ONCE)
        self.rounds = rounds_of(self.engine, clock) if settings.rounds else ()
        # Held when the connection was lost: put down as soon as there is one.
        self.dropped: list[Held] = []

    async def wake(self, workspace_id: UUID) -> None:
        """Something was queued in this workspace, and its transaction is committed."""
        self.called.add(workspace_id)
        self.woken.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work beside the block; what is under way when it ends is put down and taken up again."""
        loops: list[Coroutine[Any, Any, None]] = [self._loop(), self._hear()]
        loops += [self._repeat(each) for each in self.rounds]
        if self.rounds:
            loops.append(self.courier.run())
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

    async def _repeat(self, each: Round) -> None:
        await asyncio.sleep(each.first)
        while True:
            try:
                await each.run()
            except (SQLAlchemyError, *LOST):
                log.warning("the database is away; %s later", each.name)
            except Exception:
                log.exception("%s; begun again later", each.name)
            await asyncio.sleep(each.seconds)

    async def _hear(self) -> None:
        """What the database calls out: in which workspace something was queued."""
        while True:
            with contextlib.suppress(SQLAlchemyError, *BROKEN):
                async with self.engine.connect() as connection:
                    await self._attend((await connection.get_raw_connection()).driver_connection)
                    await connection.invalidate()
            await asyncio.sleep(LOOK_SECONDS)

    async def _attend(self, driver: Any) -> None:
        """Until the connection ends."""
        ended = asyncio.Event()
        driver.add_termination_listener(lambda _: ended.set())
        await driver.add_listener(jobs.CHANNEL, self._called)
        await ended.wait()

    def _called(self, *told: Any) -> None:
        self.called.add(UUID(told[-1]))
        self.woken.set()

    async def _look(self) -> None:
        try:
            while self.dropped:
                await jobs.release(self.engine, self.dropped[-1])
                self.dropped.pop()
            found = await jobs.due(self.engine)
        except (SQLAlchemyError, *LOST):
            log.warning("the database is away; looking for jobs again later")
            return
        for workspace_id in found:
            self.serve(workspace_id)

    async def _listen(self) -> None:
        while True:
            await self.woken.wait()
            self.woken.clear()
            for workspace_id in tuple(self.called):
                self.serve(workspace_id)

    def serve(self, workspace_id: UUID) -> None:
        """A workspace that is being served stays among the called, and is asked once more."""
        self.called.add(workspace_id)
        if workspace_id not in self.busy:
            self.busy[workspace_id] = asyncio.create_task(self._drain(workspace_id))

    async def _drain(self, workspace_id: UUID) -> None:
        """Do what waits in one workspace until nothing is left."""
        try:
            async with self.room:
                while workspace_id in self.called:
                    self.called.discard(workspace_id)
                    while (held := await jobs.claim(self.engine, workspace_id)) is not None:
                        await self._do(held)
        except (SQLAlchemyError, *LOST):
            log.warning("lost the database during a job; it is taken up again later")
        finally:
            del self.busy[workspace_id]

    async def _do(self, held: Held) -> None:
        beating = asyncio.create_task(self._beat(held))
        try:
            if held.failures > jobs.MOST_FAILURES:
                # Whoever had it died over it, and could not say so: that was an attempt as well.
                raise Internal("It was begun several times and never came forward.")
            await DUTIES[held.kind](self.desk, held)
        except asyncio.CancelledError:
            await jobs.release(self.engine, held)
            raise
        except Exception as error:
            if isinstance(error, LOST) or getattr(error, "connection_invalidated", False):
                self.dropped.append(held)
                raise
            await self._failed(held, error)
        finally:
            beating.cancel()

    async def _beat(self, held: Held) -> None:
        """The sign of life; if none gets through, the lease runs out and the end is refused."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            with contextlib.suppress(SQLAlchemyError, *LOST):
                await jobs.beat(self.engine, held)

    async def _failed(self, held: Held, error: Exception) -> None:
        """Tried again, each time later, until it was tried often enough."""
        log.error("job %s (%s)", held.id, held.kind, exc_info=error)
        known = error if isinstance(error, Problem) else problem_of(error)
        problem = (known or Internal(f"Something broke; see the log for job {held.id}.")).body()
        if held.failures < jobs.MOST_FAILURES:
            await jobs.try_later(self.engine, held, problem)
            return
        await give_up(self.desk, held, problem)
