"""Requests with too much in them, or something else than what was asked: at every operation."""

import json
from time import process_time
from unicodedata import normalize
from urllib.parse import quote
from uuid import UUID

import pytest

from tests.conftest import DOCUMENT
from tests.deals import make_process

ID = str(UUID(int=7))
# What is decided by the service and by nobody else.
NOT_THEIRS = ("id", "workspace_id", "created_at", "version", "is_admin", "digest", "deleted_at")
SECONDS = 3.0  # of work; a question that is answered well takes milliseconds


def resolved(schema):
    name = schema.get("$ref", "").rpartition("/")[2]
    return DOCUMENT["components"]["schemas"][name] if name else schema


def writes():
    """(operation, method, path, example, properties) of whatever takes an object as JSON."""
    for path, methods in DOCUMENT["paths"].items():
        for method, node in methods.items():
            content = node.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None:
                continue
            schema, example = resolved(content["schema"]), content.get("example")
            if isinstance(example, dict) and "properties" in schema:
                address = path.replace("{file}", "failed.csv")
                for name in node.get("parameters", ()):
                    address = address.replace(f"{{{name.get('name')}}}", ID)
                yield node["operationId"], method, address, example, schema["properties"]


WRITES = {name: found for name, *found in writes()}
TAG = {"If-Match": '"1"'}


