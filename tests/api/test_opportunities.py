"""Opportunities through the door: what is stated, what happens, what follows."""

import pytest

from app.core.ids import uuid7
from tests.deals import eur, make_deal, make_process, tell


@pytest.fixture
async def process(client):
    return await make_process(client)


async def test_a_new_opportunity_stands_before_the_first_milestone(client, process):
    deal = await make_deal(client, value=eur("12000.50"), account={"name": "Acme"})
    assert (deal["milestone"], deal["milestone_position"], deal["status"]) == (None, 0, "open")
    assert deal["value"] == eur("12000.50")
    assert (deal["business_type"], deal["version"]) == ("new", 1)


async def test_reaching_a_milestone_moves_it_there(client, process, clock):
    deal = await make_deal(client, value=eur("400.00"))
    clock.forward(days=3)
    deal = await tell(client, deal, "reach", milestone="need", act="said", what="needs a press")
    assert (deal["milestone"], deal["milestone_position"]) == ("need", 3)
    assert deal["reached_at"] == "2026-07-23T09:30:00Z"
    clock.forward(days=10)
    seen = (await client.get(f"/v1/opportunities/{deal['id']}")).json()
    assert seen["age_days"] == 10


async def test_the_order_wins_it(client, process):
    deal = await make_deal(client, value=eur("400.00"))
    deal = await tell(client, deal, "reach", milestone="order", amount=eur("380.00"))
    assert (deal["status"], deal["ordered_value"]) == ("won", eur("380.00"))


async def test_an_order_without_an_amount_is_refused(client, process):
    deal = await make_deal(client)
    answer = await client.post(f"/v1/opportunities/{deal['id']}/reach", json={"milestone": "order"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/amount"


async def test_milestone_and_status_cannot_be_written(client, process):
    deal = await make_deal(client)
    answer = await client.patch(
        f"/v1/opportunities/{deal['id']}", json={"milestone": "need"}, headers={"If-Match": '"1"'}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "not_writable"


async def test_exit_and_reopen(client, process):
    deal = await make_deal(client)
    deal = await tell(client, deal, "exit", kind="lost", note="too expensive")
    assert (deal["status"], deal["exit_kind"]) == ("exited", "lost")
    answer = await client.post(f"/v1/opportunities/{deal['id']}/reach", json={"milestone": "need"})
    assert (answer.status_code, answer.json()["code"]) == (409, "opportunity-closed")
    deal = await tell(client, deal, "reopen", reason="wrong deal")
    assert (deal["status"], deal["exit_kind"]) == ("open", None)


async def test_another_workspace_finds_nothing(client, neighbour, process):
    deal = await make_deal(client)
    for id in (deal["id"], uuid7()):
        answer = await neighbour.get(f"/v1/opportunities/{id}")
        assert answer.status_code == 404
