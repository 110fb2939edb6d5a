"""A service that is told to stop says so, ends what it has begun, and takes its database along."""

import asyncio
import os
import signal
import time

import asyncpg
import httpx2 as httpx

from app.core.postgres import running
from tests.faults.figures import note
from tests.postgres.conftest import QUICK

DRAIN = 3
HALF = (
    "POST /v1/products HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {}\r\n"
    "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    '{{"name": "half'
)


async def holder(house):
    """Somebody who holds the row that a change of the workspace has to wait for."""
    with running(house.folder, options=QUICK) as server:  # attaches to the one of the process
        db = await asyncpg.connect(server.url("postgres", "backcast"))
    await db.execute("BEGIN; SELECT FROM workspaces FOR UPDATE")
    return db


async def test_told_to_stop_it_ends_what_it_has_begun_and_its_database_in_order(house, serve):
    process = serve(
        database_url="",
        data_dir=house.folder,
        lock_timeout_seconds=30,
        drain_seconds=DRAIN,
        shutdown_seconds=6,
    )
    headers = {"Authorization": f"Bearer {house.key}"}
    address = await process.address()
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as client:
        tag = (await client.get("/v1/workspace")).headers["etag"]
        held = await holder(house)
        change = asyncio.ensure_future(
            client.patch("/v1/workspace", json={"name": "Patient"}, headers={"If-Match": tag})
        )
        half = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        half[1].write(HALF.format(house.key).encode())
        stream = asyncio.create_task(_heard(client))
        assert (await client.get("/readyz")).status_code == 200
        await _waiting_for_a_lock(held)
        process.tell(signal.SIGTERM)
        told = time.monotonic()
        assert await _ready(client, 503)
        await asyncio.sleep(DRAIN + 1)  # it listens no more
        await held.execute("COMMIT")
        assert (await change).status_code == 200
        await stream  # ended by the service, in order
        assert await process.gone(60) == 0
    note(gone_after_s=round(time.monotonic() - told, 1), load=os.getloadavg()[0])
    await held.close(timeout=1)
    half[1].transport.abort()
    log = (house.folder / "postgres.log").read_text()
    assert log.rstrip().endswith("database system is shut down")


async def _heard(client):
    """A stream of events, up to its end."""
    async with client.stream("GET", "/v1/stream") as stream:
        assert stream.status_code == 200
        async for _ in stream.aiter_lines():
            pass


async def _waiting_for_a_lock(db):
    async with asyncio.timeout(60):
        while not await db.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)


async def _ready(client, status):
    """Whether the probe, on a line that is open, says so while others are still let in."""
    async with asyncio.timeout(60):
        while (await client.get("/readyz")).status_code != status:
            await asyncio.sleep(0.01)
    return True
