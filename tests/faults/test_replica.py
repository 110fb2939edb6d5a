"""A real replica: questions go there, and nobody sees less there than what he knows."""

import asyncio
import os
import shutil
import subprocess
from contextlib import asynccontextmanager

import httpx2 as httpx
import pytest
from sqlalchemy import event

from app.api.replicas import POSITION
from app.boot import NAME
from app.core.database import driven
from app.core.postgres import binaries, running
from app.core.roles import WORKER
from tests.faults.conftest import caller, place, service, through
from tests.faults.proxy import between
from tests.postgres.conftest import QUICK, sql


@pytest.fixture(scope="module")
def pair(house, ground):
    """The servers of the house and of a copy of it that follows."""
    folder = ground / "replica"
    folder.mkdir(mode=0o711)
    with running(house.folder, options=QUICK) as primary:
        copy = (
            *(binaries() / "pg_basebackup", "-D", folder / "cluster", "-R", "--no-sync"),
            *("--checkpoint=fast", "-d", primary.url("postgres", "postgres")),
        )
        subprocess.run(copy, check=True, cwd="/")  # noqa: S603 - the wheel's
        owner = (house.folder / "cluster").stat()
        for step, _, files in os.walk(folder / "cluster"):
            for each in (step, *(os.path.join(step, name) for name in files)):  # noqa: PTH118
                os.chown(each, owner.st_uid, owner.st_gid)
        with running(folder, options=QUICK) as replica:
            yield primary, replica
    shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def following(house, pair, **knobs):
    primary, replica = pair
    knobs = {"replica_url": replica.url(WORKER, NAME), **knobs}
    async with service(house.database(primary), **knobs) as app:
        app.state.asked = []
        event.listen(
            app.state.replica.engine.sync_engine,
            "before_cursor_execute",
            lambda *said: app.state.asked.append(said[2]),
        )
        await until(lambda: app.state.replica.fresh)
        async with caller(app, house.key) as client:
            await client.get("/v1/me")
            yield app, client


async def until(true):
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.02)


@pytest.fixture
def paused(pair):
    """Changes stay where they were made until the test ends."""
    sql(pair[1], "SELECT pg_wal_replay_pause()")
    yield
    sql(pair[1], "SELECT pg_wal_replay_resume()")


def of_replica(app, table):
    return [each for each in app.state.asked if f"FROM {table}" in each]


async def make(client: httpx.AsyncClient, key: str) -> str:
    made = await client.post("/v1/products", json={"key": key, "name": key})
    assert made.status_code == 201, made.text
    return made.headers[POSITION]


async def keys(client: httpx.AsyncClient, position: str | None = None) -> set[str]:
    seen = await client.get("/v1/products", headers={POSITION: position} if position else {})
    assert seen.status_code == 200, seen.text
    return {each["key"] for each in seen.json()["data"]}


async def test_questions_go_to_the_replica_and_see_what_their_asker_did(house, pair):
    async with following(house, pair) as (app, client):
        position = await make(client, "seen")
        assert "seen" in await keys(client, position)
        assert len(of_replica(app, "products")) == 1
        assert not [each for each in app.state.asked if each.startswith("INSERT")]


async def test_what_has_not_arrived_is_asked_where_it_was_made(house, pair, paused):
    async with following(house, pair, replica_lag_seconds=60) as (_, client):
        position = await make(client, "waits")
        assert "waits" not in await keys(client)
        assert "waits" in await keys(client, position)


async def test_a_replica_that_is_too_far_behind_is_not_asked(house, pair, paused):
    async with following(house, pair, replica_lag_seconds=1) as (app, client):
        await make(client, "late")
        await until(lambda: not app.state.replica.fresh)
        assert "late" in await keys(client)


async def test_a_key_is_noted_as_used_though_it_only_asks(house, pair):
    async with following(house, pair) as (app, client):
        made = await client.post("/v1/api_keys", json={"name": "r", "scopes": ["accounts:read"]})
        async with caller(app, made.json()["key"]) as reader:
            await keys(reader, made.headers[POSITION])
        seen = await client.get("/v1/api_keys", headers={POSITION: await make(client, "later")})
        noted = {key["id"]: key["last_used_at"] for key in seen.json()["data"]}
        assert noted[made.json()["id"]] is not None


async def test_the_short_way_reads_there_and_tells_the_position_as_well(house, pair):
    async with following(house, pair) as (app, client):
        for _ in range(2):
            assert (await client.get("/v1/opportunities")).status_code == 200
        assert len(app.state.replica.lane.idle) == 1


async def test_without_its_replica_a_service_asks_the_primary(house, pair):
    """Also in the moment before it has noticed."""
    url = driven(pair[1].url(WORKER, NAME))
    async with (
        between(*place(url)) as line,
        following(
            house, pair, replica_url=through(line, url).render_as_string(hide_password=False)
        ) as (app, client),
    ):
        await make(client, "alone")
        assert app.state.replica.fresh
        line.shut()
        assert "alone" in await keys(client)
        assert (await client.get("/v1/opportunities")).status_code == 200
        await until(lambda: not app.state.replica.fresh)
        assert "alone" in await keys(client)


async def test_a_position_that_is_none_is_named(client):
    answer = await client.get("/v1/products", headers={POSITION: "yesterday"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == POSITION


async def test_where_there_is_no_replica_nobody_is_told_a_position(client):
    made = await client.post("/v1/products", json={"key": "sensors", "name": "Sensors"})
    assert (made.status_code, POSITION in made.headers) == (201, False)
