"""What of an import is undone when others, or people, have been at the same rows since."""

import pytest

from app.domain.imports import traces
from tests.aims import ask
from tests.deals import change, make_process, tell
from tests.events.log import here, told
from tests.imports.support import bring, counts
from tests.imports.test_events import DEALS, HISTORY, MAPPING
from tests.imports.test_opportunities import events, opportunities
from tests.imports.test_revert import left, names, seen, undone

STAGES = {
    "stages": {
        "New": {"before": True},
        "Talking": {"reached": "interest"},
        "Offer": {"reached": "concept"},
        "Lost": {"exit": "lost"},
        "Won": {"won": True},
    }
}
BASE = "external_id,name,account,owner,value,stage,created_at\n1,One,Acme,Ann,100,New,2026-01-05\n"


@pytest.fixture
async def listed(client, clock):
    """Lists of deals, one after the other."""
    process = await make_process(client)

    async def listed(content, what="opportunities", mapping=STAGES):
        clock.forward(minutes=1)
        return await bring(client, what, content, mapping, process_id=process["id"])

    return listed


async def one(client):
    [row] = (await opportunities(client)).values()
    return row


async def test_what_a_later_import_said_stands_and_undone_it_gives_back_what_was_before_both(
    client, listed
):
    await listed(BASE)
    first = await listed("external_id,name,value\n1,Two,200\n")
    second = await listed("external_id,name,value\n1,Three,300\n")
    assert (await undone(client, first))["restored"]["opportunities"] == 1
    row = await one(client)
    assert (row["name"], row["value"]["amount"]) == ("Three", "300.00")
    assert (await undone(client, second))["left"] == 0
    row = await one(client)
    assert (row["name"], row["value"]["amount"]) == ("One", "100.00")


async def test_fields_that_only_the_undone_one_changed_come_back(client, listed):
    await listed(BASE)
    first = await listed("external_id,name,value,attributes.a,attributes.b\n1,Two,200,x,x\n")
    await listed("external_id,value,attributes.b,attributes.c\n1,300,y,y\n")
    assert (await undone(client, first))["left"] == 0
    row = await one(client)
    assert (row["name"], row["value"]["amount"]) == ("One", "300.00")
    assert row["attributes"] == {"b": "y", "c": "y"}


async def test_a_deal_belongs_to_the_next_list_that_speaks_of_it(client, listed):
    first = await listed(BASE)
    second = await listed(BASE.replace("One", "Two"))
    told = await undone(client, first)
    assert told["handed_on"] == {"opportunities": 1, "accounts": 1, "people": 1}
    assert (told["removed"]["opportunities"], told["left"]) == (0, 0)
    assert (await one(client))["name"] == "Two"
    told = await undone(client, second)
    assert (told["removed"]["opportunities"], told["removed"]["accounts"]) == (1, 1)
    assert (await names(client, "accounts"), await names(client, "people")) == ([], [])


async def test_what_people_did_since_is_left_and_what_came_after_them_is_not(client, listed):
    await listed(BASE)
    first = await listed("external_id,value\n1,200\n")
    await change(client, await one(client), name="By hand")
    second = await listed("external_id,value\n1,300\n")
    assert (await undone(client, first))["left"] == 1
    assert await left(client, first) == [("opportunities", "changed_since")]
    assert (await undone(client, second))["left"] == 0
    row = await one(client)
    assert (row["name"], row["value"]["amount"]) == ("By hand", "200.00")


async def test_a_step_back_that_a_file_told_is_taken_back(client, listed):
    await listed(BASE.replace("New", "Offer"))
    job = await listed(BASE.replace("New", "Talking"))
    assert (await one(client))["milestone"] == "interest"
    assert (await undone(client, job))["left"] == 0
    row = await one(client)
    assert row["milestone"] == "concept"
    assert [each["kind"] for each in await events(client, row)] == [
        "created",
        "reached",
        "regressed",
        "reverted",
    ]


async def test_a_history_that_was_undone_can_be_told_again(client, listed):
    deals = await listed(DEALS, mapping={})
    for _ in range(3):
        job = await listed(HISTORY, "events", MAPPING)
        assert counts(job) == {"read": 7, "created": 4, "unchanged": 3}
        found = await opportunities(client)
        assert (found["1"]["milestone"], found["2"]["status"]) == ("concept", "exited")
        assert (await undone(client, job))["restored"]["opportunities"] == 2
        found = await opportunities(client)
        assert (found["1"]["milestone"], found["2"]["status"]) == (None, "open")
    job = await listed(HISTORY, "events", MAPPING)
    again = await listed(HISTORY, "events", MAPPING)
    assert counts(again) == {"read": 7, "unchanged": 7}
    told = await undone(client, deals)
    assert (told["removed"]["opportunities"], told["left"]) == (2, 0)
    assert (await undone(client, job))["left"] == 0
    assert await opportunities(client) == {}


