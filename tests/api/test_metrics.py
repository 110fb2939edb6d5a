"""Counters for whoever runs the service: not there without a token, and closed without it."""

import re

import pytest

from tests.conftest import client_with
from tests.faults.conftest import caller, service

TOKEN = "look-but-do-not-touch"


@pytest.fixture
async def counted(database):
    async with service(database, metrics_token=TOKEN) as app:
        yield app


async def told(app) -> dict[str, float]:
    async with caller(app, TOKEN) as prometheus:
        answer = await prometheus.get("/metrics")
    assert answer.status_code == 200
    lines = re.findall(r"^(backcast_\S+) (\S+)$", answer.text, re.MULTILINE)
    return {name: float(value) for name, value in lines}


async def test_without_a_token_in_the_settings_there_is_nothing(stranger):
    answer = await stranger.get("/metrics")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("said", [None, "look", f"{TOKEN}x"])
async def test_without_the_token_nobody_may_look(counted, said):
    async with client_with(counted, said) as nosy:
        answer = await nosy.get("/metrics")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_a_key_of_a_workspace_is_no_token(counted, workspace):
    async with caller(counted, workspace[1]) as customer:
        assert (await customer.get("/metrics")).status_code == 401


async def test_requests_are_counted_by_their_template_on_both_ways(counted, workspace):
    async with caller(counted, workspace[1]) as client:
        for id in ("7", "8"):
            await client.get(f"/v1/products/{id}")
        for _ in range(3):  # the first on the ordinary way, the others on the short one
            await client.get("/v1/opportunities")
        await client.get("/v1/no/such/address")
    seen = await told(counted)
    count = 'backcast_requests_total{{method="GET",route="{}",status="{}"}}'.format
    assert seen[count("/v1/products/{id}", 422)] == 2
    assert seen[count("/v1/opportunities", 200)] == 3
    assert seen[count("none", 404)] == 1
    assert seen['backcast_request_seconds_count{method="GET",route="/v1/opportunities"}'] == 3


async def test_the_pool_and_the_worker_are_shown(counted):
    seen = await told(counted)
    assert seen["backcast_pool_size"] == 4
    assert seen["backcast_pool_in_use"] == seen["backcast_worker_busy"] == 0


async def test_nothing_in_it_names_a_workspace_or_a_key(counted, workspace):
    async with caller(counted, workspace[1]) as client:
        await client.get("/v1/me")
    async with caller(counted, TOKEN) as prometheus:
        text = (await prometheus.get("/metrics")).text
    assert str(workspace[0]) not in text
    assert "bc_" not in text
    assert TOKEN not in text
