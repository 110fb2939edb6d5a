"""The sign of life of a running import: its lease, its progress, the word that it was cancelled."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.refusals import LOST
from app.domain import jobs
from app.domain.imports import register
from app.domain.jobs import Held

BEAT_SECONDS = 3.0
# Progress is written this often at most.
PATIENCE_SECONDS = 0.5

Progress = Callable[[int, int | None, str], None]


class Stopped(Exception):
    """The import was cancelled, or another worker has taken it over: write nothing more."""


class Pulse:
    def __init__(self, engine: AsyncEngine, held: Held, progress: Progress | None) -> None:
        self.engine = engine
        self.held = held
        self.progress = progress
        self.phase = ""
        self.told = 0.0
        self.lost = False

    async def tell(self, phase: str, done: int = 0, total: int | None = None) -> None:
        """`done` of `total` rows. Raises `Stopped` when the job is no longer ours."""
        if self.progress is not None:
            self.progress(done, total, phase)
        if phase == self.phase and time.monotonic() - self.told < PATIENCE_SECONDS:
            return
        self.phase, self.told = phase, time.monotonic()
        if not await register.beat(self.engine, self.held, phase, done, total):
            raise Stopped

    async def keep(self, runner: asyncio.Task[object]) -> None:
        """Beat until cancelled; stop the runner when the job is lost."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            # A beat may fail; if none gets through, the lease runs out and the end is refused.
            with contextlib.suppress(SQLAlchemyError, *LOST):
                if not await jobs.beat(self.engine, self.held):
                    self.lost = True
                    runner.cancel()
                    return


@asynccontextmanager
async def beating(
    engine: AsyncEngine, held: Held, progress: Progress | None = None
) -> AsyncIterator[Pulse]:
    """Hold the lease of `held` for as long as the block lasts."""
    runner = asyncio.current_task()
    assert runner is not None
    pulse = Pulse(engine, held, progress)
    heart = asyncio.create_task(pulse.keep(runner))
    try:
        yield pulse
    except asyncio.CancelledError:
        if not pulse.lost:
            raise
        runner.uncancel()
        raise Stopped from None
    finally:
        heart.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await heart
