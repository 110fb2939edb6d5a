"""How old a deal is: only what the customer does makes it younger, and unknown stays unknown."""

import pytest

from tests.aims import ask
from tests.deals import MILESTONES, change, eur, make_deal, make_person, make_process, post, tell
from tests.imports.support import bring

EDITS = {
    "name": "Another name",
    "attributes": {"note": "called again"},
    "value": eur("5.00"),
    "external_close_date": "2026-12-31",
    "external_probability": "0.9",
    "source": "mail",
}


@pytest.fixture
async def process(client):
    first = {**MILESTONES[0], "stale_after_days": 30}
    return await make_process(client, milestones=[first, *MILESTONES[1:]])


async def seen(client, deal):
    return await ask(client, f"/v1/opportunities/{deal['id']}")


async def stale(client):
    page = await ask(client, "/v1/opportunities", stale="true")
    return [deal["name"] for deal in page["data"]]


@pytest.mark.parametrize("field", EDITS)
async def test_no_edit_makes_a_deal_younger(client, process, clock, field):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="interest")
    clock.forward(days=50)
    deal = await change(client, deal, **{field: EDITS[field]})
    assert (deal["age_days"], deal["reached_at"]) == (50, "2026-07-20T09:30:00Z")
    assert await stale(client) == [deal["name"]]


async def test_a_new_owner_an_account_and_a_product_do_not_make_it_younger(client, process, clock):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="interest")
    clock.forward(days=50)
    for path, field in (("people", "owner_id"), ("accounts", "account_id")):
        thing = await post(client, f"/v1/{path}", name="New")
        assert (await change(client, deal, **{field: thing["id"]}))["age_days"] == 50
    product = await post(client, "/v1/products", name="Press")
    assert (await change(client, deal, product_ids=[product["id"]]))["age_days"] == 50


async def test_going_back_and_coming_again_does_not_make_it_younger(client, process, clock):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="need")
    clock.forward(days=50)
    await tell(client, deal, "regress", milestone="interest", reason="budget frozen")
    deal = await tell(client, deal, "reach", milestone="need")
    assert deal["age_days"] == 50
    deal = await tell(client, deal, "verify", milestone="need")
    assert deal["age_days"] == 50


async def test_a_new_arrival_of_the_customer_makes_it_younger(client, process, clock):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="interest")
    clock.forward(days=50)
    deal = await tell(client, deal, "reach", milestone="invited")
    assert deal["age_days"] == 0
    assert await stale(client) == []


async def test_a_deal_forgotten_for_three_years_is_found(client, process, clock):
    deal = await make_deal(client, "forgotten")
    await tell(client, deal, "reach", milestone="interest")
    clock.forward(days=3 * 365)
    fresh = await make_deal(client, "fresh")
    await tell(client, fresh, "reach", milestone="interest")
    assert await stale(client) == ["forgotten"]
    assert (await seen(client, deal))["age_days"] == 1095


async def test_what_is_over_or_on_hold_is_not_stale(client, process, clock):
    for name, event, body in (
        ("lost", "exit", {"kind": "lost"}),
        ("won", "reach", {"milestone": "order", "amount": eur("1.00")}),
        ("held", "hold", {"until": "2027-07-01T00:00:00Z"}),
    ):
        deal = await make_deal(client, name)
        await tell(client, deal, "reach", milestone="interest")
        await tell(client, deal, event, **body)
    clock.forward(days=100)
    assert await stale(client) == []


async def test_a_section_without_a_limit_calls_nothing_stale(client, process, clock):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="invited")
    clock.forward(days=5000)
    assert await stale(client) == []


async def test_when_a_deal_from_a_list_began_is_not_made_up(client, process):
    file = "id,name,stage,value\n1,Old deal,Talking,100\n"
    mapping = {
        "columns": {"id": "external_id", "name": "name", "stage": "stage", "value": "value"},
        "stages": {"Talking": {"reached": "need"}},
    }
    job = await bring(client, "opportunities", file, mapping, process_id=process["id"])
    assert job["state"] == "completed", job
    [deal] = (await ask(client, "/v1/opportunities"))["data"]
    told = (await ask(client, f"/v1/opportunities/{deal['id']}/events"))["data"]
    assert [(each["kind"], each["reconstructed"]) for each in told] == [
        ("created", True), ("reached", True)
    ]  # fmt: skip
    assert told[0]["occurred_at"] == told[1]["occurred_at"]


async def test_equal_stages_in_a_row_are_one_arrival(client, process):
    list_ = "id,name\n1,Old deal\n"
    columns = {"id": "external_id", "name": "name"}
    await bring(client, "opportunities", list_, {"columns": columns}, process_id=process["id"])
    log = "id,stage,at\n1,A,2026-01-02\n1,A,2026-02-02\n1,B,2026-03-02\n1,B,2026-03-09\n"
    mapping = {
        "columns": {"id": "external_id", "stage": "stage", "at": "occurred_at"},
        "stages": {"A": {"reached": "interest"}, "B": {"reached": "invited"}},
    }
    job = await bring(client, "events", log, mapping, process_id=process["id"])
    assert job["state"].startswith("completed"), job
    [deal] = (await ask(client, "/v1/opportunities"))["data"]
    told = (await ask(client, f"/v1/opportunities/{deal['id']}/events"))["data"]
    assert [each["milestone"] for each in told if each["kind"] == "reached"] == [
        "interest", "invited"
    ]  # fmt: skip


async def test_the_people_who_sold_may_leave_and_their_deals_do_not(client, process):
    ada = await make_person(client)
    deal = await make_deal(client, owner_id=ada["id"])
    gone = await client.delete(f"/v1/people/{ada['id']}", headers={"If-Match": '"1"'})
    assert gone.status_code == 204
    assert (await seen(client, deal))["owner_id"] == ada["id"]
