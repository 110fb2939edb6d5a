"""Pipelines, their history, and what changes when their words change."""

import pytest

from tests.aims import ask
from tests.deals import MILESTONES, change, eur, make_deal, make_person, make_process, post, tell


@pytest.fixture
async def process(client):
    return await make_process(client)


async def history(client, deal):
    return (await ask(client, f"/v1/opportunities/{deal['id']}/events"))["data"]


async def arrivals(client, process, key, **asked):
    milestone = next(each for each in process["milestones"] if each["key"] == key)
    path = f"/v1/milestones/{milestone['id']}/arrivals"
    return (await ask(client, path, **{"period": "2026-07"} | asked))["data"]


async def test_a_deal_moves_between_pipelines_with_their_own_milestones_and_keeps_its_history(
    client, process
):
    renewal = [{**MILESTONES[0], "key": "reminded"}, {**MILESTONES[-1], "key": "renewed"}]
    await make_process(client, key="renewal", milestones=renewal)
    deal = await make_deal(client, value=eur("10.00"))
    await tell(client, deal, "reach", milestone="need")
    deal = await tell(client, deal, "move", process_id="renewal", milestone="reminded")
    assert (deal["milestone"], deal["status"]) == ("reminded", "open")
    assert [each["kind"] for each in await history(client, deal)] == [
        "created", "reached", "moved_process"
    ]  # fmt: skip
    assert [each["name"] for each in await arrivals(client, process, "need")] == [deal["name"]]


async def test_every_change_of_stage_is_in_the_history_with_who_told_it_and_when(client, process):
    me = (await client.get("/v1/me")).json()
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="interest")
    await tell(client, deal, "reach", milestone="concept", act="wrote", what="wants it")
    await tell(client, deal, "regress", milestone="need", reason="budget frozen")
    told = await history(client, deal)
    assert [each["milestone"] for each in told] == [None, "interest", "concept", "need"]
    assert {each["actor"] for each in told} == {f"key:{me['key']['id']}"}
    assert {each["recorded_at"] for each in told} == {"2026-07-20T09:30:00Z"}


async def test_the_history_tells_the_time_between_two_changes_the_old_and_the_new(
    client, process, clock
):
    ada, bob = await make_person(client, "Ada"), await make_person(client, "Bob")
    deal = await make_deal(client, owner_id=ada["id"], value=eur("10.00"))
    clock.forward(days=3)
    await change(client, deal, owner_id=bob["id"], value=eur("20.00"))
    told = await history(client, deal)
    owners = [each["owner_id"] for each in told if each["owner_id"]]
    values = [each["value"] for each in told if each["value"]]
    assert (owners, values) == ([ada["id"], bob["id"]], [eur("10.00"), eur("20.00")])
    assert [each["occurred_at"][:10] for each in told] == [
        "2026-07-20", "2026-07-23", "2026-07-23"
    ]  # fmt: skip


async def test_a_history_of_any_length_is_read_to_its_end_page_by_page(client, process, clock):
    deal = await make_deal(client)
    for key in ("interest", "invited", "need", "concept"):
        clock.forward(days=1)
        await tell(client, deal, "reach", milestone=key)
    path, seen, cursor = f"/v1/opportunities/{deal['id']}/events", [], {}
    while cursor is not None:
        page = await ask(client, path, limit=2, **cursor)
        seen += [each["milestone"] for each in page["data"]]
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
    assert seen == [None, "interest", "invited", "need", "concept"]


async def test_nothing_in_the_history_can_be_changed_or_deleted(client, process):
    deal = await make_deal(client)
    [event] = await history(client, deal)
    for method in ("PATCH", "PUT", "DELETE"):
        for place in ("events", f"events/{event['id']}"):
            path = f"/v1/opportunities/{deal['id']}/{place}"
            answer = await client.request(method, path, json={"kind": "reached"})
            assert answer.status_code in (404, 405)
    assert await history(client, deal) == [event]


