import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from tests.conftest import client_with


async def made(client, *scopes, **more):
    body = {"name": "A key", "scopes": scopes or ["accounts:read"]} | more
    return await client.post("/v1/api_keys", json=body)


async def listed(client, **asked):
    answer = await client.get("/v1/api_keys", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_new_key_opens_what_it_was_made_for(app, client):
    answer = await made(client)
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/api_keys/{answer.json()['id']}"
    async with client_with(app, answer.json()["key"]) as other:
        assert (await other.get("/v1/accounts")).status_code == 200
        assert (await other.get("/v1/api_keys")).status_code == 403


async def test_the_secret_is_shown_once(client):
    answer = await made(client)
    secret = answer.json()["key"]
    assert secret.startswith(answer.json()["hint"].rstrip("…"))
    for place in (answer.headers["location"], "/v1/api_keys"):
        again = await client.get(place)
        assert again.status_code == 200
        assert secret not in again.text
        assert "digest" not in again.text


async def test_a_revoked_key_is_closed_at_once_and_stays_listed(app, client, clock):
    answer = await made(client)
    async with client_with(app, answer.json()["key"]) as other:
        for _ in range(2):
            gone = await client.delete(answer.headers["location"])
            assert (gone.status_code, gone.content) == (204, b"")
            clock.forward(minutes=1)
        refused = await other.get("/v1/accounts")
    assert (refused.status_code, refused.json()["code"]) == (401, "key-revoked")
    seen = (await client.get(answer.headers["location"])).json()
    assert seen["revoked_at"] == "2026-07-20T09:30:00Z"


async def test_a_key_cannot_grant_what_it_does_not_hold(limited):
    keeper = await limited(Scope.ADMIN, Scope.ACCOUNTS_READ)
    refused = await made(keeper, "accounts:read", "forecast:read")
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient-scope")
    assert refused.json()["scope"] == "forecast:read"
    assert (await made(keeper, "accounts:read", "admin")).status_code == 201


async def test_a_key_ends_when_it_was_told_to(app, client, clock):
    answer = await made(client, expires_at="2026-07-20T12:00:00+02:00")
    assert answer.json()["expires_at"] == "2026-07-20T10:00:00Z"
    async with client_with(app, answer.json()["key"]) as other:
        assert (await other.get("/v1/accounts")).status_code == 200
        clock.forward(minutes=30)
        assert (await other.get("/v1/accounts")).status_code == 401


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"expires_at": "2026-07-20T09:30:00Z"}, "/expires_at", "in_the_past"),
        ({"expires_at": "2027-07-20T09:30:00"}, "/expires_at", "time_zone_missing"),
        ({"scopes": []}, "/scopes", "too_few"),
        ({"scopes": ["everything"]}, "/scopes/0", "not_one_of"),
        ({"key": "bc_mine"}, "/key", "unknown_field"),
    ],
)
async def test_a_bad_field_is_pointed_at(client, change, pointer, code):
    answer = await made(client, **change)
    assert answer.status_code == 422
    [fault] = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == (pointer, code)


async def test_a_scope_named_twice_is_held_once(client):
    answer = await made(client, "accounts:read", "accounts:read")
    assert answer.json()["scopes"] == ["accounts:read"]


async def test_the_keys_of_others_are_not_there(client, neighbour):
    answer = await made(client)
    for place in (answer.headers["location"], f"/v1/api_keys/{uuid7()}"):
        assert (await neighbour.get(place)).status_code == 404
        assert (await neighbour.delete(place)).status_code == 404
    assert answer.json()["id"] not in str(await listed(neighbour))
    assert (await client.get(answer.headers["location"])).json()["revoked_at"] is None


async def test_keys_are_listed_page_by_page_in_one_statement(client, statements):
    for _ in range(3):
        await made(client)
    statements.clear()
    first = await listed(client, limit=3)
    assert sum("FROM api_keys" in statement for statement in statements) == 2  # the door's and ours
    second = await listed(client, limit=3, cursor=first["next_cursor"])
    assert len({key["id"] for key in first["data"] + second["data"]}) == 4
    assert second["next_cursor"] is None


async def test_keys_are_the_business_of_admins(limited, stranger):
    others = set(Scope) - {Scope.ADMIN}
    clerk = await limited(*others)
    for caller, status in ((clerk, 403), (stranger, 401)):
        assert (await caller.get("/v1/api_keys")).status_code == status
        assert (await made(caller)).status_code == status
        assert (await caller.delete(f"/v1/api_keys/{uuid7()}")).status_code == status
