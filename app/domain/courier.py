"""What a server does all day for those who want to be told: number what was written, send what is
due, and now and then look at what nobody writes.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.outbound import Outbound
from app.core.refusals import LOST
from app.domain import watching
from app.domain.outbox import publishing
from app.domain.webhooks import sending
from app.domain.webhooks.sending import Claimed

log = logging.getLogger("backcast.events")

# Attempts under way in this process, to all endpoints together.
MOST = 64
PAUSE_SECONDS = 0.5
WATCH_SECONDS = 60.0


class Courier:
    """`engine`: the patient one, which may see where there is work."""

    def __init__(
        self, engine: AsyncEngine, outbound: Outbound, clock: Callable[[], datetime]
    ) -> None:
        self.engine = engine
        self.outbound = outbound
        self.clock = clock
        self.under_way: set[asyncio.Task[None]] = set()
        self.busy: Counter[UUID] = Counter()

    async def run(self) -> None:
        """Until cancelled; what is being sent then is sent again by whoever comes next."""
        rounds = 0
        try:
            while True:
                try:
                    await self.round()
                    if rounds % round(WATCH_SECONDS / PAUSE_SECONDS) == 0:
                        await watching.run(self.engine, self.clock)
                except (SQLAlchemyError, *LOST):
                    log.warning("the database is away; events are told later")
                except Exception:
                    log.exception("a round of events; tried again")
                rounds += 1
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            for task in self.under_way:
                task.cancel()
            await self.sent()

    async def round(self) -> None:
        """Number what waits and begin to send what is due; nobody is waited for."""
        await publishing.run(self.engine, self.clock())
        for workspace_id in await sending.due(self.engine, self.clock()):
            if len(self.under_way) < MOST:
                await self.serve(workspace_id)

    async def serve(self, workspace_id: UUID) -> None:
        """Begin to send what is due in one workspace."""
        for one in await sending.claim(self.engine, workspace_id, self.clock(), self.busy):
            self._begin(one)

    async def sent(self) -> None:
        """Wait for what is under way."""
        while self.under_way:
            await asyncio.wait(self.under_way)

    def _begin(self, one: Claimed) -> None:
        self.busy[one.endpoint_id] += 1
        task = asyncio.create_task(self._deliver(one))
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)

    async def _deliver(self, one: Claimed) -> None:
        try:
            await sending.deliver(self.engine, self.outbound, self.clock, one)
        except (SQLAlchemyError, *LOST):
            log.warning("the database is away; delivery %s is sent again", one.id)
        finally:
            self.busy[one.endpoint_id] -= 1
            self.busy += Counter()  # those that are at nought are forgotten
