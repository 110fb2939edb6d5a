"""Keys that are rotated, revoked, or belong to somebody."""

import pytest

from app.domain.access import Scope
from tests.conftest import client_with
from tests.deals import post
from tests.security.people import coming, house


async def test_a_new_key_does_what_the_old_one_did_and_both_open_for_a_while(app, client, clock):
    old = await post(client, "/v1/api_keys", name="till", scopes=["accounts:read"])
    turned = await post(client, f"/v1/api_keys/{old['id']}/rotate", grace_seconds=3600)
    assert turned["replaces_id"] == old["id"]
    assert (turned["name"], turned["scopes"]) == (old["name"], old["scopes"])
    assert turned["key"] != old["key"]
    seen = (await client.get(f"/v1/api_keys/{old['id']}")).json()
    assert seen["expires_at"] == "2026-07-20T10:30:00Z"
    async with client_with(app, old["key"]) as first, client_with(app, turned["key"]) as second:
        assert (await first.get("/v1/accounts")).status_code == 200
        assert (await second.get("/v1/accounts")).status_code == 200
        clock.forward(hours=1)
        assert (await first.get("/v1/accounts")).json()["code"] == "key-revoked"
        assert (await second.get("/v1/accounts")).status_code == 200


async def test_nobody_rotates_into_more_than_he_holds(client, limited, neighbour):
    rich = await post(client, "/v1/api_keys", name="rich", scopes=["accounts:read", "admin"])
    keeper = await limited(Scope.ADMIN)
    refused = await keeper.post(f"/v1/api_keys/{rich['id']}/rotate", json={})
    assert (refused.status_code, refused.json()["scope"]) == (403, "accounts:read")
    foreign = await neighbour.post(f"/v1/api_keys/{rich['id']}/rotate", json={})
    assert foreign.status_code == 404
    await client.delete(f"/v1/api_keys/{rich['id']}")
    gone = await client.post(f"/v1/api_keys/{rich['id']}/rotate", json={})
    assert (gone.status_code, gone.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    "body",
    [{"grace_seconds": -1}, {"grace_seconds": 10**9}, {"expires_at": "2026-07-01T00:00:00Z"}],
)
async def test_a_grace_has_its_limits(client, body):
    old = await post(client, "/v1/api_keys", name="till", scopes=["accounts:read"])
    answer = await client.post(f"/v1/api_keys/{old['id']}/rotate", json=body)
    assert answer.status_code == 422


async def test_a_revoked_key_is_closed_at_once_on_the_short_way_too(app, client):
    made = await post(client, "/v1/api_keys", name="x", scopes=["opportunities:read"])
    async with client_with(app, made["key"]) as caller:
        for _ in range(3):
            assert (await caller.get("/v1/opportunities")).status_code == 200
        await client.delete(f"/v1/api_keys/{made['id']}")
        answer = await caller.get("/v1/opportunities")
    assert (answer.status_code, answer.json()["code"]) == (401, "key-revoked")


async def test_a_key_of_a_person_never_takes_the_short_way(app, client, monkeypatch):
    people, deals, _ = await house(client)
    async with coming(app, client, people["ada"]) as ada:
        for _ in range(3):
            listed = (await ada.get("/v1/opportunities")).json()["data"]
            assert [deal["id"] for deal in listed] == [deals["ada"]["id"]]
            foreign = await ada.get(f"/v1/opportunities/{deals['dee']['id']}")
            assert foreign.status_code == 404
            reach = f"/v1/opportunities/{deals['dee']['id']}/reach"
            assert (await ada.post(reach, json={"milestone": "need"})).status_code == 404
