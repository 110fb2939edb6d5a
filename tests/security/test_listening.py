"""Who may hear what happens: those who see everything, as long as they are known."""

import pytest

from tests.conftest import client_with
from tests.deals import make_deal, make_person, make_process, post
from tests.events.hearing import stream


async def test_a_token_hears_events_as_long_as_its_person_is_known(
    app, client, trusted, ada, workspace
):
    await make_process(client)
    token = trusted.token(trusted.claims(workspace[0]))
    async with stream(app, token) as heard:
        await make_deal(client)
        await heard.until(lambda h: h.types)
        await forget(client)
        await heard.until(lambda h: h.over)


async def test_a_page_hears_events_with_what_a_token_has_made(
    app, client, trusted, ada, workspace, clock
):
    await make_process(client)
    async with client_with(app, trusted.token(trusted.claims(workspace[0]))) as caller:
        query = f"token={(await caller.post('/v1/stream_tokens')).json()['token']}"
    async with stream(app, query=query) as heard:
        await make_deal(client)
        await heard.until(lambda h: h.types)
        clock.forward(minutes=5)
        await heard.until(lambda h: h.over)
    async with stream(app, query=query) as heard:
        assert heard.status == 401


async def test_what_a_token_has_made_ends_with_its_person(app, client, trusted, ada, workspace):
    async with client_with(app, trusted.token(trusted.claims(workspace[0]))) as caller:
        query = f"token={(await caller.post('/v1/stream_tokens')).json()['token']}"
    await forget(client)
    async with stream(app, query=query) as heard:
        assert heard.status == 401


@pytest.mark.parametrize("role", ["rep", "manager"])
async def test_events_are_closed_to_who_does_not_see_everything(
    app, client, trusted, ada, workspace, role
):
    token = trusted.token(trusted.claims(workspace[0], backcast_role=role))
    async with client_with(app, token) as caller:
        assert (await caller.get("/v1/events")).status_code == 403
        assert (await caller.post("/v1/stream_tokens")).status_code == 403
    async with stream(app, token) as heard:
        assert heard.status == 403


async def forget(client):
    """Whoever came with a token is nobody here any more."""
    [known] = (await client.get("/v1/identities")).json()["data"]
    assert (await client.delete(f"/v1/identities/{known['id']}")).status_code == 204


async def test_a_key_of_somebody_who_leaves_hears_no_more(app, client):
    await make_process(client)
    person = await make_person(client, "Ada")
    body = {"name": "Ada", "scopes": ["events:read"], "role": "admin", "person_id": person["id"]}
    key = (await post(client, "/v1/api_keys", **body))["key"]
    async with client_with(app, key) as caller:
        query = f"token={(await caller.post('/v1/stream_tokens')).json()['token']}"
    async with stream(app, key) as heard:
        await make_deal(client)
        await heard.until(lambda h: h.types)
        place = f"/v1/people/{person['id']}"
        tag = {"If-Match": (await client.get(place)).headers["etag"]}
        assert (await client.patch(place, json={"active": False}, headers=tag)).is_success
        await heard.until(lambda h: h.over)
    async with stream(app, query=query) as heard:
        assert heard.status == 401
