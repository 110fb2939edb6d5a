"""Connections go from one workspace to the next, and nothing stays behind on them.

`BACKCAST_LONG=1` tries twenty orders of what is asked.
"""

import asyncio
import os
import re
from contextlib import suppress
from random import Random

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.database import workspace_transaction
from app.core.ids import uuid7
from app.main import create_app
from tests.conftest import CLOCK, client_with, new_workspace
from tests.deals import make_deal, make_process, post

CONNECTIONS, WORKSPACES, REQUESTS, AT_ONCE = 2, 20, 500, 12
SEEDS = range(20) if "BACKCAST_LONG" in os.environ else (24,)
SIGN = re.compile(r"sign-\d\d")


class House:
    """A workspace in which every name carries the sign of the house."""

    def __init__(self, app, number, id, key):
        self.app, self.id, self.sign = app, id, f"sign-{number:02}"
        self.client = client_with(app, key)
        self.accounts = 0

    async def furnish(self):
        await make_process(self.client)
        self.deal = await make_deal(self.client, f"deal {self.sign}")
        await self.add()

    async def add(self):
        await post(self.client, "/v1/accounts", name=f"account {self.sign}", domain="x.example")
        self.accounts += 1

    async def look(self):
        """All that is there, and nothing that is not: a connection without a house shows none."""
        least = self.accounts
        told = (await self._own("/v1/accounts", limit=200))["data"]
        assert least <= len(told) <= self.accounts + AT_ONCE

    async def look_at_deals(self):
        """By the short way, which has connections of its own."""
        assert len((await self._own("/v1/opportunities"))["data"]) == 1
        deal = await self._own(f"/v1/opportunities/{self.deal['id']}")
        assert deal["id"] == self.deal["id"]

    async def be_refused(self):
        for body in ({"name": self.sign, "parent_id": str(uuid7())}, {"name": 7}):
            answer = await self.client.post("/v1/accounts", json=body)
            assert answer.status_code in (404, 422)

    async def reach(self):
        path = f"/v1/opportunities/{self.deal['id']}/reach"
        answer = await self.client.post(path, json={"milestone": "interest"})
        assert set(SIGN.findall(answer.text)) == {self.sign}

    async def leave_early(self, random):
        """A caller who hangs up at some moment or other."""
        task = asyncio.create_task(random.choice((self.look, self.look_at_deals, self.reach))())
        for _ in range(random.randrange(40)):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def time_out(self):
        with pytest.raises(DBAPIError, match="statement timeout"):
            await self._sleep()

    async def _sleep(self):
        async with workspace_transaction(self.app.state.engine, self.id) as db:
            await db.execute(text("SET LOCAL statement_timeout = '5ms'"))
            await db.execute(text("SELECT pg_sleep(9)"))

    async def break_down(self):
        with suppress(ZeroDivisionError):
            async with workspace_transaction(self.app.state.engine, self.id) as db:
                await db.execute(text("SELECT count(*) FROM accounts"))
                raise ZeroDivisionError

    async def _own(self, path, **asked):
        answer = await self.client.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        assert set(SIGN.findall(answer.text)) == {self.sign}
        return answer.json()


@pytest.mark.parametrize("seed", SEEDS)
async def test_five_hundred_requests_of_twenty_workspaces_on_two_connections(
    database, settings, seed
):
    # Twelve callers wait for two connections: on a busy machine longer than anybody should.
    few = settings.model_copy(update={"pool_size": CONNECTIONS, "pool_timeout_seconds": 60})
    app, random = create_app(few, database, clock=CLOCK), Random(seed)  # noqa: S311 - a fuzz
    async with app.router.lifespan_context(app):
        app.state.lane.turns = asyncio.Semaphore(CONNECTIONS)
        made = [await new_workspace(app.state.engine) for _ in range(WORKSPACES)]
        houses = [House(app, number, *one) for number, one in enumerate(made)]
        for house in houses:
            await house.furnish()
        turns = asyncio.Semaphore(AT_ONCE)

        async def turn():
            house = random.choice(houses)
            ways = [house.look, house.look_at_deals, house.add, house.reach, house.be_refused]
            rough = [house.time_out, house.break_down, lambda: house.leave_early(random)]
            async with turns:
                await random.choice(ways * 3 + rough * 2)()

        await asyncio.gather(*(turn() for _ in range(REQUESTS)))
        assert app.state.engine.pool.checkedout() == 0
        assert len(app.state.lane.idle) <= CONNECTIONS
        for house in houses:
            await house.look()
            await house.look_at_deals()
            await house.client.aclose()
