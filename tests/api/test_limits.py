"""What a key may ask in a while, told before it is used up and when it is."""

import asyncio
import re
import shutil
import subprocess
from contextlib import asynccontextmanager
from time import monotonic, sleep

import pytest
from pydantic import SecretStr, ValidationError

from app.core.settings import Settings
from app.domain.access import Scope
from app.main import create_app
from tests.conftest import CLOCK, DOCUMENT, client_with, new_key
from tests.deals import make_process

STANDING = re.compile(r'"(?P<policy>[\w-]+)";r=(?P<left>\d+);t=(?P<wait>\d+)')
POLICY = re.compile(r'"(?P<policy>[\w-]+)";q=(?P<quota>\d+);w=(?P<window>\d+)')


@pytest.fixture
def serving(database, settings):
    """A server with limits of its own on the database of the run."""

    @asynccontextmanager
    async def serve(**limits):
        app = create_app(settings.model_copy(update=limits), database, clock=CLOCK)
        async with app.router.lifespan_context(app):
            yield app

    return serve


@pytest.fixture
def calling(serving, workspace):
    """A caller with the test's key at a server with limits of its own."""

    @asynccontextmanager
    async def call(**limits):
        async with serving(**limits) as app, client_with(app, workspace[1]) as client:
            yield client

    return call


def stands(answer):
    """(policy, what is left of it) as an answer says."""
    found = STANDING.fullmatch(answer.headers["RateLimit"])
    return found["policy"], int(found["left"])


async def test_every_answer_to_a_known_key_says_where_it_stands(client, limited):
    powerless = await limited()
    told = {"headers": {"If-Match": '"7"'}, "json": {"name": "B"}}
    answers = [
        await client.get("/v1/me"),
        await client.get("/v1/me", params={"a": 1}),
        await client.post("/v1/accounts", json={"name": "Alder"}),
        await client.post("/v1/accounts", json={"name": ""}),
        await client.patch("/v1/workspace", json={"name": "B"}),
        await client.patch("/v1/workspace", **told),
        await client.delete("/v1/api_keys/00000000-0000-0000-0000-000000000007"),
        await powerless.get("/v1/accounts"),
    ]
    assert [a.status_code for a in answers] == [200, 422, 201, 422, 428, 412, 404, 403]
    for answer in answers:
        policy = POLICY.fullmatch(answer.headers["RateLimit-Policy"])
        assert policy["window"] == "60"
        name, left = stands(answer)
        assert policy["policy"] == name
        assert left < int(policy["quota"])


