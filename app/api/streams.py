"""The streams that are open on this server, and the one loop that wakes them.

A stream holds neither a connection nor a transaction while it waits. One loop for all of them asks,
for every workspace that is listened to, how far its log has come and whether the keys are still
good; it wakes the streams that have something to tell, and ends those whose key has gone.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from fastapi import Response
from fastapi.sse import format_sse_event
from sqlalchemy import any_, literal, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.types import Receive, Scope, Send

from app.core.database import workspace_transaction
from app.core.errors import TooManyStreams
from app.core.positions import position
from app.core.refusals import LOST
from app.core.settings import Settings
from app.core.work import Home, Work
from app.domain import identities
from app.domain.access import Scope as KeyScope
from app.domain.outbox import publishing, reading
from app.tables import ApiKey

log = logging.getLogger("backcast.events")

LOOK_SECONDS = 0.5
PING_SECONDS = 15.0
UNHEARD_SECONDS = 2 * PING_SECONDS
RETRY_MILLISECONDS = 3_000
AT_ONCE = 200
PING = b": ping\n\n"


@dataclass(eq=False, slots=True)
class Listener:
    """One stream: whose it is, and up to where it has told."""

    workspace_id: UUID
    key_id: UUID
    until: datetime | None
    home: Home
    seq: int
    types: Sequence[str]
    reset: bool = False
    ended: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self) -> None:
        self.ended = True
        self.woken.set()


class Streams:
    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self.most = settings.streams
        self.most_of_one = settings.streams_per_workspace
        self.clock = clock
        self.open: dict[UUID, set[Listener]] = {}
        self.engine: AsyncEngine | None = None
        self.loop: asyncio.Task[None] | None = None
        self.closed = False

    def join(self, engine: AsyncEngine, listener: Listener) -> None:
        """`TooManyStreams` where there is no room."""
        mine = self.open.get(listener.workspace_id, set())
        full = sum(map(len, self.open.values())) >= self.most
        if self.closed or full or len(mine) >= self.most_of_one:
            raise TooManyStreams("There are as many streams open as there may be; try again later.")
        self.engine = engine
        self.open.setdefault(listener.workspace_id, set()).add(listener)
        if self.loop is None or self.loop.done():
            self.loop = asyncio.create_task(self._look_around())

    def leave(self, listener: Listener) -> None:
        mine = self.open.get(listener.workspace_id, set())
        mine.discard(listener)
        if not mine:
            self.open.pop(listener.workspace_id, None)

    def close(self) -> None:
        """End all of them, and let no more in: the server is about to go."""
        self.closed = True
        for mine in self.open.values():
            for listener in mine:
                listener.end()
        if self.loop is not None:
            self.loop.cancel()

    async def _look_around(self) -> None:
        while self.open:
            for workspace_id in list(self.open):
                try:
                    await self.look(workspace_id)
                except (SQLAlchemyError, *LOST):
                    log.warning("the database is away; streams wait")
                except Exception:
                    log.exception("a look at the streams of a workspace")
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self, workspace_id: UUID) -> None:
        """Wake who has something to hear, end who may not hear any more."""
        assert self.engine is not None
        listeners = tuple(self.open.get(workspace_id, ()))
        async with workspace_transaction(self.engine, workspace_id) as db:
            now = self.clock()
            await publishing.publish(db, workspace_id, now)
            good = await _good(db, {each.key_id for each in listeners}, workspace_id, now)
            head = await reading.head_in(db, workspace_id)
        for each in listeners:
            if each.key_id not in good or (each.until is not None and each.until <= now):
                each.end()
            elif each.seq < head.seq:
                each.woken.set()


class EventStream(Response):
    """Tells a listener until it hangs up, its key goes, or the server does."""

    media_type = "text/event-stream"

    def __init__(self, streams: Streams, engine: AsyncEngine, listener: Listener) -> None:
        super().__init__(headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        # It has no body that could be tagged, counted or kept: what is told is not known yet.
        del self.headers["content-length"], self.body
        self.streams, self.engine, self.listener = streams, engine, listener

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        self.streams.join(self.engine, self.listener)
        gone = asyncio.create_task(_hung_up(receive, self.listener))
        try:
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)
            async for piece in _told(self.engine, self.streams.clock, self.listener):
                # Who does not take what was sent is gone, and keeps no place.
                async with asyncio.timeout(UNHEARD_SECONDS):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            self.streams.leave(self.listener)


async def _hung_up(receive: Receive, listener: Listener) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.end()


async def _told(
    engine: AsyncEngine, clock: Callable[[], datetime], listener: Listener
) -> AsyncIterator[bytes]:
    yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
    if listener.reset:
        yield _reset(listener)
    while not listener.ended:
        try:
            async with asyncio.timeout(PING_SECONDS):
                await listener.woken.wait()
        except TimeoutError:
            yield PING
            continue
        listener.woken.clear()
        while not listener.ended and (pieces := await _news(engine, clock(), listener)):
            for piece in pieces:
                yield piece


async def _news(engine: AsyncEngine, now: datetime, listener: Listener) -> list[bytes]:
    """What there is to tell now, read in a transaction that is over before it is sent."""
    async with workspace_transaction(engine, listener.workspace_id) as db:
        work = Work(db, listener.workspace_id, listener.home, now, f"key:{listener.key_id}")
        head = await reading.head_in(db, listener.workspace_id)
        if listener.seq < head.forgotten:
            listener.seq = head.seq
            return [_reset(listener)]
        rows = await reading.behind(work, listener.seq, listener.types, AT_ONCE)
    ends = [row.seq for row in rows[-1:]]
    # Up to the head all was looked through, also for events of other types.
    listener.seq = ends[0] if len(rows) == AT_ONCE else max(head.seq, *ends, 0)
    told = (reading.told_of(listener.home, listener.workspace_id, row) for row in rows)
    return [format_sse_event(data_str=each.model_dump_json(), id=each.cursor) for each in told]


def _reset(listener: Listener) -> bytes:
    """Something was missed for good: the listener reads anew, and goes on from here."""
    here = position(listener.seq, listener.workspace_id, listener.home.secret)
    return format_sse_event(event="reset", data_str="{}", id=here)


async def _good(
    db: AsyncConnection, keys: set[UUID], workspace_id: UUID, now: datetime
) -> set[UUID]:
    """Those of the keys that may still listen; for a token of an issuer, whom it stands for."""
    query = select(ApiKey.id).where(
        ApiKey.workspace_id == workspace_id,
        ApiKey.id.in_(keys),
        ApiKey.revoked_at.is_(None),
        ApiKey.expires_at.is_(None) | (ApiKey.expires_at > now),  # it may have been rotated
        literal(KeyScope.EVENTS_READ.value) == any_(ApiKey.scopes),
        ApiKey.person_id.is_(None) | ApiKey.person_id.in_(identities.active(workspace_id)),
    )
    return {*await db.scalars(query), *await identities.known(db, workspace_id, keys)}
