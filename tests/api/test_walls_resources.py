"""What another workspace has and what nobody has look the same from outside."""

import pytest

from app.core.ids import uuid7

BODIES = {
    "accounts": {"name": "Secret"},
    "people": {"name": "Secret", "external_id": "7"},
    "products": {"name": "Secret"},
    "sources": {"name": "Secret", "kind": "fair"},
    "teams": {"name": "Secret"},
}
METHODS = ("GET", "PATCH", "DELETE")


async def made(client, path):
    answer = await client.post(f"/v1/{path}", json=BODIES[path])
    assert answer.status_code == 201, answer.text
    return answer.json()


async def tried(caller, method, place):
    """The answer without what is particular to the request."""
    body = {"json": {"name": "Mine"}} if method == "PATCH" else {}
    answer = await caller.request(method, place, headers={"If-Match": '"1"'}, **body)
    seen = answer.text.replace(answer.headers["x-request-id"], "?")
    return answer.status_code, seen.replace(place.split("/")[3], "?"), answer.headers.get("etag")


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("method", METHODS)
async def test_foreign_and_absent_cannot_be_told_apart(client, neighbour, path, method):
    mine = await made(client, path)
    foreign = await tried(neighbour, method, f"/v1/{path}/{mine['id']}")
    absent = await tried(neighbour, method, f"/v1/{path}/{uuid7()}")
    assert foreign == absent
    assert foreign[0] == 404
    assert (await client.get(f"/v1/{path}/{mine['id']}")).json() == mine


@pytest.mark.parametrize("path", BODIES)
async def test_no_list_shows_what_others_have(client, neighbour, path):
    await made(client, path)
    for asked in ({}, {"q": "Secret"}):
        answer = await neighbour.get(f"/v1/{path}", params=asked)
        assert answer.json() == {"data": [], "next_cursor": None}


@pytest.mark.parametrize("path", BODIES)
async def test_two_workspaces_may_use_the_same_names_keys_and_ids(client, neighbour, path):
    assert (await made(client, path))["id"] != (await made(neighbour, path))["id"]


@pytest.mark.parametrize("path", BODIES)
async def test_a_stranger_is_turned_away_before_anything_is_looked_up(stranger, path, statements):
    statements.clear()
    for method in ("GET", "POST"):
        assert (await stranger.request(method, f"/v1/{path}")).status_code == 401
    for method in METHODS:
        assert (await stranger.request(method, f"/v1/{path}/{uuid7()}")).status_code == 401
    assert statements == []


async def test_a_cursor_opens_nothing_in_another_workspace(client, neighbour):
    for _ in range(2):
        await made(client, "accounts")
    page = (await client.get("/v1/accounts", params={"limit": 1})).json()
    asked = {"limit": 1, "cursor": page["next_cursor"]}
    answer = await neighbour.get("/v1/accounts", params=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-cursor")


@pytest.mark.parametrize("path", ["accounts", "people", "teams"])
async def test_memberships_and_parents_cannot_reach_over_the_wall(client, neighbour, path):
    mine, theirs = await made(client, path), await made(neighbour, path)
    team = (await made(client, "teams"))["id"]
    field = {"team_id": team} if path == "people" else {"parent_id": mine["id"]}
    answer = await neighbour.patch(
        f"/v1/{path}/{theirs['id']}", json=field, headers={"If-Match": '"1"'}
    )
    assert answer.status_code == 404
    assert (await neighbour.get(f"/v1/{path}/{theirs['id']}")).json() == theirs


async def test_a_foreign_team_filters_to_nobody(client, neighbour):
    team = (await made(client, "teams"))["id"]
    person = await made(client, "people")
    await client.post(f"/v1/people/{person['id']}/memberships", json={"team_id": team})
    assert (await neighbour.get("/v1/people", params={"team": team})).json()["data"] == []
    answer = await neighbour.get(f"/v1/people/{person['id']}/memberships")
    assert answer.status_code == 404