async def test_what_is_left_counts_down_and_then_there_is_a_problem(calling):
    async with calling(limit_default=3) as client:
        left = [stands(await client.get("/v1/me"))[1] for _ in range(3)]
        assert left == [2, 1, 0]
        answer = await client.post("/v1/accounts", json={"name": "Alder"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (429, "quota-exceeded")
    assert problem["violated-policies"] == ["default"]
    assert answer.headers["RateLimit-Policy"] == '"default";q=3;w=60'
    waits = STANDING.fullmatch(answer.headers["RateLimit"])["wait"]
    assert waits == answer.headers["Retry-After"]
    assert 1 <= int(waits) <= 66
    assert waits in problem["detail"]


async def test_what_is_refused_has_no_effect_and_is_not_kept_for_its_idempotency_key(
    calling, client
):
    sent = {"json": {"name": "Alder"}, "headers": {"Idempotency-Key": "once"}}
    async with calling(limit_default=1) as hurried:
        await hurried.get("/v1/me")
        assert (await hurried.post("/v1/accounts", **sent)).status_code == 429
    assert (await client.get("/v1/accounts")).json()["data"] == []
    answer = await client.post("/v1/accounts", **sent)
    assert (answer.status_code, "Idempotency-Replayed" in answer.headers) == (201, False)


async def test_a_window_ends_and_all_is_back(calling):
    async with calling(limit_default=1, limit_seconds=1) as client:
        async with asyncio.timeout(60):
            while (await client.get("/v1/me")).status_code == 200:
                pass  # a window may have ended in between
            while (answer := await client.get("/v1/me")).status_code == 429:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert (answer.status_code, stands(answer)) == (200, ("default", 0))


async def test_keys_are_counted_apart(calling, engine, workspace):
    async with calling(limit_default=1) as client:
        assert (await client.get("/v1/me")).status_code == 200
        client.headers["Authorization"] = f"Bearer {await new_key(engine, workspace[0], [])}"
        assert (await client.get("/v1/me")).status_code == 200
        assert (await client.get("/v1/me")).status_code == 429


async def test_buckets_are_counted_apart(calling):
    file = {"object": "accounts", "source": "crm"}
    async with calling(
        limit_default=1, limit_search=2, limit_forecast=3, limit_imports=4
    ) as client:
        seen = [
            stands(await client.get("/v1/me")),
            stands(await client.get("/v1/accounts")),
            stands(await client.get("/v1/workspace/calendar?from=2026-01-01&to=2026-01-31")),
            stands(await client.post("/v1/imports", json=file)),
        ]
    assert seen == [("default", 0), ("search", 1), ("forecast", 2), ("imports", 3)]


async def test_what_takes_long_costs_more_and_never_more_than_there_is(calling):
    asked = {"from": "2026-06", "to": "2026-07"}
    async with calling(limit_forecast=6) as client:
        assert stands(await client.get("/v1/forecast?process=none")) == ("forecast", 1)
        refused = await client.get("/v1/forecast?process=none")
        assert (refused.status_code, stands(refused)) == (429, ("forecast", 1))
        assert (await client.post("/v1/forecast/backtest", json=asked)).status_code == 429
        small = await client.get("/v1/workspace/calendar?from=2026-01-01&to=2026-01-31")
        assert (small.status_code, stands(small)) == (200, ("forecast", 0))
    async with calling(limit_forecast=6) as client:
        whole = await client.post("/v1/forecast/backtest", json=asked)
        assert (whole.status_code, stands(whole)) == (422, ("forecast", 0))


async def test_many_at_once_count_as_many(calling):
    target = "/v1/targets/00000000-0000-0000-0000-000000000007/allocate"
    shares = {"by": "equal", "to": [{"scope": f"team:{n}"} for n in range(40)]}
    async with calling(limit_default=100) as client:
        assert stands(await client.post(target, json=shares)) == ("default", 60)
        assert stands(await client.post(target)) == ("default", 59)


async def test_nothing_new_costs_nothing(calling):
    async with calling(limit_default=5) as client:
        tag = (await client.get("/v1/workspace")).headers["ETag"]
        again = [await client.get("/v1/workspace", headers={"If-None-Match": tag}) for _ in "abc"]
        assert {(answer.status_code, stands(answer)) for answer in again} == {(304, ("default", 4))}
        assert stands(await client.get("/v1/workspace")) == ("default", 3)


async def test_an_unknown_key_costs_nobody_anything(calling, stranger):
    for headers in ({}, {"Authorization": "Bearer bc_x"}):
        answer = await stranger.get("/v1/me", headers=headers)
        assert answer.status_code == 401
        assert "RateLimit" not in answer.headers
    async with calling(limit_default=2) as client:
        assert stands(await client.get("/v1/me")) == ("default", 1)
        await client.get("/v1/me", headers={"Authorization": f"{client.headers['authorization']}x"})
        assert stands(await client.get("/v1/me")) == ("default", 0)


async def test_guessing_keys_ends_and_does_not_shut_out_who_was_there_before(
    calling, engine, workspace
):
    fresh = {"Authorization": f"Bearer {await new_key(engine, workspace[0], list(Scope))}"}
    guess = {"Authorization": "Bearer bc_0_0_0"}
    async with calling(limit_failed_keys=3) as client:
        assert (await client.get("/v1/me")).status_code == 200
        guesses = [(await client.get("/v1/me", headers=guess)).status_code for _ in range(3)]
        assert guesses == [401, 401, 401]
        for headers in (guess, fresh):
            answer = await client.get("/v1/me", headers=headers)
            assert answer.status_code == 429
            assert answer.json()["violated-policies"] == ["failed-keys"]
            assert "RateLimit" not in answer.headers
            assert int(answer.headers["Retry-After"]) >= 1
        assert (await client.get("/v1/me")).status_code == 200


def test_the_contract_says_what_an_operation_counts_for():
    nodes = [node for path in DOCUMENT["paths"].values() for node in path.values()]
    told = {node["operationId"]: node["x-rate-limit"] for node in nodes if node["security"]}
    assert told["list_accounts"] == {"policy": "search", "cost": 1}
    assert told["read_forecast"] == {"policy": "forecast", "cost": 5}
    assert told["allocate_target"] == {"policy": "default", "cost": 1, "for_each": "/to"}
    assert {each["policy"] for each in told.values()} == {
        "default",
        "search",
        "forecast",
        "imports",
    }


async def test_a_redis_that_is_away_leaves_each_server_to_count_by_itself(serving, workspace):
    away = Settings(_env_file=None, redis_url="redis://127.0.0.1:1/0").redis_url
    async with (
        serving(limit_default=2, redis_url=away) as app,
        client_with(app, workspace[1]) as client,
    ):
        seen = [(await client.get("/v1/me")).status_code for _ in range(3)]
    assert seen == [200, 200, 429]


@pytest.fixture
def redis(tmp_path):
    """The address of a Redis of the test's own."""
    if (program := shutil.which("redis-server")) is None:
        pytest.skip("there is no redis-server here")
    place = tmp_path / "redis.sock"
    options = ["--port", "0", "--unixsocket", place, "--save", "", "--dir", tmp_path]
    with subprocess.Popen([program, *options], stdout=subprocess.DEVNULL) as process:  # noqa: S603 - found on the path
        deadline = monotonic() + 60
        while not place.exists():
            assert process.poll() is None
            assert monotonic() < deadline
            sleep(0.02)
        yield SecretStr(f"redis+unix://{place}")
        process.terminate()


async def test_servers_that_share_a_redis_count_together(serving, redis, workspace):
    limits = {"limit_default": 3, "redis_url": redis}
    async with (
        serving(**limits) as one,
        serving(**limits) as other,
        client_with(one, workspace[1]) as here,
        client_with(other, workspace[1]) as there,
    ):
        seen = [stands(await client.get("/v1/me"))[1] for client in (here, there, here)]
        tag = (await there.get("/v1/accounts")).headers["ETag"]
        again = await here.get("/v1/accounts", headers={"If-None-Match": tag})
        refused = await there.get("/v1/me")
    assert seen == [2, 1, 0]
    assert (again.status_code, stands(again)[1]) == (304, 999_999)
    assert (refused.status_code, refused.json()["code"]) == (429, "quota-exceeded")


def test_an_address_that_is_no_redis_is_refused_at_the_start():
    with pytest.raises(ValidationError, match="an address such as redis://"):
        Settings(_env_file=None, redis_url="localhost:6379")


def test_without_its_client_redis_is_refused_at_the_start(monkeypatch):
    monkeypatch.setattr("app.core.settings.find_spec", lambda _: None)
    with pytest.raises(ValidationError, match=r"pip install 'backcast\[redis\]'"):
        Settings(_env_file=None, redis_url="redis://localhost")


async def test_what_is_refused_was_not_done(client, calling):
    """Also on the short way, which is taken as soon as a key is known."""
    process = await make_process(client)
    async with calling(limit_default=4) as caller:
        body = {"name": "Press", "process_id": process["id"]}
        codes = [(await caller.post("/v1/opportunities", json=body)).status_code for _ in range(6)]
    assert codes == [201] * 4 + [429] * 2
    assert len((await client.get("/v1/opportunities")).json()["data"]) == 4
