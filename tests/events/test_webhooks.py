"""Webhooks that go well: who is told what, signed how, and how an endpoint is kept."""

import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from app.domain.webhooks import endpoints, sending
from tests.aims import ask
from tests.deals import eur, make_deal, make_process
from tests.deals import tell as say
from tests.events.log import told
from tests.events.post import endpoint, poke
from tests.events.receivers import receiver, says
from tests.imports.support import bring


@pytest.fixture
def today(clock):
    """Who verifies looks at a real clock."""
    clock.now = datetime.now(UTC)
    return clock


def verified(secret, one):
    return Webhook(secret).verify(one.body, one.headers)


async def test_an_event_is_sent_as_the_log_tells_it_and_signed(client, post_office, today):
    await make_process(client)
    async with receiver(says(200)) as honest:
        made = await endpoint(client, honest.url)
        deal = await make_deal(client)
        await post_office.round()
    [one] = honest.heard
    [event], _ = await told(client)
    assert one.line == "POST /hook?x=1 HTTP/1.1"
    assert verified(made["secret"], one) == event
    assert event["object"]["id"] == deal["id"]
    assert one.headers["webhook-id"] == event["id"]
    assert one.headers["host"] == f"127.0.0.1:{honest.port}"
    assert one.headers["content-type"].startswith("application/json")
    with pytest.raises(WebhookVerificationError):
        Webhook(made["secret"]).verify(one.body + b" ", one.headers)


async def test_old_and_new_secret_sign_for_a_day(client, post_office, today):
    async with receiver(says(200)) as honest:
        made = await endpoint(client, honest.url)
        turned = await client.post(f"/v1/webhook_endpoints/{made['id']}/rotate-secret")
        turned = turned.json()
        await poke(client, made)
        await post_office.round()
        for secret in (made["secret"], turned["secret"]):
            verified(secret, honest.heard[0])
        today.now += endpoints.ROTATION
        await poke(client, made)
        await post_office.round()
    assert len(honest.heard[0].headers["webhook-signature"].split()) == 2
    assert len(honest.heard[1].headers["webhook-signature"].split()) == 1


async def test_an_endpoint_gets_what_it_asked_for(client, post_office):
    await make_process(client)
    async with receiver(says(200)) as some, receiver(says(200)) as every:
        await endpoint(client, some.url, types=["opportunity.won", "import.finished"])
        await endpoint(client, every.url, bulk=True)
        deal = await make_deal(client)
        await say(client, deal, "reach", milestone="order", amount=eur("90.00"))
        mapping = {"columns": {"Id": "external_id", "Name": "name"}}
        file = "Id,Name\n1,One\n"
        await bring(client, "opportunities", file, mapping, process_id="new-business")
        while (await _waiting(client)) or not some.heard:
            await post_office.round()
    assert [json.loads(one.body)["type"] for one in some.heard] == [
        "opportunity.won",
        "import.finished",
    ]
    assert len(every.heard) == 5


async def _waiting(client):
    return (await ask(client, "/v1/webhook_deliveries", state="waiting"))["data"]


async def test_bulk_events_are_for_those_who_ask(client, post_office):
    await make_process(client)
    async with receiver(says(200)) as plain:
        await endpoint(client, plain.url)
        mapping = {"columns": {"Id": "external_id", "Name": "name"}}
        file = "Id,Name\n1,One\n2,Two\n"
        await bring(client, "opportunities", file, mapping, process_id="new-business")
        await post_office.round()
    assert [json.loads(one.body)["type"] for one in plain.heard] == ["import.finished"]


async def test_a_disabled_endpoint_rests_and_goes_on(client, post_office, clock):
    async with receiver(says(200)) as honest:
        made = await endpoint(client, honest.url)
        await poke(client, made)
        await told(client)
        place = f"/v1/webhook_endpoints/{made['id']}"
        for state, heard in (("disabled", 0), ("enabled", 1)):
            current = await ask(client, place)
            answer = await client.patch(
                place, json={"state": state}, headers={"If-Match": f'"{current["version"]}"'}
            )
            assert answer.json()["state"] == state
            await post_office.round()
            assert len(honest.heard) == heard


async def test_a_deleted_endpoint_gets_nothing(client, post_office):
    async with receiver(says(200)) as honest:
        made = await endpoint(client, honest.url)
        await poke(client, made)
        await told(client)
        place = f"/v1/webhook_endpoints/{made['id']}"
        assert (await client.delete(place, headers={"If-Match": '"1"'})).status_code == 204
        await post_office.round()
        assert honest.connections == 0
    assert (await client.get(place)).status_code == 404


async def test_there_is_an_end_to_endpoints(client):
    for number in range(endpoints.MOST):
        await endpoint(client, f"https://hooks.example.com/{number}")
    answer = await client.post("/v1/webhook_endpoints", json={"url": "https://example.com/"})
    assert answer.status_code == 409


async def test_the_lists_take_a_fixed_number_of_statements(client, post_office, statements):
    async with receiver(says(200)) as honest:
        made = await endpoint(client, honest.url)
        counts = []
        for _ in range(2):
            await poke(client, made)
            await post_office.round()
            statements.clear()
            await ask(client, "/v1/webhook_deliveries")
            await ask(client, "/v1/webhook_endpoints")
            counts.append(len(statements))
    assert counts[0] == counts[1]


async def test_where_there_is_work_is_seen_from_nowhere_and_only_by_the_worker(
    client, patient, engine, workspace, clock, loopback
):
    made = await endpoint(client, "https://hooks.example.com/")
    await poke(client, made)
    assert workspace[0] not in await sending.due(patient, clock.now)
    await told(client)
    assert workspace[0] in await sending.due(patient, clock.now)
    assert await sending.due(engine, clock.now) == []
