"""What is said to bad input, everywhere; who may come in is asked in `tests/contract`."""

import json
import re
from uuid import UUID

import pytest
from fastapi.routing import iter_route_contexts

from app.core.database import Database
from app.core.ids import uuid7
from app.core.settings import Settings
from app.main import create_app


def questions():
    """The path of every GET operation, with ids that are not there."""
    app = create_app(Settings(_env_file=None), Database.of("postgresql://nobody@nowhere/none"))
    for context in iter_route_contexts(app.routes):
        path = str(context.path_format).replace("{file}", "failed.csv")
        if "GET" in (context.methods or ()) and path.startswith("/v1/"):
            yield re.sub(r"\{\w+\}", str(UUID(int=7)), path)


@pytest.mark.parametrize("path", sorted(questions()))
async def test_an_unknown_parameter_is_refused(client, path):
    answer = await client.get(path, params={"limt": 5})
    assert answer.status_code == 422
    faults = {(one.get("parameter"), one["code"]) for one in answer.json()["errors"]}
    assert ("limt", "unknown_parameter") in faults


@pytest.mark.parametrize("path", ["/v1/nothing", "/nothing", "/v1/me/"])
async def test_an_unknown_address_is_a_problem(client, path):
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/me", "GET"),
        ("/v1/workspace", "GET, PATCH"),
        (f"/v1/accounts/{UUID(int=7)}", "DELETE, GET, PATCH"),
        ("/v1/opportunities/search", "POST"),
    ],
)
async def test_a_wrong_method_is_a_problem_that_names_the_right_ones(client, path, methods):
    answer = await client.put(path, json={})
    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
    assert answer.headers["allow"] == methods


async def test_a_body_that_is_too_large_is_refused_with_and_without_a_length(client):
    async def drip():
        for _ in range(20):
            yield b" " * 100_000

    body = b'{"name": "' + b"x" * 2_000_000 + b'"}'
    for content in (body, drip()):
        answer = await client.post(
            "/v1/accounts", content=content, headers={"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        ({"Content-Type": "text/xml"}, b"<name/>"),
        ({"Content-Type": "application/json; charset=latin-1"}, b'{"name": "x"}'),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, b"\x1f\x8b"),
    ],
)
async def test_another_content_type_is_refused(client, headers, content):
    answer = await client.post("/v1/accounts", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"\xff\xfe{\x00}\x00",
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b'{"name": "a\\u0000b"}',
        b'{"name": NaN}',
        b'{"name": 1e400}',
        b'{"name": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"name": "x"} trailing',
        b'{"name": true}',
        b'{"name": "  "}',
        b"[]",
        b"null",
    ],
)
async def test_odd_json_is_refused_and_never_breaks_anything(client, content):
    answer = await client.post(
        "/v1/accounts", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_refusal_never_repeats_what_was_sent(client):
    answer = await client.post("/v1/accounts", json={"name": 7, "password": "hunter2"})
    assert answer.status_code == 422
    assert "hunter2" not in answer.text
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"/name", "/password"}


@pytest.mark.parametrize("limit", ["-1", "0", "1_0", "x", "1e3"])
async def test_a_limit_that_is_none_names_the_parameter(client, limit):
    answer = await client.get("/v1/accounts", params={"limit": limit})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "limit"


async def test_every_answer_carries_a_request_id_and_keeps_the_callers(client):
    mine = str(UUID(int=7))
    assert (await client.get("/v1/me", headers={"X-Request-Id": mine})).headers[
        "x-request-id"
    ] == mine
    answer = await client.get("/v1/nothing", headers={"X-Request-Id": "bad\tid"})
    assert answer.json()["request_id"] == answer.headers["x-request-id"] != "bad\tid"


async def test_titles_follow_the_language_and_codes_do_not(client):
    english = (await client.get("/v1/nothing")).json()
    german = (
        await client.get("/v1/nothing", headers={"Accept-Language": "de-AT, en;q=0.5"})
    ).json()
    assert english["code"] == german["code"]
    assert english["title"] != german["title"]


async def test_the_probes_answer_without_a_key(stranger):
    assert (await stranger.get("/livez")).status_code == 200
    assert (await stranger.get("/readyz")).status_code == 200


async def test_the_log_names_the_route_and_not_the_thing(client, caplog):
    caplog.set_level("INFO", logger="backcast.requests")
    id = uuid7()
    await client.get(f"/v1/accounts/{id}")
    line = json.loads(caplog.records[-1].message)
    assert (line["route"], line["status"]) == ("/v1/accounts/{id}", 404)
    assert str(id) not in caplog.records[-1].message
