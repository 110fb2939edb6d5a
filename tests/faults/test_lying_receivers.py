"""Receivers that lie: the schedule is kept, nobody else waits, nothing is lost."""

import asyncio
import gzip
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from app.core.outbound import READ_AT_MOST
from app.domain.courier import MOST, MOST_OF_ONE
from app.domain.webhooks import sending
from app.engine.retries import WAITS
from tests.aims import ask
from tests.events.log import told, types
from tests.events.post import endpoint, poke
from tests.events.receivers import (
    drips,
    floods,
    never,
    one_after_the_other,
    receiver,
    says,
)


async def test_five_failures_and_then_a_success(client, post_office, clock):
    async with receiver(one_after_the_other(*[says(500)] * 5, says(200))) as lying:
        made = await endpoint(client, lying.url)
        await poke(client, made)
        for _ in range(6):
            await post_office.round()
            one = await post_office.delivery()
            if one["state"] == "delivered":
                break
            clock.now = _instant(one["next_at"])
    assert (one["state"], one["attempts"]) == ("delivered", 6)
    assert [each["status"] for each in one["log"]] == [500] * 5 + [200]
    assert len({each.headers["webhook-id"] for each in lying.heard}) == 1
    assert len({each.headers["webhook-timestamp"] for each in lying.heard}) == 6
    waits = [_instant(b["at"]) - _instant(a["at"]) for a, b in _pairs(one["log"])]
    for wait, least in zip(waits, WAITS[1:], strict=False):
        assert least <= wait <= least * 1.1


async def test_nothing_is_sent_before_it_is_due(client, post_office, clock):
    async with receiver(says(500)) as lying:
        await poke(client, await endpoint(client, lying.url))
        await post_office.round()
        clock.forward(seconds=4)
        await post_office.round()
        assert len(lying.heard) == 1
        clock.forward(seconds=2)
        await post_office.round()
        assert len(lying.heard) == 2


async def test_after_ten_failures_it_has_failed_and_can_be_sent_again(client, post_office, clock):
    async with receiver(one_after_the_other(*[says(503)] * 10, says(204))) as lying:
        await poke(client, await endpoint(client, lying.url))
        for _ in WAITS:
            await post_office.round()
            one = await post_office.delivery()
            clock.now = _instant(one["next_at"] or one["finished_at"])
        assert (one["state"], one["attempts"]) == ("failed", 10)
        again = await client.post(f"/v1/webhook_deliveries/{one['id']}/resend")
        assert again.status_code == 200, again.text
        await post_office.round()
    one = await post_office.delivery()
    assert (one["state"], one["attempts"]) == ("delivered", 11)


async def test_days_of_nothing_but_failures_disable_and_what_waits_can_go_on(
    client, post_office, clock
):
    async with receiver(one_after_the_other(*[says(503)] * 2, says(204))) as lying:
        made = await endpoint(client, lying.url, types=["webhook.test"])
        await poke(client, made)
        await post_office.round()
        clock.now += sending.GIVEN_UP_AFTER
        await post_office.round()
        seen = await ask(client, f"/v1/webhook_endpoints/{made['id']}")
        assert (seen["state"], seen["disabled_reason"]) == ("disabled", "failing")
        assert (await post_office.delivery())["state"] == "paused"
        assert await types(client) == ["webhook.test", "webhook.disabled"]
        await _enable(client, seen)
        await post_office.round()
    one = await post_office.delivery()
    assert (one["state"], one["attempts"]) == ("delivered", 3)
    assert (await ask(client, f"/v1/webhook_endpoints/{made['id']}"))["failing_since"] is None


@pytest.mark.parametrize("behave", [never, drips], ids=["never answers", "drips"])
async def test_who_takes_too_long_has_not_answered(client, post_office, behave):
    post_office.hurry()
    async with receiver(behave) as lying:
        await poke(client, await endpoint(client, lying.url))
        await post_office.round()
    one = await post_office.delivery()
    assert (one["state"], one["attempts"]) == ("waiting", 1)
    assert (one["log"][0]["error"], one["log"][0]["status"]) == ("timeout", None)


async def test_a_redirect_is_a_failure_and_is_not_followed(client, post_office):
    async with receiver(says(200)) as inside:
        async with receiver(says(302, f"Location: {inside.url}")) as lying:
            await poke(client, await endpoint(client, lying.url))
            await post_office.round()
        assert inside.connections == 0
    one = await post_office.delivery()
    assert (one["state"], one["log"][0]["status"]) == ("waiting", 302)


async def test_a_bomb_stays_packed_and_a_flood_is_not_drunk(client, post_office):
    bomb = gzip.compress(b"\0" * 50_000_000)
    async with receiver(says(200, "Content-Encoding: gzip", body=bomb)) as lying:
        await poke(client, await endpoint(client, lying.url))
        await post_office.round()
    async with receiver(floods) as flooding:
        await poke(client, await endpoint(client, flooding.url))
        await post_office.round()
    for one in await post_office.deliveries():
        assert (one["state"], one["log"][-1]["status"]) == ("delivered", 200)
        assert len(one["log"][-1]["excerpt"]) <= 500 < READ_AT_MOST


