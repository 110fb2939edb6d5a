import asyncio

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from tests.deals import MILESTONES, eur, make_deal, make_process, post, tell


async def made(client, name="Acme", **account):
    return await post(client, "/v1/accounts", name=name, **account)


async def merge(client, keep, *others, **more):
    body = {"keep": keep["id"], "merge": [each["id"] for each in others]} | more
    return await client.post("/v1/accounts/merge", json=body)


async def merged(client, keep, *others, **more):
    answer = await merge(client, keep, *others, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def undo(client, told):
    return await client.post(f"/v1/merges/{told['id']}/undo")


async def read(client, path, thing):
    answer = await client.get(f"/v1/{path}/{thing['id']}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def changed(client, path, thing, **patch):
    now = await client.get(f"/v1/{path}/{thing['id']}")
    tag = {"If-Match": now.headers["etag"]}
    answer = await client.patch(f"/v1/{path}/{thing['id']}", json=patch, headers=tag)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ordered(client, account, on):
    """A won opportunity of the account, ordered on a day."""
    deal = await make_deal(client, account_id=account["id"], created_at=f"{on}T08:00:00Z")
    order = {"milestone": "order", "amount": eur("1000"), "occurred_at": f"{on}T09:00:00Z"}
    return await tell(client, deal, "reach", **order)


async def test_everything_of_the_merged_one_becomes_the_kept_ones(client):
    await make_process(client)
    keep, other = await made(client), await made(client, "ACME Inc")
    child = await made(client, "Daughter", parent_id=other["id"])
    deal = await make_deal(client, account_id=other["id"])
    told = await merged(client, keep, other, note="one visiting card, two spellings")
    assert (told["kept_id"], told["merged_ids"]) == (keep["id"], [other["id"]])
    assert (told["note"], told["undone_at"], told["dry_run"]) == (
        "one visiting card, two spellings",
        None,
        False,
    )
    assert (await read(client, "opportunities", deal))["account_id"] == keep["id"]
    assert (await read(client, "accounts", child))["parent_id"] == keep["id"]
    assert (await client.get(f"/v1/merges/{told['id']}")).json().items() <= told.items()
    moved = {(each["table"], *each["members"]): each["ids"] for each in told["changes"]}
    assert moved == {
        ("accounts", "deleted_at", "merged_into"): [other["id"]],
        ("accounts", "parent_id"): [child["id"]],
        ("opportunities", "account_id"): [deal["id"]],
    }


async def test_a_merged_account_says_where_it_went_and_tells_nobody_else(client, neighbour):
    first, second, third = [await made(client) for _ in range(3)]
    await merged(client, second, first)
    await merged(client, third, second)
    for gone in (first, second):
        answer = await client.get(f"/v1/accounts/{gone['id']}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
        assert answer.json()["merged_into"] == third["id"]
    hidden = [await neighbour.get(f"/v1/accounts/{id}") for id in (first["id"], uuid7())]
    assert [each.status_code for each in hidden] == [404, 404]
    assert "merged_into" not in hidden[0].json()


async def test_the_kept_one_stays_as_it_is_and_learns_what_it_did_not_know(client):
    keep = await made(client, segment="mid", attributes={"a": 1})
    one = await made(client, "B", segment="large", country="DE", attributes={"a": 2, "b": 2})
    two = await made(client, "C", country="AT", postcode="1010", attributes={"b": 3, "c": 3})
    seen = (await merged(client, keep, one, two))["account"]
    assert (seen["name"], seen["segment"]) == ("Acme", "mid")
    assert (seen["country"], seen["postcode"]) == ("DE", "1010")
    assert seen["attributes"] == {"a": 1, "b": 2, "c": 3}
    assert seen == await read(client, "accounts", keep)


async def test_fields_say_from_whom_a_member_is_taken(client):
    keep = await made(client, segment="mid")
    other = await made(client, "ACME Works", domain="acme.example", vat_id="DE1")
    fields = {"name": f"from:{other['id']}", "segment": f"from:{other['id']}"}
    fields |= {"domain": f"from:{keep['id']}"}
    seen = (await merged(client, keep, other, fields=fields))["account"]
    assert (seen["name"], seen["segment"]) == ("ACME Works", None)
    assert (seen["domain"], seen["vat_id"]) == (None, "DE1")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "from:nobody"}, "pattern"),
        ({"name": f"from:{uuid7()}"}, "not_among_them"),
        ({"external_id": f"from:{uuid7()}"}, "not_one_of"),
    ],
)
async def test_fields_that_make_no_sense_are_refused(client, fields, code):
    answer = await merge(client, await made(client), await made(client), fields=fields)
    assert answer.status_code == 422
    assert code in {each["code"] for each in answer.json()["errors"]}, answer.text


async def test_an_account_is_not_merged_with_itself(client):
    keep = await made(client)
    assert (await merge(client, keep, keep)).json()["errors"][0]["code"] == "repeated"