async def test_an_arrival_that_leaves_a_deal_where_it_is_is_undone_as_well(client, listed):
    await listed(BASE.replace("New", "Offer"))
    row = await one(client)

    async def arrived():
        asked = {"process": "new-business", "period": "2025-12"}
        return (await ask(client, "/v1/lights", **asked))["milestones"][0]["actual_count"]

    job = await listed("external_id,reached:interest\n1,2025-12-20\n")
    assert counts(job) == {"read": 1, "updated": 1}
    assert (await arrived(), (await one(client))["version"]) == (1, row["version"] + 1)
    assert (await undone(client, job))["restored"]["opportunities"] == 1
    assert await arrived() == 0
    kinds = [each["kind"] for each in await events(client, row)]
    assert sorted(kinds) == ["created", "reached", "reached", "reverted"]


async def test_products_and_what_follows_from_them_go_with_the_file_that_named_them(client, listed):
    await bring(client, "products", "key,name\ngtx,GTX\nmg,MG\n")
    await listed(BASE.replace("stage", "product,stage").replace("New", "gtx,Won"))
    row = await one(client)
    job = await listed("external_id,product\n1,mg\n")
    assert len((await one(client))["product_ids"]) == 2
    mg = next(each for each in (await one(client))["product_ids"] if each not in row["product_ids"])
    place = f"/v1/matrix/cells/{row['account_id']}/{mg}"
    assert (await ask(client, place))["status"] == "buys"
    assert (await undone(client, job))["left"] == 0
    assert (await one(client))["product_ids"] == row["product_ids"]
    assert (await ask(client, place))["status"] == "unknown"


async def test_customers_whose_orders_are_undone_leave_no_cell_that_holds_them(client, listed):
    products = await bring(client, "products", "key,name\ngtx,GTX\n")
    job = await listed(BASE.replace("stage", "product,stage").replace("New", "gtx,Won"))
    told = await undone(client, job)
    assert (told["removed"]["accounts"], told["left"]) == (1, 0)
    assert (await undone(client, products))["removed"]["products"] == 1


async def test_a_placeholder_is_the_accounts_file_s_that_filled_it_in(client, listed):
    deals = await listed(BASE)
    filled = await bring(client, "accounts", "name,country\nAcme,DE\n")
    told = await undone(client, deals)
    assert told["handed_on"] == {"accounts": 1}
    [account] = (await client.get("/v1/accounts")).json()["data"]
    assert (account["name"], account["country"]) == ("Acme", "DE")
    assert (await undone(client, filled))["removed"]["accounts"] == 1


async def test_what_somebody_else_has_by_now_is_not_given_back(client):
    await bring(client, "people", "external_id,name,email\n1,Ann,ann@x.org\n")
    job = await bring(client, "people", "external_id,name,email\n1,Ann,ann@y.org\n")
    answer = await client.post("/v1/people", json={"name": "Other", "email": "ann@x.org"})
    assert answer.status_code == 201
    assert (await undone(client, job))["left"] == 1
    assert await left(client, job) == [("people", "no_way_back")]


async def test_no_customer_is_put_below_itself(client):
    file = "external_id,name,parent\n1,Mother,\n2,Child,1\n"
    await bring(client, "accounts", file)
    job = await bring(client, "accounts", "external_id,name,parent\n2,Child,\n3,Third,1\n")
    rows = {row["name"]: row for row in (await client.get("/v1/accounts")).json()["data"]}
    mother = f"/v1/accounts/{rows['Mother']['id']}"
    tag = {"If-Match": (await client.get(mother)).headers["etag"]}
    answer = await client.patch(mother, json={"parent_id": rows["Child"]["id"]}, headers=tag)
    assert answer.status_code == 200, answer.text
    told = await undone(client, job)
    assert (told["removed"]["accounts"], told["left"]) == (1, 1)
    assert await left(client, job) == [("accounts", "no_way_back")]


async def test_what_has_no_way_back_for_two_reasons_is_listed_once(client):
    file = "external_id,name,parent,owner\n"
    await bring(client, "accounts", f"{file}1,First,,\n2,Second,,\n3,Child,1,Ann\n")
    job = await bring(client, "accounts", f"{file}3,Child,2,Bob\n")
    for gone, name in (("accounts", "First"), ("people", "Ann")):
        [row] = [
            each
            for each in (await client.get(f"/v1/{gone}")).json()["data"]
            if each["name"] == name
        ]
        tag = {"If-Match": f'"{row["version"]}"'}
        answer = await client.delete(f"/v1/{gone}/{row['id']}", headers=tag)
        assert answer.status_code == 204, answer.text
    assert (await undone(client, job))["left"] == 2
    assert await left(client, job) == [("accounts", "no_way_back"), ("people", "in_use")]


async def test_a_group_that_came_with_a_file_goes_with_it(client):
    await bring(client, "accounts", "external_id,name\n1,Child\n")
    job = await bring(client, "accounts", "external_id,name,parent\n1,Child,Group\n")
    assert await names(client, "accounts") == ["Child", "Group"]
    assert (await undone(client, job))["left"] == 0
    assert await names(client, "accounts") == ["Child"]