async def test_gone_disables_at_once_and_others_are_told(client, post_office):
    async with receiver(says(410)) as lying, receiver(says(200)) as honest:
        made = await endpoint(client, lying.url, types=["webhook.test"])
        await endpoint(client, honest.url, types=["webhook.disabled"])
        await poke(client, made)
        await post_office.round()
        seen = await ask(client, f"/v1/webhook_endpoints/{made['id']}")
        assert (seen["state"], seen["disabled_reason"]) == ("disabled", "gone")
        await post_office.round()
    assert await types(client) == ["webhook.test", "webhook.disabled"]
    [one] = honest.heard
    assert b'"reason":"gone"' in one.body


async def test_a_slow_receiver_holds_up_nobody_else(client, post_office):
    async with receiver(never) as slow, receiver(says(200)) as quick:
        await endpoint(client, slow.url)
        await endpoint(client, quick.url)
        for number in range(6):
            body = {"name": f"Alder {number}"}
            account = (await client.post("/v1/accounts", json=body)).json()
            product = (await client.post("/v1/products", json={"name": f"P {number}"})).json()
            cell = {"account_id": account["id"], "product_id": product["id"], "need": "yes"}
            await client.put("/v1/matrix/cells", json=[cell])
        await post_office.begin()
        await post_office.begin()
        while len(quick.heard) < 6:
            await post_office.begin()
            await asyncio.sleep(0)
        assert slow.connections <= sending.AT_ONCE
        assert any(not task.done() for task in post_office.courier.under_way)


async def test_a_workspace_of_silent_receivers_takes_no_place_of_others(client, post_office):
    post_office.hurry(5)  # enough to begin with all of them
    async with receiver(never) as slow:
        for number in range(MOST_OF_ONE // sending.AT_ONCE + 1):
            made = await endpoint(client, f"{slow.url}?{number}", types=["webhook.test"])
            for _ in range(sending.AT_ONCE):
                await poke(client, made)
        for _ in range(3):
            await post_office.begin()
        assert len(post_office.courier.under_way) == MOST_OF_ONE < MOST
        await post_office.courier.sent()
    await post_office.round()
    assert not post_office.courier.housed
    assert not post_office.courier.busy


async def test_who_dies_between_sending_and_recording_sends_again_and_counts_once(
    client, post_office, patient, workspace, clock
):
    async with receiver(says(200)) as honest:
        await poke(client, await endpoint(client, honest.url))
        await told(client)
        [dead] = await sending.claim(patient, workspace[0], clock.now, {}, 1)
        answer = await sending.send(post_office.courier.outbound, dead, clock.now)
        assert answer.delivered
        await post_office.round()
        assert len(honest.heard) == 1  # somebody holds it
        clock.now += sending.LEASE + timedelta(seconds=1)
        await post_office.round()
        assert len(honest.heard) == 2
        late = await sending.record(patient, dead, answer, clock.now, clock.now)
    assert late is False
    one = await post_office.delivery()
    assert (one["state"], one["attempts"], len(one["log"])) == ("delivered", 1, 1)
    first, second = honest.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


async def test_two_workers_send_everything_once(client, post_office, patient, workspace, clock):
    async with receiver(says(200)) as honest:
        made = await endpoint(client, honest.url)
        for _ in range(8):
            await poke(client, made)
        await told(client)
        both = [sending.claim(patient, workspace[0], clock.now, {}, 8) for _ in range(2)]
        claimed = [one for some in await asyncio.gather(*both) for one in some]
        assert len({one.id for one in claimed}) == len(claimed) == 8


async def test_a_receiver_that_is_not_there_is_a_failure(client, post_office):
    async with receiver(says(200)) as gone:
        pass
    await poke(client, await endpoint(client, gone.url))
    await post_office.round()
    one = await post_office.delivery()
    assert (one["state"], one["log"][0]["error"]) == ("waiting", "connection")


async def test_nonsense_is_no_answer(client, post_office):
    async def behave(_, writer):
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")

    async with receiver(behave) as lying:
        await poke(client, await endpoint(client, lying.url))
        await post_office.round()
    assert (await post_office.delivery())["log"][0]["error"] == "protocol"


async def _enable(client, made):
    answer = await client.patch(
        f"/v1/webhook_endpoints/{made['id']}",
        json={"state": "enabled"},
        headers={"If-Match": f'"{made["version"]}"'},
    )
    assert answer.status_code == 200, answer.text


def _instant(text):
    return datetime.fromisoformat(text)


def _pairs(log):
    return pairwise(log)