async def test_a_dry_run_shows_the_same_and_keeps_nothing(client):
    await make_process(client)
    keep, other = await made(client), await made(client, country="DE")
    deal = await make_deal(client, account_id=other["id"])
    trial = await merge(client, keep, other, dry_run=True)
    assert (trial.status_code, trial.json()["dry_run"]) == (200, True)
    assert await read(client, "accounts", other) == other
    assert await read(client, "opportunities", deal) == deal
    assert (await client.get("/v1/merges")).json()["data"] == []
    real = await merged(client, keep, other)
    assert real["changes"] == trial.json()["changes"]
    assert real["account"] == trial.json()["account"]


async def test_new_business_with_an_old_customer_under_another_name_is_none(client):
    """Frozen at the first milestone, decided anew by a merge, and told in the history."""
    await make_process(client)
    keep, other = await made(client), await made(client)
    await ordered(client, other, "2026-01-10")
    deal = await make_deal(client, account_id=keep["id"])
    deal = await tell(client, deal, "reach", milestone="interest")
    stated = await make_deal(client, account_id=keep["id"], business_type="new")
    assert deal["business_type"] == "new"
    told = await merged(client, keep, other)
    assert (await read(client, "opportunities", deal))["business_type"] == "existing"
    assert (await read(client, "opportunities", stated))["business_type"] == "new"
    events = (await client.get(f"/v1/opportunities/{deal['id']}/events")).json()["data"]
    said = {each["kind"]: (each["account_id"], each["business_type"]) for each in events}
    assert said["merged"] == (keep["id"], "existing")
    await undo(client, told)
    assert (await read(client, "opportunities", deal))["business_type"] == "new"
    events = (await client.get(f"/v1/opportunities/{deal['id']}/events")).json()["data"]
    assert [each["kind"] for each in events][-2:] == ["merged", "unmerged"]
    assert (events[-1]["account_id"], events[-1]["business_type"]) == (keep["id"], "new")


async def test_an_undone_merge_leaves_everything_as_it_was(client, clock):
    await make_process(client)
    keep = await made(client, attributes={"a": 1})
    other = await made(client, "B", country="DE", external_id="7", attributes={"b": [1]})
    child = await made(client, "C", parent_id=other["id"])
    deal = await ordered(client, other, "2026-01-10")
    told = await merged(client, keep, other)
    clock.forward(hours=1)
    back = await undo(client, told)
    assert back.status_code == 200, back.text
    assert back.json()["undone_at"] == "2026-07-20T10:30:00Z"
    grown = {"version", "updated_at"}  # a version that went back could be matched twice
    for path, was in (
        ("accounts", keep),
        ("accounts", other),
        ("accounts", child),
        ("opportunities", deal),
    ):
        now = await read(client, path, was)
        assert {k: v for k, v in now.items() if k not in grown} == {
            k: v for k, v in was.items() if k not in grown
        }
        assert now["version"] == was["version"] + 2
    again = await undo(client, told)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


async def test_what_came_to_the_kept_one_since_stays_there(client):
    await make_process(client)
    keep, other = await made(client), await made(client)
    old = await make_deal(client, account_id=other["id"])
    told = await merged(client, keep, other)
    fresh = await make_deal(client, account_id=keep["id"])
    await tell(client, old, "reach", milestone="interest")
    assert (await undo(client, told)).status_code == 200
    assert (await read(client, "opportunities", fresh))["account_id"] == keep["id"]
    seen = await read(client, "opportunities", old)
    assert (seen["account_id"], seen["milestone"]) == (other["id"], "interest")


async def test_what_was_touched_since_is_named_and_nothing_is_undone(client):
    await make_process(client)
    keep, other, third = await made(client), await made(client, country="DE"), await made(client)
    deal = await make_deal(client, account_id=other["id"])
    told = await merged(client, keep, other)
    await changed(client, "opportunities", deal, account_id=third["id"])
    await changed(client, "accounts", keep, country="AT")
    answer = await undo(client, told)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    touched = [(each["table"], each["id"]) for each in answer.json()["changed"]]
    assert sorted(touched) == [("accounts", keep["id"]), ("opportunities", deal["id"])]
    assert (await client.get(f"/v1/accounts/{other['id']}")).status_code == 404
    assert (await client.get(f"/v1/merges/{told['id']}")).json()["undone_at"] is None


async def test_of_two_merges_in_a_row_the_later_one_is_undone_first(client):
    first, second, third = [await made(client) for _ in range(3)]
    one, two = await merged(client, second, first), await merged(client, third, second)
    assert (await undo(client, one)).status_code == 409
    assert (await undo(client, two)).status_code == 200
    assert (await undo(client, one)).status_code == 200
    assert await read(client, "accounts", first) == first | {
        "version": 5,
        "updated_at": "2026-07-20T09:30:00Z",
    }