async def test_what_stays_holds_all_groups_above_it(client, listed):
    file = "external_id,name,parent\n1,Top,\n2,Middle,1\n3,Low,2\n4,Lowest,3\n"
    job = await bring(client, "accounts", file)
    await listed("external_id,account,created_at\n1,3,2026-01-05\n")
    told = await undone(client, job)
    assert (told["removed"]["accounts"], told["left"]) == (1, 2)
    assert await names(client, "accounts") == ["Low", "Middle", "Top"]


async def test_a_mark_by_hand_holds_the_customer_it_is_about(client, listed):
    job = await listed(BASE)
    account = (await one(client))["account_id"]
    mark = {"account_id": account, "kind": "visit", "due_on": "2026-09-01"}
    answer = await client.post("/v1/marks", json=mark)
    assert answer.status_code == 201, answer.text
    told = await undone(client, job)
    assert told["removed"]["opportunities"] == 1
    assert await left(client, job) == [("accounts", "in_use")]


async def test_others_are_told_of_every_deal_that_is_deleted_or_is_as_before(client, listed):
    await listed(BASE)
    job = await listed(
        "external_id,name,value,created_at\n1,Uno,100,2026-01-05\n2,Dos,5,2026-01-06\n"
    )
    cursor = await here(client)
    await undone(client, job)
    found, _ = await told(client, cursor)
    rows = {each["object"]["id"]: each for each in found}
    [row] = (await opportunities(client)).values()
    kept = rows.pop(row["id"])
    assert (kept["type"], kept["object"]["version"], kept["bulk"]) == (
        "opportunity.updated",
        row["version"],
        True,
    )
    assert [each["type"] for each in rows.values()] == ["opportunity.deleted"]
    assert len(found) == 2


async def test_others_are_told_once_of_each_deal_that_a_file_changes_whatever_it_changes(
    client, listed
):
    """Only the name, as from a form; a name and a value; a value; and nothing."""
    rows = [(f"{i}", f"Deal {i}", "100") for i in range(1, 5)]
    head, end = "external_id,name,value,created_at\n", ",2026-01-05\n"
    await listed(head + "".join(",".join(row) + end for row in rows))
    cursor = await here(client)
    changed = [("1", "Uno", "100"), ("2", "Dos", "5"), ("3", "Deal 3", "5"), rows[3]]
    job = await listed(head + "".join(",".join(row) + end for row in changed))
    assert counts(job) == {"read": 4, "updated": 3, "unchanged": 1}
    said, _ = await told(client, cursor)
    found = [each for each in said if each["object"]["type"] == "opportunity"]
    now = await opportunities(client)
    assert sorted((each["object"]["id"], each["object"]["version"]) for each in found) == sorted(
        (now[id]["id"], now[id]["version"]) for id in "123"
    )
    assert {each["type"] for each in found} == {"opportunity.updated"}


async def test_what_somebody_tells_of_a_deal_meanwhile_is_not_taken_for_what_the_file_says_of_it(
    client, listed, monkeypatch
):
    await listed(BASE)
    row, look = await one(client), traces.look
    cursor = await here(client)

    async def meanwhile(*asked):
        await look(*asked)
        await change(client, row, external_probability="0.5")

    monkeypatch.setattr(traces, "look", meanwhile)
    await listed(BASE.replace("One", "Uno"))
    found, _ = await told(client, cursor)
    about = [each["object"]["version"] for each in found if each["object"]["id"] == row["id"]]
    assert about == [row["version"] + 1, row["version"] + 2]
    assert (await one(client))["version"] == row["version"] + 2


async def test_what_was_known_before_it_was_undone_is_known_to_have_been(client, listed, clock):
    await listed(BASE)
    job = await listed(BASE.replace("New", "Won"))
    place = f"/v1/opportunities/{(await one(client))['id']}/orders"
    then = clock.now
    clock.forward(minutes=1)
    await undone(client, job)
    clock.forward(minutes=1)
    assert (await ask(client, place))["data"] == []
    assert len((await ask(client, place, as_of=then.isoformat()))["data"]) == 1
    # What is true of a day follows from what is known now.
    assert (await ask(client, place, effective_at=then.isoformat()))["data"] == []


async def test_a_deal_whose_import_was_undone_moves_on_like_any_other(client, listed, clock):
    await listed(BASE)
    job = await listed(BASE.replace("New", "Offer"))
    await undone(client, job)
    clock.forward(minutes=1)
    row = await tell(client, await one(client), "reach", milestone="invited")
    assert (row["milestone"], row["status"]) == ("invited", "open")
    listed_again = await listed(BASE.replace("New", "Talking"))
    # The last word on it was a person's, and an older list does not undo that.
    assert counts(listed_again) == {"read": 1, "unchanged": 1}
    assert (await seen(client))["1"][2] == "invited"
