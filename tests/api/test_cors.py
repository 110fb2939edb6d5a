"""Web pages of other origins: which may ask, and what they may read."""

import re

import pytest
from fastapi import FastAPI

from app.main import create_app
from tests.conftest import CLOCK, DOCUMENT, client_with

PAGE = "https://sales.example.com"
ID = "00000000-0000-0000-0000-000000000007"
OTHER = "https://other.example.com"
EXPOSED = {
    "Backcast-Position",
    "ETag",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-Id",
    "Deprecation",
    "Sunset",
    "Idempotency-Replayed",
}


async def allow(client, *origins):
    tag = (await client.get("/v1/workspace")).headers["ETag"]
    patch = {"allowed_origins": [*origins]}
    answer = await client.patch("/v1/workspace", json=patch, headers={"If-Match": tag})
    assert answer.status_code == 200, answer.text
    return answer.json()["allowed_origins"]


def asked_by(origin):
    return {"headers": {"Origin": origin}}


def readable(answer, origin=PAGE):
    """Whether a page of this origin may read the answer, with all headers that matter to it."""
    exposed = set(answer.headers.get("Access-Control-Expose-Headers", "").split(", "))
    allowed = answer.headers.get("Access-Control-Allow-Origin")
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]
    return allowed == origin and exposed == EXPOSED


async def test_a_browser_asks_ahead_without_a_key_and_may_come_back(stranger):
    ahead = {
        "Origin": PAGE,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,if-match,idempotency-key,traceparent",
    }
    answer = await stranger.options("/v1/workspace", headers=ahead)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"].split(", ")
    assert answer.headers["Access-Control-Allow-Headers"] == ahead["Access-Control-Request-Headers"]
    assert answer.headers["Access-Control-Max-Age"] == "7200"
    assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_no_page_may_ask_until_the_workspace_allows_it(client):
    refused = await client.post("/v1/accounts", json={"name": "Alder"}, **asked_by(PAGE))
    assert (refused.status_code, refused.json()["code"]) == (403, "origin-not-allowed")
    assert readable(refused)
    assert (await client.get("/v1/accounts")).json()["data"] == []
    assert await allow(client, PAGE) == [PAGE]
    answer = await client.post("/v1/accounts", json={"name": "Alder"}, **asked_by(PAGE))
    assert answer.status_code == 201
    assert readable(answer)


async def test_each_workspace_allows_pages_for_itself(client, neighbour):
    await allow(client, PAGE)
    assert (await client.get("/v1/me", **asked_by(PAGE))).status_code == 200
    assert (await client.get("/v1/me", **asked_by(OTHER))).status_code == 403
    assert (await neighbour.get("/v1/me", **asked_by(PAGE))).status_code == 403


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://sales.example.com",
        "https://sales.example.com:8443",
        "https://sales.example.com.evil.example",
        "https://SALES.example.com",
        "https://example.com",
        "",
    ],
)
async def test_an_origin_is_allowed_as_it_stands_or_not_at_all(client, origin):
    await allow(client, PAGE)
    assert (await client.get("/v1/me", **asked_by(origin))).status_code == 403


async def test_a_star_allows_every_page(client):
    await allow(client, "*")
    for origin in (PAGE, OTHER, "null"):
        answer = await client.get("/v1/me", **asked_by(origin))
        assert answer.status_code == 200
        assert readable(answer, origin)


async def test_pages_of_the_server_itself_and_programs_need_no_allowance(client):
    # Behind a proxy that ends TLS, the page's scheme is not that of the request.
    for headers in ({"Origin": "http://test"}, {"Origin": "https://test"}, {}):
        assert (await client.get("/v1/me", headers=headers)).status_code == 200


async def test_an_answer_without_news_is_readable(client):
    await allow(client, PAGE)
    tag = (await client.get("/v1/workspace", **asked_by(PAGE))).headers["ETag"]
    answer = await client.get("/v1/workspace", headers={"Origin": PAGE, "If-None-Match": tag})
    assert answer.status_code == 304
    assert readable(answer)


async def test_every_error_is_readable(client, stranger):
    await allow(client, PAGE)
    large = {"name": "a" * 2_000_000}
    answers = [
        await stranger.get("/v1/me", **asked_by(PAGE)),
        await client.get("/v1/nothing", **asked_by(PAGE)),
        await client.put("/v1/me", json={}, **asked_by(PAGE)),
        await client.post("/v1/accounts", json=large, **asked_by(PAGE)),
        await client.post("/v1/accounts", content="a", **asked_by(PAGE)),
        await client.post("/v1/accounts", json={}, **asked_by(PAGE)),
        await client.patch("/v1/workspace", json={}, **asked_by(PAGE)),
    ]
    assert [a.status_code for a in answers] == [401, 404, 405, 413, 415, 422, 428]
    assert all(readable(answer) for answer in answers)


async def test_too_much_is_readable(client, workspace, database, settings):
    await allow(client, PAGE)
    app = create_app(settings.model_copy(update={"limit_default": 1}), database, clock=CLOCK)
    async with app.router.lifespan_context(app), client_with(app, workspace[1]) as hurried:
        await hurried.get("/v1/me", **asked_by(PAGE))
        answer = await hurried.get("/v1/me", **asked_by(PAGE))
    assert answer.status_code == 429
    assert readable(answer)


async def test_what_nobody_foresaw_is_readable(database, settings, workspace, client):
    await allow(client, PAGE)
    app: FastAPI = create_app(settings, database, clock=CLOCK)
    app.add_api_route("/broken", lambda: 1 / 0)
    async with app.router.lifespan_context(app), client_with(app, workspace[1]) as caller:
        answer = await caller.get("/broken", **asked_by(PAGE))
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert readable(answer)


async def test_no_operation_answers_a_page_that_is_not_allowed(client):
    asked = 0
    for path, methods in DOCUMENT["paths"].items():
        address = re.sub(r"\{\w+\}", ID, path)
        for method in (method for method, node in methods.items() if node["security"]):
            body = {} if method == "get" or path.endswith("/content") else {"json": {}}
            answer = await client.request(method, address, **body, **asked_by(OTHER))
            assert (answer.status_code, answer.json()["code"]) == (403, "origin-not-allowed"), path
            asked += 1
    assert asked > 50


@pytest.mark.parametrize(
    "origin",
    [
        "https://sales.example.com/",
        "https://sales.example.com/page",
        "https://*.example.com",
        "sales.example.com",
        "https://",
        "https://user@sales.example.com",
        "https://sales.example.com:443",
        "http://sales.example.com:80",
        "https://Sales.example.com",
        "null",
        "",
        "https://sales.example.com\n",
        7,
    ],
)
async def test_what_no_browser_sends_as_an_origin_is_refused(client, origin):
    tag = (await client.get("/v1/workspace")).headers["ETag"]
    patch = {"allowed_origins": [PAGE, origin]}
    answer = await client.patch("/v1/workspace", json=patch, headers={"If-Match": tag})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/allowed_origins/1"


async def test_origins_are_kept_once_and_in_order(client):
    apps = ["capacitor://localhost", "http://[::1]:5173", "http://localhost:5173", PAGE]
    assert await allow(client, *reversed(apps), PAGE) == apps
    assert await allow(client) == []
