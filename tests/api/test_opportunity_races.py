"""Many callers at one opportunity at once: one order of things comes out, and no broken answer."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import text

from tests.deals import eur, make_deal, make_process, post, tell

CALLERS = 10


@pytest.fixture
async def deal(client):
    await make_process(client)
    return await make_deal(client, value={"amount": "10.00", "currency": "USD"})


async def at_once(*requests):
    answers = await asyncio.gather(*requests)
    assert all(answer.status_code < 500 for answer in answers), [a.text for a in answers]
    return Counter(answer.status_code for answer in answers), answers


async def test_the_same_milestone_told_by_many_arrives_once(client, deal, work):
    path = f"/v1/opportunities/{deal['id']}/reach"
    codes, _ = await at_once(
        *(client.post(path, json={"milestone": "need"}) for _ in range(CALLERS))
    )
    assert codes == {200: CALLERS}
    rows = await work.db.execute(
        text("SELECT position, ordinal FROM passages WHERE opportunity_id = :id ORDER BY position"),
        {"id": deal["id"]},
    )
    assert [tuple(row) for row in rows] == [(1, 1), (2, 1), (3, 1)]


async def test_orders_told_at_once_all_add_up(client, deal):
    path = f"/v1/opportunities/{deal['id']}/reach"
    body = {"milestone": "order", "amount": eur("1.10")}
    codes, _ = await at_once(*(client.post(path, json=body) for _ in range(CALLERS)))
    assert codes == {200: CALLERS}
    seen = (await client.get(f"/v1/opportunities/{deal['id']}")).json()
    assert seen["ordered_value"] == eur("11.00")


async def test_of_changes_made_from_one_version_exactly_one_wins(client, deal):
    path, tag = f"/v1/opportunities/{deal['id']}", {"If-Match": '"1"'}
    codes, answers = await at_once(
        *(client.patch(path, json={"name": f"N{n}"}, headers=tag) for n in range(CALLERS))
    )
    assert codes == {200: 1, 412: CALLERS - 1}
    winner = next(answer for answer in answers if answer.status_code == 200).json()
    assert (await client.get(path)).json() == winner | {"version": 2}


async def test_a_deal_is_reached_or_given_up_but_never_both(client, deal):
    path = f"/v1/opportunities/{deal['id']}"
    codes, _ = await at_once(
        *(client.post(f"{path}/reach", json={"milestone": "need"}) for _ in range(5)),
        *(client.post(f"{path}/exit", json={"kind": "lost"}) for _ in range(5)),
    )
    seen = (await client.get(path)).json()
    history = (await client.get(f"{path}/events")).json()["data"]
    told = Counter(event["kind"] for event in history)
    assert (seen["status"], told["exited"]) == ("exited", 1)
    assert codes[200] == told["reached"] + told["exited"]
    assert codes[409] == 2 * 5 - codes[200]


async def test_a_deal_that_is_deleted_meanwhile_is_not_found_or_was_reached_before(client, deal):
    path = f"/v1/opportunities/{deal['id']}"
    codes, _ = await at_once(
        *(client.post(f"{path}/reach", json={"milestone": "need"}) for _ in range(5)),
        client.delete(path, headers={"If-Match": '"1"'}),
    )
    assert set(codes) <= {200, 204, 404, 412}
    assert codes[204] + codes[412] == 1


async def test_an_external_id_is_given_to_one_of_many(client, deal):
    body = {"name": "D", "process_id": "new-business", "external_id": "7", "source": "crm"}
    codes, _ = await at_once(*(client.post("/v1/opportunities", json=body) for _ in range(CALLERS)))
    assert codes == {201: 1, 409: CALLERS - 1}


async def test_a_first_rate_and_new_arrivals_do_not_get_in_each_others_way(client, deal, work):
    await tell(client, deal, "reach", milestone="interest")
    days = ("2026-01-01", "2026-01-02", "2026-01-03")
    rates = [{"currency": "USD", "day": day, "rate": "0.5"} for day in days]
    path = f"/v1/opportunities/{deal['id']}/reach"
    told = [{"milestone": key} for key in ("invited", "need", "concept")] * 2
    codes, _ = await at_once(
        *(client.post(path, json=body) for body in told),
        *(client.post("/v1/currency_rates", json=rate) for rate in rates),
    )
    assert codes == {200: len(told), 201: 3}
    arrived = "SELECT reporting_value FROM passages WHERE opportunity_id = :id ORDER BY position"
    values = (await work.db.scalars(text(arrived), {"id": deal["id"]})).all()
    assert values == [5] * 4


async def test_a_new_version_and_a_move_into_it_keep_every_deal_whole(client, deal):
    version = "/v1/processes/new-business/versions"
    milestones = (await client.get("/v1/processes/new-business")).json()["milestones"]
    wanted = [{name: each[name] for name in ("key", "name", "customer_act")} for each in milestones]
    await post(client, version, milestones=wanted)
    path = f"/v1/opportunities/{deal['id']}"
    codes, _ = await at_once(
        *(client.post(f"{path}/reach", json={"milestone": "need"}) for _ in range(4)),
        *(client.post(f"{path}/move", json={"process_id": "new-business"}) for _ in range(4)),
    )
    assert codes == {200: 5, 409: 3}
    seen = (await client.get(path)).json()
    assert (seen["process_version"], seen["milestone"]) == (2, "need")
