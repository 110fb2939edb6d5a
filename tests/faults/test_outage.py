"""The database is away for a while, and everybody goes on asking.

Three seconds; BACKCAST_LONG=1 takes thirty, and holds each answer to one second.
"""

import asyncio
import os
import signal
import time
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from itertools import count

import pytest

from app.core.postgres import running
from tests.conftest import new_workspace
from tests.faults.conftest import caller, service
from tests.faults.figures import note
from tests.faults.workshop import LONG
from tests.postgres.conftest import QUICK, postmaster

AWAY_SECONDS = 30 if LONG else 3
CALLERS = 20
# Between two questions of a caller.
PAUSE = 0.05
PATHS = ("/v1/me", "/v1/opportunities", "/v1/products")
GONE = ("database-unavailable", "outcome-unknown")

pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Heard:
    began: float
    seconds: float
    status: int
    code: str
    retry_after: int


async def ask(client, number, heard, over):
    """One caller: three questions, a change, and again, until it is over."""
    for turn in count():
        if over.is_set():
            return
        began = time.monotonic()
        path = PATHS[(number + turn) % len(PATHS)]
        if turn % 4 == 3:
            product = {"key": f"p{number}-{turn}", "name": "P"}
            answer = await client.post("/v1/products", json=product)
        else:
            answer = await client.get(path)
        code = answer.json().get("code", "") if answer.status_code >= 400 else ""
        wait = int(answer.headers.get("Retry-After", 0))
        heard.append(Heard(began, time.monotonic() - began, answer.status_code, code, wait))
        await asyncio.sleep(PAUSE)


async def probe(client, health, over):
    """As whoever runs it does, every half second."""
    while not over.is_set():
        live, ready = [(await client.get(path)).status_code for path in ("/livez", "/readyz")]
        health.append((time.monotonic(), live, ready))
        await asyncio.sleep(0.5)


async def started(house, stack):
    """A server of the house; the event loop goes on meanwhile."""
    return await asyncio.to_thread(stack.enter_context, running(house.folder, options=QUICK))


async def test_an_outage_under_load_is_said_at_once_and_ends_by_itself(house):
    heard, health, over = [], [], asyncio.Event()
    with ExitStack() as servers:
        server = await started(house, servers)
        async with AsyncExitStack() as stack:
            app = await stack.enter_async_context(service(house.database(server)))
            # Of its own: other tests that use the house list what is in theirs.
            _, key = await new_workspace(app.state.engine)
            client = await stack.enter_async_context(caller(app, key))
            askers = [asyncio.create_task(ask(client, n, heard, over)) for n in range(CALLERS)]
            askers.append(asyncio.create_task(probe(client, health, over)))
            await asyncio.sleep(1)
            os.kill(postmaster(house.folder), signal.SIGKILL)
            killed = time.monotonic()
            await asyncio.sleep(AWAY_SECONDS)
            away = time.monotonic()
            await started(house, servers)
            back = time.monotonic()
            async with asyncio.timeout(60):
                while not all(one.status < 400 for one in heard[-2 * CALLERS :]):
                    await asyncio.sleep(0.05)
            await asyncio.sleep(1)
            over.set()
            await asyncio.gather(*askers)
            assert app.state.engine.pool.checkedout() == 0
            assert (await client.get("/readyz")).status_code == 200
    _judge(heard, health, killed, away, back)


def _judge(heard, health, killed, away, back):
    refused = [one for one in heard if one.status >= 400]
    assert {(one.status, one.code) for one in refused} <= {(503, code) for code in GONE}
    assert all(one.retry_after > 0 for one in refused)
    meant = [one for one in heard if killed < one.began and one.began + one.seconds < away]
    assert {(one.status, one.code) for one in meant} == {(503, "database-unavailable")}
    # The process lives; it is not ready, and is again.
    assert {live for _, live, _ in health} == {200}
    assert {ready for at, _, ready in health if killed + 1 < at < away} == {503}
    recovered = max(one.began + one.seconds for one in refused) - back
    waits = sorted(one.seconds for one in meant)
    note(
        outage_seconds=AWAY_SECONDS,
        callers=CALLERS,
        refused=len(refused),
        half_ms=round(waits[len(waits) // 2] * 1000, 1),
        most_of_99_ms=round(waits[len(waits) * 99 // 100] * 1000, 1),
        longest_ms=round(waits[-1] * 1000, 1),
        unknown=sum(one.code == "outcome-unknown" for one in refused),
        recovered_after_s=round(max(0.0, recovered), 2),
    )
    if LONG:
        assert waits[-1] < 1
        assert recovered < 2
