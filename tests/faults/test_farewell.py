"""A service that is told to stop says so, ends what it has begun, and takes its database along."""

import asyncio
import signal

import asyncpg
import httpx2 as httpx

from app.core.postgres import running
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
        assert (await client.get("/readyz")).status_code == 200
        await _waiting_for_a_lock(held)
        process.tell(signal.SIGTERM)
        assert await _ready(client, 503)
        await asyncio.sleep(DRAIN + 1)  # it listens no more
        await held.execute("COMMIT")
        assert (await change).status_code == 200
        assert await process.gone(60) == 0
    await held.close(timeout=1)
    half[1].transport.abort()
    log = (house.folder / "postgres.log").read_text()
    assert log.rstrip().endswith("database system is shut down")


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