async def test_a_group_that_becomes_part_of_its_own_company_leaves_it_its_place(client):
    top = await made(client, "Top")
    group = await made(client, "Group", parent_id=top["id"])
    company, sister = [await made(client, n, parent_id=group["id"]) for n in ("One", "Two")]
    told = await merged(client, company, group)
    assert told["account"]["parent_id"] == top["id"]
    assert (await read(client, "accounts", sister))["parent_id"] == company["id"]
    assert (await undo(client, told)).status_code == 200
    assert (await read(client, "accounts", company))["parent_id"] == group["id"]


async def test_what_would_lie_below_itself_is_not_merged(client):
    top = await made(client, "Top")
    between = await made(client, "Between", parent_id=top["id"])
    low = await made(client, "Low", parent_id=between["id"])
    answer = await merge(client, low, top)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "cycle")
    assert (await read(client, "accounts", top))["version"] == 1


async def test_a_tree_that_was_turned_round_since_keeps_a_merge_from_being_undone(client):
    """Child, group and other would lie below each other in a ring."""
    keep, group = await made(client), await made(client, "Group")
    other = await made(client, parent_id=group["id"])
    child = await made(client, "Child", parent_id=other["id"])
    told = await merged(client, keep, other, fields={"parent_id": f"from:{keep['id']}"})
    await changed(client, "accounts", group, parent_id=child["id"])
    answer = await undo(client, told)
    assert (answer.status_code, "below itself" in answer.json()["detail"]) == (409, True)
    assert (await read(client, "accounts", child))["parent_id"] == keep["id"]


async def test_a_merged_account_comes_back_by_undoing_only(client):
    keep, other = await made(client), await made(client)
    await merged(client, keep, other)
    answer = await client.post(f"/v1/accounts/{other['id']}/restore")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


async def test_the_id_of_a_merged_account_in_another_system_stays_taken(client):
    keep, other = await made(client), await made(client, external_id="7", source="crm")
    await merged(client, keep, other)
    answer = await client.put("/v1/accounts/by-external-id/crm/7", json={"name": "Acme"})
    assert (answer.status_code, answer.json()["code"]) == (409, "external-id-taken")


async def test_of_two_merges_at_once_one_gets_the_account(client):
    one, other, wanted = [await made(client) for _ in range(3)]
    answers = await asyncio.gather(
        merge(client, one, wanted), merge(client, other, wanted), merge(client, wanted, one)
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes in ([201, 404, 404], [201, 201, 404])
    into = (await client.get(f"/v1/accounts/{wanted['id']}")).json().get("merged_into")
    listed = (await client.get("/v1/merges")).json()["data"]
    takers = [each["kept_id"] for each in listed if wanted["id"] in each["merged_ids"]]
    assert len(takers) <= 1
    assert takers == ([into] if into else [])


async def test_merges_are_listed_newest_first_and_by_account(client, clock):
    told = []
    for _ in range(3):
        told.append(await merged(client, await made(client), await made(client)))
        clock.forward(minutes=1)
    page = (await client.get("/v1/merges", params={"limit": 2})).json()
    rest = await client.get("/v1/merges", params={"limit": 2, "cursor": page["next_cursor"]})
    seen = [each["id"] for each in page["data"] + rest.json()["data"]]
    assert seen == [each["id"] for each in reversed(told)]
    asked = {"account": told[1]["merged_ids"][0]}
    found = (await client.get("/v1/merges", params=asked)).json()["data"]
    assert [each["id"] for each in found] == [told[1]["id"]]


async def test_a_merge_and_its_undoing_cost_the_same_however_much_is_moved(client, statements):
    await make_process(client, milestones=MILESTONES)

    async def cost(deals, children):
        keep, other = await made(client), await made(client)
        for _ in range(deals):
            await make_deal(client, account_id=other["id"])
        for _ in range(children):
            await made(client, parent_id=other["id"])
        statements.clear()
        told = await merged(client, keep, other)
        forth = len(statements)
        statements.clear()
        assert (await undo(client, told)).status_code == 200
        return forth, len(statements)

    assert await cost(1, 1) == await cost(9, 5)


async def test_neighbours_strangers_and_smaller_keys_merge_nothing(
    client, neighbour, stranger, limited
):
    keep, other = await made(client), await made(client)
    told = await merged(client, await made(client), await made(client))
    theirs = await made(neighbour)
    assert (await merge(neighbour, theirs, other)).status_code == 404
    assert (await merge(neighbour, keep, theirs)).status_code == 404
    for id in (told["id"], uuid7()):
        assert (await neighbour.get(f"/v1/merges/{id}")).status_code == 404
        assert (await neighbour.post(f"/v1/merges/{id}/undo")).status_code == 404
    assert (await neighbour.get("/v1/merges")).json()["data"] == []
    assert (await merge(stranger, keep, other)).status_code == 401
    reader = await limited(Scope.ACCOUNTS_READ)
    assert (await merge(reader, keep, other)).status_code == 403
    assert (await undo(reader, told)).status_code == 403
    assert (await reader.get(f"/v1/merges/{told['id']}")).status_code == 200