async def test_a_renamed_milestone_keeps_its_arrivals_and_its_deals(client, process):
    deal = await make_deal(client, value=eur("10.00"))
    await tell(client, deal, "reach", milestone="need")
    renamed = [
        {**each, "key": f"k{n}", "name": f"Step {n}", "equivalent_to": each["key"]}
        for n, each in enumerate(MILESTONES)
    ]
    new = await post(client, f"/v1/processes/{process['id']}/versions", milestones=renamed)
    deal = await tell(client, deal, "move", process_id="new-business")
    assert deal["milestone"] == "k2"
    assert [each["name"] for each in await arrivals(client, new, "k2")] == [deal["name"]]
    standing = (await ask(client, "/v1/milestones", process="new-business"))["data"]
    assert [(each["key"], each["open_count"]) for each in standing if each["open_count"]] == [
        ("k2", 1)
    ]


async def test_won_and_lost_hang_on_what_happened_and_never_on_a_name(client):
    misled = [
        {**MILESTONES[0], "key": "won", "name": "Won"},
        {**MILESTONES[1], "key": "lost", "name": "Lost"},
        {**MILESTONES[-1], "key": "handshake", "name": "Handshake"},
    ]
    await make_process(client, milestones=misled)
    deal = await make_deal(client)
    for key in ("won", "lost"):
        deal = await tell(client, deal, "reach", milestone=key)
        assert (deal["status"], deal["milestone"]) == ("open", key)
    deal = await tell(client, deal, "reach", milestone="handshake", amount=eur("1.00"))
    assert (deal["status"], deal["won_at"]) == ("won", "2026-07-20T09:30:00Z")


async def test_one_event_sets_status_milestone_and_reason_together(client):
    reasons = [{"key": "price", "name": "Too expensive", "kind": "lost"}]
    await make_process(
        client, milestones=[{**MILESTONES[0], "exit_reasons": reasons}, *MILESTONES[1:]]
    )
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="interest")
    deal = await tell(client, deal, "exit", kind="lost", reason="price")
    seen = (deal["status"], deal["milestone"], deal["exit_kind"], deal["exit_reason"])
    assert seen == ("exited", "interest", "lost", "price")
    deal = await tell(client, deal, "reopen", reason="wrong deal")
    seen = (deal["status"], deal["milestone"], deal["exit_kind"], deal["exit_reason"])
    assert seen == ("open", "interest", None, None)


async def test_a_reason_is_mandatory_where_reasons_are_defined_and_stands_in_the_history(client):
    reasons = [{"key": "price", "name": "Too expensive", "kind": "lost"}]
    await make_process(
        client, milestones=[{**MILESTONES[0], "exit_reasons": reasons}, *MILESTONES[1:]]
    )
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="interest")
    answer = await client.post(f"/v1/opportunities/{deal['id']}/exit", json={"kind": "lost"})
    assert answer.json()["errors"][0] | {"detail": ""} == {
        "pointer": "/reason", "code": "missing", "detail": ""
    }  # fmt: skip
    await tell(client, deal, "exit", kind="lost", reason="price", competitor="Other Ltd")
    told = (await history(client, deal))[-1]
    assert (told["exit_kind"], told["reason"], told["competitor"]) == ("lost", "price", "Other Ltd")


async def test_an_exit_that_was_reopened_stays_in_the_history(client, process):
    deal = await make_deal(client)
    await tell(client, deal, "exit", kind="lost")
    await tell(client, deal, "reopen", reason="wrong deal")
    assert [each["kind"] for each in await history(client, deal)] == [
        "created", "exited", "reopened"
    ]  # fmt: skip


async def test_a_value_can_be_known_before_any_product_and_change_without_one(client, process):
    deal = await make_deal(client, value=eur("1000.00"))
    product = await post(client, "/v1/products", name="Press", list_price=eur("9.00"))
    deal = await change(client, deal, product_ids=[product["id"]])
    assert (deal["value"], deal["product_ids"]) == (eur("1000.00"), [product["id"]])


async def test_a_deal_without_value_and_account_is_a_deal(client, process):
    deal = await make_deal(client)
    deal = await tell(client, deal, "reach", milestone="need")
    assert (deal["value"], deal["account_id"], deal["milestone"]) == (None, None, "need")
