"""Streams: what happens is heard, from where one stopped, and no longer than one may hear it."""

import pytest

from app.core.database import workspace_transaction
from app.core.settings import Settings
from app.domain.access import Scope
from app.domain.outbox import publishing
from app.main import create_app
from tests.aims import ask
from tests.conftest import new_key
from tests.deals import make_deal, make_process
from tests.deals import tell as say
from tests.events.hearing import stream
from tests.events.log import here, told


@pytest.fixture
def listen(app, workspace):
    def open(query="", secret=workspace[1], **headers):
        return stream(app, secret, query, **headers)

    return open


@pytest.fixture
def room(app):
    """The streams of the app, for a test to make their number small."""
    streams = app.state.streams
    before = streams.most, streams.most_of_one
    yield streams
    streams.most, streams.most_of_one = before


async def test_what_happens_is_heard_as_the_log_tells_it(client, listen):
    await make_process(client)
    async with listen() as heard:
        deal = await make_deal(client)
        await say(client, deal, "reach", milestone="interest")
        await heard.until(lambda h: len(h.types) == 2)
    events, _ = await told(client)
    assert [data for _, _, data in heard.frames] == events
    assert [id for _, id, _ in heard.frames] == [each["cursor"] for each in events]
    assert heard.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert heard.headers["cache-control"] == "no-cache"
    assert heard.headers["x-accel-buffering"] == "no"
    assert "content-encoding" not in heard.headers
    assert heard.raw.startswith(b"retry: 3000\n\n")


async def test_who_comes_back_hears_what_was_missed(client, listen):
    await make_process(client)
    at = await here(client)
    for number in range(3):
        await make_deal(client, f"Deal {number}")
    for more in ({"last_event_id": at}, {"query": f"after={at}"}):
        async with listen(**more) as heard:
            await heard.until(lambda h: len(h.types) == 3)
    first = heard.frames[0][1]
    async with listen(last_event_id=first, query="after=now") as heard:
        await heard.until(lambda h: len(h.types) == 2)


async def test_only_the_types_that_were_asked_for_are_heard(client, listen):
    await make_process(client)
    async with listen("types=opportunity.milestone_reached") as heard:
        deal = await make_deal(client)
        await say(client, deal, "reach", milestone="interest")
        await heard.until(lambda h: h.types)
    assert heard.types == ["opportunity.milestone_reached"]


async def test_who_was_away_too_long_is_told_to_read_anew(client, listen, engine, workspace, clock):
    await make_process(client)
    await make_deal(client)
    _, old = await told(client, limit=1)
    await make_deal(client)
    await here(client)
    clock.forward(days=31)
    async with workspace_transaction(engine, workspace[0]) as db:
        await publishing.forget(db, workspace[0], clock.now)
    for lost in (old, "rubbish"):
        async with listen(last_event_id=lost) as heard:
            await heard.until(lambda h: h.frames)
            [(event, id, data)] = heard.frames
            assert (event, data, id) == ("reset", {}, await here(client))
            await make_deal(client)
            await heard.until(lambda h: h.types)


async def test_a_revoked_key_hears_no_more(client, engine, workspace, listen):
    secret = await new_key(engine, workspace[0], [Scope.EVENTS_READ])
    me = await ask(client, "/v1/me", headers={"Authorization": f"Bearer {secret}"})
    async with listen(secret=secret) as heard:
        await client.delete(f"/v1/api_keys/{me['key']['id']}")
        await heard.until(lambda h: h.over)


async def test_a_stream_needs_a_key_with_its_scope(app, limited, listen, stranger):
    assert (await stranger.get("/v1/stream")).status_code == 401
    others = await limited(*(set(Scope) - {Scope.EVENTS_READ}))
    assert (await others.get("/v1/stream")).status_code == 403


async def test_there_is_an_end_to_streams_for_one_workspace_and_for_all(client, listen, room):
    room.most_of_one = 1
    async with listen():
        answer = await client.get("/v1/stream")
        assert (answer.status_code, answer.json()["code"]) == (429, "too-many-streams")
        assert answer.headers["retry-after"] == "10"
    room.most = 0
    assert (await client.get("/v1/stream")).status_code == 429


async def test_nobody_hears_another_workspace(client, neighbour, listen, app):
    await make_process(neighbour)
    await make_process(client)
    async with listen() as heard:
        await make_deal(neighbour, "Theirs")
        mine = await make_deal(client, "Mine")
        await heard.until(lambda h: h.types)
    assert [data["object"]["id"] for _, _, data in heard.frames] == [mine["id"]]


async def test_a_listener_holds_no_connection_and_leaves_nothing_behind(listen, app, engine):
    async with listen() as one, listen() as other:
        await one.until(lambda h: h.raw)
        await other.until(lambda h: h.raw)
        assert sum(map(len, app.state.streams.open.values())) == 2
        # One at most: the loop that looks for all of them may just be looking.
        assert engine.pool.checkedout() <= 1
    assert app.state.streams.open == {}


async def test_a_token_opens_a_stream_for_a_while(client, app, workspace, clock, engine):
    await make_process(client)
    secret = await new_key(engine, workspace[0], [Scope.EVENTS_READ])
    mine = {"Authorization": f"Bearer {secret}"}
    made = (await client.post("/v1/stream_tokens", headers=mine)).json()
    query = f"token={made['token']}"
    async with stream(app, query=query) as heard:
        await make_deal(client)
        await heard.until(lambda h: h.types)
    clock.forward(minutes=5)
    async with stream(app, query=query) as heard:
        assert heard.status == 401
    fresh = (await client.post("/v1/stream_tokens", headers=mine)).json()["token"]
    me = await ask(client, "/v1/me", headers=mine)
    await client.delete(f"/v1/api_keys/{me['key']['id']}")
    async with stream(app, query=f"token={fresh}") as heard:
        assert heard.status == 401


async def test_a_token_that_was_changed_opens_nothing(client, neighbour, stranger):
    token = (await client.post("/v1/stream_tokens")).json()["token"]
    theirs = (await neighbour.post("/v1/stream_tokens")).json()["token"]
    for wrong in ("", "bst_", "x", token[:-3] + "AAA", theirs[:26] + token[26:], token + "A"):
        answer = await stranger.get("/v1/stream", params={"token": wrong})
        assert answer.status_code == 401, wrong


async def test_a_page_of_another_origin_hears_nothing_until_it_is_allowed(client, app):
    token = (await client.post("/v1/stream_tokens")).json()["token"]
    async with stream(app, query=f"token={token}", origin="https://evil.example") as heard:
        assert heard.status == 403


async def test_the_end_of_the_server_is_the_end_of_its_streams(database, settings, workspace):
    app = create_app(Settings(_env_file=None, rounds=False), database)
    async with app.router.lifespan_context(app), stream(app, workspace[1]) as heard:
        app.state.streams.close()
        await heard.until(lambda h: h.over)
        assert app.state.streams.closed
