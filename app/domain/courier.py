"""What a server does all day for those who want to be told: number what was written, send what is
due, and now and then look at what nobody writes.
"""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.outbound import Outbound
from app.core.refusals import LOST
from app.domain.outbox import publishing
from app.domain.webhooks import sending
from app.domain.webhooks.sending import Claimed

log = logging.getLogger("backcast.events")

# Attempts under way in this process, to all endpoints together.
MOST = 64
# Of those to one workspace: receivers that never answer take no place of others.
MOST_OF_ONE = 16
PAUSE_SECONDS = 0.5


class Courier:
    """`engine`: the patient one, which may see where there is work."""

    def __init__(
        self, engine: AsyncEngine, outbound: Outbound, clock: Callable[[], datetime]
    ) -> None:
        self.engine = engine
        self.outbound = outbound
        self.clock = clock
        self.under_way: set[asyncio.Task[None]] = set()
        # How many are under way, by endpoint and by workspace.
        self.busy: Counter[UUID] = Counter()
        self.housed: Counter[UUID] = Counter()

    async def run(self) -> None:
        """Until cancelled; what is being sent then is sent again by whoever comes next."""
        try:
            while True:
                try:
                    await self.round()
                except (SQLAlchemyError, *LOST):
                    log.warning("the database is away; events are told later")
                except Exception:
                    log.exception("a round of events; tried again")
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            for task in self.under_way:
                task.cancel()
            await self.sent()

    async def round(self) -> None:
        """Number what waits and begin to send what is due; nobody is waited for."""
        await publishing.run(self.engine, self.clock())
        found = await sending.due(self.engine, self.clock())
        random.shuffle(found)  # nobody is always the last
        for workspace_id in found:
            await self.serve(workspace_id)

    async def serve(self, workspace_id: UUID) -> None:
        """Begin to send what is due in one workspace, as far as there is room."""
        room = min(MOST - len(self.under_way), MOST_OF_ONE - self.housed[workspace_id])
        if room > 0:
            now = self.clock()
            for one in await sending.claim(self.engine, workspace_id, now, self.busy, room):
                self._begin(one)

    async def sent(self) -> None:
        """Wait for what is under way."""
        while self.under_way:
            await asyncio.wait(self.under_way)

    def _begin(self, one: Claimed) -> None:
        self.busy[one.endpoint_id] += 1
        self.housed[one.workspace_id] += 1
        task = asyncio.create_task(self._deliver(one))
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)

    async def _deliver(self, one: Claimed) -> None:
        try:
            await sending.deliver(self.engine, self.outbound, self.clock, one)
        except (SQLAlchemyError, *LOST):
            log.warning("the database is away; delivery %s is sent again", one.id)
        finally:
            for count, id in ((self.busy, one.endpoint_id), (self.housed, one.workspace_id)):
                count[id] -= 1
                if not count[id]:
                    del count[id]
