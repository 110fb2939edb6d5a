"""The disk is full, for good reasons and for real: PostgreSQL's directory is a small one."""

import asyncio
import os
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import httpx2 as httpx
import pytest

from app.domain.access import Scope, create_key
from tests.faults.deals_file import as_file, deals, losses
from tests.faults.test_killed import PATIENCE, ROWS
from tests.faults.workshop import LONG, Workshop, until

ROOM = "1g" if LONG else "256m"
# The log has its room in advance. Without that PostgreSQL stops as a whole, and starts again.
LOG = {"min_wal_size": "96MB", "max_wal_size": "128MB"}
BALLAST = "ballast"
PIECE = 64 * 1024

pytestmark = pytest.mark.timeout(1800 if LONG else 600)


@pytest.fixture
def small():
    """A directory of its own file system."""
    place = Path(tempfile.mkdtemp(prefix="backcast-full-", dir="/tmp"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=0711", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:  # noqa: S603 - ours
        place.rmdir()
        pytest.skip("only root may mount")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)  # noqa: S603, S607 - ours
    place.rmdir()


@pytest.fixture
def cramped(small):
    workshop = Workshop(small / "pg", **LOG)
    workshop.settle()
    for _ in range(4):  # the log has its room
        workshop.ask("SELECT pg_logical_emit_message(true, '', ''), pg_switch_wal()")
    workshop.ask("CHECKPOINT")
    yield workshop
    print((small / "pg" / "postgres.log").read_text()[-4_000:])  # noqa: T201 - shown when it fails
    workshop.close()


def fill(place: Path) -> None:
    """To the last byte."""
    with suppress(OSError), (place / BALLAST).open("wb", buffering=0) as file:
        while True:
            file.write(bytes(PIECE))
    with suppress(OSError), (place / f"{BALLAST}-rest").open("wb", buffering=0) as file:
        while True:
            file.write(b"\0")


def empty(place: Path) -> None:
    for file in place.glob(f"{BALLAST}*"):
        file.unlink()


def door(workshop: Workshop, address: str) -> httpx.Client:
    async def key(_, work):
        return (await create_key(work, "test", list(Scope), None))[1]

    headers = {"Authorization": f"Bearer {workshop.inside(key)}"}
    return httpx.Client(base_url=address, headers=headers, timeout=30)


def problem(workshop: Workshop) -> str:
    """What the job says of its last attempt. Some questions have no room themselves."""
    try:
        return workshop.ask("SELECT problem ->> 'code' FROM jobs WHERE kind = 'import'")
    except subprocess.CalledProcessError:
        return "nobody answers"


def go_on(workshop: Workshop, client: httpx.Client) -> None:
    """If there was room to note that it failed, somebody has to ask; else it waits by itself."""
    job = client.get("/v1/jobs", params={"kind": "import"}).json()["data"][0]
    if job["state"] == "dead":
        assert client.post(f"/v1/jobs/{job['id']}/retry").is_success
    else:
        assert (job["state"], job["problem"]["code"]) == ("queued", "storage-full")
        workshop.ask("UPDATE jobs SET run_at = now()")


def refused(client: httpx.Client) -> httpx.Response:
    """The first product for which there was no room."""
    for number in range(2_000):
        made = client.post("/v1/products", json={"key": f"p{number}", "name": "P" * 200})
        if made.status_code != 201:
            return made
    raise AssertionError


def test_a_full_disk_fails_the_import_and_nothing_else_and_it_goes_on_when_there_is_room(
    cramped, small, serve
):
    rows = deals(ROWS)
    address = asyncio.run(serve(**cramped.knobs()).address())
    with door(cramped, address) as client:
        id = cramped.start(as_file(rows))
        assert until(lambda: cramped.chunks(id) >= 1, PATIENCE)
        fill(small)

        assert until(lambda: problem(cramped) == "storage-full", PATIENCE), problem(cramped)
        told = client.get(f"/v1/imports/{id}").json()
        if told["state"] == "failed":
            assert told["problem"]["code"] == "storage-full"
        written = "SELECT coalesce(sum((counts ->> 'created')::int), 0) FROM import_chunks"
        stored = int(cramped.ask("SELECT count(*) FROM opportunities"))
        assert stored == int(cramped.ask(written)) < len(rows)
        answer = refused(client)
        assert (answer.status_code, answer.json()["code"]) == (507, "storage-full")
        assert client.get("/v1/opportunities").json()["data"]
        assert client.get("/readyz").status_code == 200

        empty(small)
        go_on(cramped, client)
        assert until(lambda: cramped.state(id) == "completed_with_errors", PATIENCE)
    found = losses(cramped, id, rows)
    assert found.none, found


def test_a_disk_that_is_full_from_the_start_says_so_too(cramped, small, serve):
    """The file is staged first, and not even the end of the import may have room."""
    rows = deals(ROWS)
    address = asyncio.run(serve(**cramped.knobs(), worker=False).address())
    with door(cramped, address) as client:
        id = cramped.start(as_file(rows))
        fill(small)
        cramped.worker()
        assert until(lambda: problem(cramped) == "storage-full", PATIENCE), problem(cramped)
        assert cramped.ask("SELECT count(*) FROM opportunities") == "0"

        empty(small)
        go_on(cramped, client)
        assert until(lambda: cramped.state(id) == "completed_with_errors", PATIENCE)
    found = losses(cramped, id, rows)
    assert found.none, found
