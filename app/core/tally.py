"""What a request has asked the database so far: how many statements, and how long they took."""

import time
from contextvars import ContextVar
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

_BEGAN = "backcast.began"


class Tally:
    """Counts statements, not the begin and end of a transaction around them."""

    __slots__ = ("count", "seconds")

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        self.count += 1
        self.seconds += seconds


# Of the request that is being answered; beside a request nobody counts.
tally: ContextVar[Tally | None] = ContextVar("tally", default=None)


def note(began: float) -> None:
    """A statement that began at this reading of the performance counter has ended."""
    if (counted := tally.get()) is not None:
        counted.add(time.perf_counter() - began)


def counted(engine: AsyncEngine) -> AsyncEngine:
    """The engine, with every statement of it noted."""
    event.listen(engine.sync_engine, "before_cursor_execute", _before)
    event.listen(engine.sync_engine, "after_cursor_execute", _after)
    return engine


def _before(connection: Any, *_: Any) -> None:
    connection.info[_BEGAN] = time.perf_counter()


def _after(connection: Any, *_: Any) -> None:
    note(connection.info[_BEGAN])
