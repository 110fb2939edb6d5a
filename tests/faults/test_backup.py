"""What docs/operations.md says of backups, done: dumped, restored, verified, served."""

import asyncio
import subprocess

import pytest

from app.boot import NAME
from app.cli import main
from app.core.database import Database, driven
from app.core.postgres import binaries, running
from app.core.roles import APP, OWNER
from tests.deals import make_deal, make_process, tell
from tests.faults.conftest import caller, service
from tests.postgres.conftest import QUICK, sql

FRESH = "restored"


def program(name, *arguments):
    command = [binaries() / name, *arguments]
    return subprocess.run(command, check=False, cwd="/", capture_output=True, text=True)  # noqa: S603


@pytest.fixture
def server(house):
    with running(house.folder, options=QUICK) as server:
        yield server
        sql(server, f"DROP DATABASE IF EXISTS {FRESH} WITH (FORCE)")


@pytest.fixture
async def sold(house, server):
    """A deal that went all the way, in the database that is going to be lost."""
    async with service(house.database(server)) as app, caller(app, house.key) as client:
        await make_process(client)
        deal = await make_deal(client, value={"amount": "25000.00", "currency": "EUR"})
        yield await tell(client, deal, "reach", milestone="interest")


async def test_a_dump_by_the_owner_is_restored_verified_and_served(
    house, server, sold, tmp_path, monkeypatch, capsys
):
    dump = tmp_path / "backcast.dump"
    url = server.url("postgres", NAME)
    dumped = program("pg_dump", f"--role={OWNER}", "-Fc", "-f", dump, url)
    assert (dumped.returncode, dumped.stderr) == (0, "")
    sql(server, f"CREATE DATABASE {FRESH} OWNER {OWNER}")
    fresh = server.url("postgres", FRESH)
    restored = program("pg_restore", f"--role={OWNER}", "-d", fresh, "--exit-on-error", dump)
    assert (restored.returncode, restored.stderr) == (0, "")

    address = driven(fresh)
    async with (
        service(Database(address, address, APP)) as app,
        caller(app, house.key) as client,
    ):
        again = (await client.get(f"/v1/opportunities/{sold['id']}")).json()
        assert again == sold
        assert (await client.get("/readyz")).status_code == 200
        moved = await tell(client, again, "reach", milestone="need")
        assert moved["version"] == again["version"] + 1
    await _verified(fresh, monkeypatch, capsys)


async def _verified(url, monkeypatch, capsys):
    monkeypatch.setenv("BACKCAST_DATABASE_URL", url)
    # In a thread: the command line has a loop of its own.
    code = await asyncio.to_thread(main, ["ledger", "verify"])
    assert (code, capsys.readouterr().err) == (0, "Every sum is what was counted.\n")


def test_a_dump_by_a_role_behind_the_walls_is_refused_and_not_empty(server, tmp_path):
    url = server.url("postgres", NAME)
    refused = program("pg_dump", f"--role={APP}", "-Fc", "-f", tmp_path / "no.dump", url)
    assert refused.returncode == 1
    assert "row-level security" in refused.stderr or "permission denied" in refused.stderr
