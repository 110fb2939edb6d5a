"""What the service answers is what the contract promises, held against each other on a walk."""

import pytest

from tests.contract.conformance import faults

PROCESS = {"key": "new", "name": "New", "template": "milestone-selling-5", "language": "en"}


@pytest.fixture
def ask(contract, client):
    async def send(method, path, **more):
        response = await client.request(method, path, **more)
        assert faults(contract, method, path, response) == []
        return response

    return send


@pytest.fixture
async def opportunity(ask):
    await ask("POST", "/v1/processes", json=PROCESS)
    told = {"name": "Press", "process_id": "new", "account": {"name": "Alder"}}
    return await ask("POST", "/v1/opportunities", json=told)


async def test_a_resource_through_its_life(ask):
    made = await ask("POST", "/v1/accounts", json={"name": "Alder"})
    place, tag = made.headers["Location"], made.headers["ETag"]
    assert (await ask("GET", place)).headers["ETag"] == tag
    await ask("GET", "/v1/accounts", params={"limit": 1})
    changed = await ask("PATCH", place, json={"name": "Ash"}, headers={"If-Match": tag})
    assert changed.headers["ETag"] != tag
    gone = await ask("DELETE", place, headers={"If-Match": changed.headers["ETag"]})
    assert gone.status_code == 204
    assert (await ask("GET", place)).status_code == 404


async def test_an_opportunity_through_its_life(ask, opportunity):
    place = opportunity.headers["Location"]
    process = (await ask("GET", "/v1/processes/new")).json()
    first = process["milestones"][0]
    told = {"milestone": first["key"], "act": "said"}
    assert (await ask("POST", f"{place}/reach", json=told)).json()["milestone"] == first["key"]
    reason = first["exit_reasons"][0]
    told = {"kind": reason["kind"], "reason": reason["key"]}
    assert (await ask("POST", f"{place}/exit", json=told)).json()["status"] == "exited"
    assert (await ask("POST", f"{place}/resume", json={})).status_code == 409
    assert len((await ask("GET", f"{place}/events")).json()["data"]) == 3


@pytest.mark.parametrize(
    ("status", "more"),
    [
        (400, {"content": "{", "headers": {"Content-Type": "application/json"}}),
        (415, {"content": "a", "headers": {"Content-Type": "text/plain"}}),
        (413, {"json": {"name": "a" * 2_000_000}}),
        (422, {"json": {"name": ""}}),
        (422, {"json": {"name": "Alder", "colour": "red"}}),
        (201, {"json": {"name": "Alder"}}),
    ],
)
async def test_bodies_that_are_taken_and_bodies_that_are_not(ask, status, more):
    assert (await ask("POST", "/v1/accounts", **more)).status_code == status


async def test_changes_without_a_version_or_with_an_old_one(ask):
    place = (await ask("POST", "/v1/accounts", json={"name": "Alder"})).headers["Location"]
    assert (await ask("PATCH", place, json={"name": "Ash"})).status_code == 428
    old = await ask("PATCH", place, json={"name": "Ash"}, headers={"If-Match": '"999"'})
    assert old.status_code == 412
    assert old.headers["ETag"] == '"1"'


async def test_questions_without_a_key_and_probes(contract, stranger):
    for path in ("/v1/me", "/v1/accounts", "/livez", "/readyz", "/problems/locked", "/problems/x"):
        response = await stranger.get(path)
        assert faults(contract, "GET", path, response) == []


async def test_the_check_itself_sees_what_is_not_promised(contract, stranger):
    response = await stranger.get("/livez")
    response.headers["ETag"] = '"1"'
    assert faults(contract, "GET", "/livez", response) == ["GET /livez -> 200: header ETag"]
    assert faults(contract, "POST", "/v1/accounts", response) == [
        "POST /v1/accounts -> 200 is not documented"
    ]