def pointers(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return {(each.get("pointer"), each["code"]) for each in answer.json().get("errors", ())}


async def test_nobody_sets_what_is_not_theirs_to_set(client):
    assert len(WRITES) > 50
    for name, (method, path, example, properties) in WRITES.items():
        more = {member: 1 for member in NOT_THEIRS if member not in properties}
        answer = await client.request(method, path, json=example | more, headers=TAG)
        assert answer.status_code == 422, (name, answer.text)
        wanted = {(f"/{member}", "unknown_field") for member in more}
        assert wanted <= pointers(answer), (name, answer.text)


async def test_true_is_no_number_anywhere(client):
    """Python would take it for 1."""
    tried = 0
    for name, (method, path, example, properties) in WRITES.items():
        for member, schema in properties.items():
            kinds = kinds_of(schema)
            if not kinds & {"integer", "number"} or "boolean" in kinds:
                continue
            answer = await client.request(method, path, json=example | {member: True}, headers=TAG)
            assert answer.status_code == 422, (name, member, answer.text)
            assert any(pointer.startswith(f"/{member}") for pointer, _ in pointers(answer))
            tried += 1
    assert tried > 10


def kinds_of(schema):
    schema = resolved(schema)
    kind = schema.get("type", [])
    found = set(kind if isinstance(kind, list) else [kind])
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        found |= kinds_of(each)
    return found


@pytest.mark.parametrize("name", ["fields", "include"])
async def test_nothing_hidden_can_be_asked_for(client, name):
    asked = 0
    for path, methods in DOCUMENT["paths"].items():
        parameters = methods.get("get", {}).get("parameters", ())
        if any(each.get("name") == name for each in parameters):
            for hidden in ("digest", "secret", "workspace_id", "fingerprint", "*"):
                answer = await client.get(path.replace("{id}", ID), params={name: hidden})
                assert (answer.status_code, answer.json()["code"]) == (422, "validation-failed")
            asked += 1
    assert asked > 5


SPELLINGS = {
    "composed": normalize("NFC", "é-1"),
    "decomposed": normalize("NFD", "é-1"),
    "sharp s": "Straße",
    "capital sharp s": "STRAẞE",
    "two s": "Strasse",
    "right to left": "שלום-7",
    "overridden": "\u202e7",
    "emoji": "🎩",
    "emoji with tone": "👍🏽",
    "joined": "👩‍💻",
    "full width": "\uff14\uff17\uff11\uff11",
    "digits": "4711",
    "leading zero": "04711",
    "two hundred": "🎩" * 200,
}


@pytest.mark.parametrize("noun", ["accounts", "people"])
async def test_external_ids_differ_when_any_character_does(client, noun):
    """They belong to another system: they are kept as they came, and compared as they came."""
    assert len(set(SPELLINGS.values())) == len(SPELLINGS)
    made = {}
    for spelling in SPELLINGS.values():
        path = f"/v1/{noun}/by-external-id/crm/{quote(spelling, safe='')}"
        answer = await client.put(path, json={"name": spelling})
        assert answer.status_code == 201, answer.text
        assert (answer.json()["external_id"], answer.json()["name"]) == (spelling, spelling)
        made[answer.json()["id"]] = spelling
    for id, spelling in made.items():
        asked = {"source": "crm", "external_id": spelling}
        found = (await client.get(f"/v1/{noun}", params=asked)).json()["data"]
        assert [(each["id"], each["external_id"]) for each in found] == [(id, spelling)]
    path = f"/v1/{noun}/by-external-id/crm/{quote('🎩' * 201, safe='')}"
    assert (await client.put(path, json={"name": "x"})).status_code == 422


async def test_pages_of_names_in_every_script_lose_nobody(client):
    names = [*SPELLINGS.values(), "Ä", "a", "Z", "z", "ß", "\u0301"]
    for name in names:
        assert (await client.post("/v1/accounts", json={"name": name})).status_code == 201
    seen, asked = [], {"limit": 3, "sort": "name"}
    while asked.get("cursor", "") is not None:
        page = (await client.get("/v1/accounts", params=asked)).json()
        seen += [each["name"] for each in page["data"]]
        asked = asked | {"cursor": page["next_cursor"]}
    assert sorted(seen) == sorted(names)


TERM = {"value": {"gte": "1.00"}}
HUGE = {
    "terms": ("POST", "/v1/opportunities/search", {"filter": {"or": [TERM] * 20_000}}),
    "values": (
        "POST", "/v1/opportunities/search", {"filter": {"owner": {"in": [ID] * 20_000}}},
    ),
    "one term too many": ("POST", "/v1/opportunities/search", {"filter": {"or": [TERM] * 101}}),
    "more than a body": (
        "POST", "/v1/opportunities/search", {"filter": {"or": [TERM] * 100_000}},
    ),
    "cells": ("PUT", "/v1/matrix/cells", [{"account_id": ID, "product_id": ID}] * 10_000),
    "batch": ("POST", "/v1/opportunities/batch", {"items": [{"name": "x"}] * 20_000}),
    "touchpoints": (
        "POST", "/v1/touchpoints/batch", {"items": [{"source": "x", "lead": "y"}] * 15_000},
    ),
    "history": ("POST", "/v1/processes/infer", {"rows": [{"deal": "x"}] * 50_000}),
    "periods": ("GET", "/v1/forecast", {"process": "new-business", "periods": 10**6}),
    "outlook": ("GET", "/v1/lights/outlook", {"process": "new-business", "periods": 10**6}),
    "window": ("GET", "/v1/rates", {"process": "new-business", "window": "1000000m"}),
    "far period": ("GET", "/v1/lights", {"process": "new-business", "period": "999999-01"}),
    "backtest": (
        "POST", "/v1/forecast/backtest",
        {"process_id": "new-business", "horizon_days": 10**6, "step_days": 1},
    ),
    "products": ("GET", "/v1/matrix", {"product": ",".join([ID] * 1_500)}),
    "months": ("GET", "/v1/matrix/lapsed", {"months": 10**9}),
    "digits": ("GET", "/v1/cycles", {"limit": "9" * 5_000 + "x"}),
    "milestones": ("POST", "/v1/processes", {"key": "x", "name": "x", "milestones": [{}] * 9_000}),
    "rates": ("POST", "/v1/cascade", {"target": {"count": 4}, "rates": ["0.5"] * 50_000}),
    "attributes": (
        "POST", "/v1/accounts", {"name": "x", "attributes": {str(n): n for n in range(50_000)}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", HUGE)
async def test_what_is_too_much_is_refused_with_little_work(client, what):
    await make_process(client)
    method, path, sent = HUGE[what]
    body = {"params": sent} if method == "GET" else {"json": sent}
    began = process_time()
    answer = await client.request(method, path, **body)
    assert process_time() - began < SECONDS
    assert answer.status_code in (413, 422), answer.text[:500]
    assert len(answer.content) < 100_000
    assert answer.json()["code"] in ("body-too-large", "validation-failed")


async def test_a_page_of_a_thousand_million_is_one_of_two_hundred(client):
    for n in range(3):
        await client.post("/v1/accounts", json={"name": f"N{n}"})
    for path in ("/v1/accounts", "/v1/matrix", "/v1/opportunities"):
        answer = await client.get(path, params={"limit": 10**9})
        assert answer.status_code == 200


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
async def test_json_is_utf_8_whatever_else_it_could_be_read_as(client, encoding):
    body = json.dumps({"name": "Alder"}).encode(encoding)
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/v1/accounts", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed-body")
