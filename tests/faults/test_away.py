"""The database is away, refuses, or does not answer: what callers hear, and that it passes."""

import asyncio
import os
import signal
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core import database as databases
from app.core.database import Database
from app.core.postgres import running
from app.core.refusals import problem_of
from tests.faults.conftest import caller, service, through
from tests.postgres.conftest import QUICK, postmaster

PRODUCT = {"key": "sensors", "name": "Sensors"}
# Before the wait for the pool would be over: nobody waited for what does not come.
LONG_WAIT = {"pool_timeout_seconds": 60}
SOON = 40
# What PostgreSQL says, and what becomes of it.
REFUSALS = {
    "08006": (503, "database-unavailable"),
    "22021": (422, "validation-failed"),
    "22P05": (422, "validation-failed"),
    "22003": (422, "validation-failed"),
    "23503": (404, "not-found"),
    "23505": (409, "conflict"),
    "23514": (422, "validation-failed"),
    "25006": (503, "database-unavailable"),
    "40001": (503, "database-unavailable"),
    "40P01": (503, "database-unavailable"),
    "53100": (507, "storage-full"),
    "53200": (503, "database-unavailable"),
    "53300": (503, "database-unavailable"),
    "55P03": (409, "locked"),
    "57014": (503, "query-timeout"),
    "57P03": (503, "database-unavailable"),
}


@pytest.fixture
async def refusing(database):
    """Let the first so many inserts into products be refused with a SQLSTATE."""
    owner = database.owner_engine()

    async def refuse(state: str, times: int) -> None:
        async with owner.begin() as db:
            await db.execute(text("CREATE SEQUENCE attempts"))
            await db.execute(text("GRANT ALL ON SEQUENCE attempts TO PUBLIC"))
            await db.execute(
                text(
                    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                    f" IF nextval('attempts') <= {times} THEN"
                    f" RAISE EXCEPTION USING ERRCODE = '{state}'; END IF; RETURN NEW; END $$"
                )
            )
            await db.execute(
                text(
                    "CREATE TRIGGER refuse BEFORE INSERT ON products"
                    " FOR EACH ROW EXECUTE FUNCTION refuse()"
                )
            )

    async def attempts() -> int:
        async with owner.connect() as db:
            return await db.scalar(text("SELECT last_value FROM attempts"))

    refuse.attempts = attempts
    yield refuse
    async with owner.begin() as db:
        await db.execute(text("DROP TRIGGER IF EXISTS refuse ON products"))
        await db.execute(text("DROP FUNCTION IF EXISTS refuse"))
        await db.execute(text("DROP SEQUENCE IF EXISTS attempts"))
    await owner.dispose()


@pytest.mark.parametrize(("state", "expected"), REFUSALS.items(), ids=REFUSALS)
async def test_what_the_database_refuses_becomes_a_problem(engine, state, expected):
    refusal = f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$"
    async with engine.connect() as db:
        with pytest.raises(DBAPIError) as raised:
            await db.exec_driver_sql(refusal)
    problem = problem_of(raised.value)
    assert (problem.status, problem.code) == expected
    assert problem.status != 503 or int(problem.headers["Retry-After"]) > 0


async def test_who_had_to_yield_is_served_in_the_end_and_once(client, refusing):
    await refusing("40001", 2)
    made = await client.post("/v1/products", json=PRODUCT, headers={"Idempotency-Key": "once"})
    assert (made.status_code, await refusing.attempts()) == (201, 3)
    assert len((await client.get("/v1/products")).json()["data"]) == 1


async def test_who_has_to_yield_again_and_again_is_asked_to_come_back(client, refusing):
    await refusing("40P01", 100)
    refused = await client.post("/v1/products", json=PRODUCT)
    assert (refused.status_code, await refusing.attempts()) == (503, 3)
    assert refused.headers["Retry-After"] == "2"


async def test_a_full_disk_stops_writing_and_nothing_else(client, refusing):
    await refusing("53100", 1)
    full = await client.post("/v1/products", json=PRODUCT)
    assert (full.status_code, full.json()["code"]) == (507, "storage-full")
    assert (await client.get("/v1/products")).json()["data"] == []
    assert (await client.post("/v1/products", json=PRODUCT)).status_code == 201


async def test_a_killed_database_is_said_at_once_and_found_again_by_itself(house):
    with running(house.folder, options=QUICK) as server:
        async with (
            service(house.database(server), **LONG_WAIT) as app,
            caller(app, house.key) as client,
        ):
            await _burst(client, 200)
            os.kill(postmaster(house.folder), signal.SIGKILL)
            await _burst(client, 503)
            assert (await client.get("/livez")).status_code == 200
            assert (await client.get("/readyz")).status_code == 503
            with running(house.folder, options=QUICK):
                back = time.monotonic()
                while (await client.get("/v1/me")).status_code != 200:
                    assert time.monotonic() < back + 60
                await _burst(client, 200)
                assert (await client.get("/readyz")).status_code == 200
                assert app.state.engine.pool.checkedout() == 0
                await app.state.engine.dispose()
                await app.state.lane.close()


async def _burst(client, expected):
    """Twenty at once, of both ways and of both kinds; each is answered at once."""

    async def one(number):
        began = time.monotonic()
        body = {"key": f"p{number}", "name": "P"}
        path = ("/v1/products", "/v1/opportunities", "/v1/me", "/v1/products")[number % 4]
        write = number % 4 == 3 and expected == 503
        answer = await (client.post(path, json=body) if write else client.get(path))
        return answer, time.monotonic() - began

    for answer, seconds in await asyncio.gather(*map(one, range(20))):
        assert answer.status_code == expected, answer.text
        assert seconds < SOON
        if expected == 503:
            assert answer.json()["code"] == "database-unavailable"
            assert int(answer.headers["Retry-After"]) > 0


async def test_a_frozen_line_is_given_up_and_nothing_stays_taken(
    database, line, workspace, monkeypatch
):
    """Nobody hangs up: what does not answer in time is taken for lost, with its connection."""
    monkeypatch.setattr(databases, "GRACE_SECONDS", 0)
    reached = Database(through(line, database.app), database.owner, database.app_role)
    impatient = {"statement_timeout_seconds": 1, "connect_timeout_seconds": 1}
    async with service(reached, **impatient) as app, caller(app, workspace[1]) as client:
        assert (await client.get("/v1/me")).status_code == 200
        line.freeze()
        frozen = await asyncio.gather(*(client.get("/v1/me") for _ in range(3)))
        assert {answer.status_code for answer in frozen} == {503}
        line.cut()
        line.thaw()
        assert (await client.get("/v1/me")).status_code == 200
        assert app.state.engine.pool.checkedout() == 0


async def test_a_slow_line_that_gives_its_bytes_one_by_one_is_only_slow(far, line, workspace):
    line.drip, line.delay = 7, 0.001
    async with caller(far, workspace[1]) as client:
        assert (await client.get("/v1/me")).status_code == 200


async def test_a_line_closed_on_one_side_is_replaced(far, line, workspace):
    async with caller(far, workspace[1]) as client:
        assert (await client.get("/v1/me")).status_code == 200
        line.half_close()
        assert (await client.get("/v1/me")).status_code == 200
