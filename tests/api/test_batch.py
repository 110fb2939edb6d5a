"""Batches: results in the order of the items, all or none or each alone, derived once for all."""

import asyncio

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from tests.deals import eur, make_deal, make_person, make_process, post, tell

PATH = "/v1/opportunities/batch"


@pytest.fixture(autouse=True)
async def process(client):
    return await make_process(client)


def item(name="Press line", **more):
    return {"name": name, "process_id": "new-business", **more}


async def batch(client, *items, mode="per_item", status=200, dry_run=None, **more):
    asked = {"dry_run": dry_run} if dry_run is not None else {}
    body = {"mode": mode, "items": [*items], **more}
    answer = await client.post(PATH, json=body, params=asked)
    assert answer.status_code == status, answer.text
    return answer.json()


async def there(client):
    page = await client.get("/v1/opportunities", params={"sort": "name", "limit": 200})
    return page.json()["data"]


def statuses(answer):
    return [result["status"] for result in answer["results"]]


@pytest.mark.parametrize("mode", ["per_item", "all_or_nothing"])
async def test_every_item_is_created_in_its_order(client, mode):
    ada = await make_person(client)
    items = [item(name, owner_id=ada["id"], value=eur("5.00")) for name in "cab"]
    answer = await batch(client, *items, mode=mode)
    assert [result["index"] for result in answer["results"]] == [0, 1, 2]
    assert (answer["created"], answer["failed"], statuses(answer)) == (3, 0, [201] * 3)
    for sent, result in zip(items, answer["results"], strict=True):
        seen = (await client.get(f"/v1/opportunities/{result['id']}")).json()
        assert (seen["name"], seen["value"], seen["version"]) == (sent["name"], eur("5.00"), 1)


async def test_one_of_a_batch_is_what_it_would_be_alone(client):
    account = await post(client, "/v1/accounts", name="Acme")
    press = await post(client, "/v1/products", name="Press", list_price=eur("3.00"))
    ada = await make_person(client)
    body = item(account_id=account["id"], product_ids=[press["id"]], owner_id=ada["id"])
    body |= {"credits": [{"person_id": ada["id"], "percent": "100"}], "attributes": {"a": 1}}
    alone = await post(client, "/v1/opportunities", **body)
    [made] = (await batch(client, body))["results"]
    seen = (await client.get(f"/v1/opportunities/{made['id']}")).json()
    assert seen | {"id": 0} == alone | {"id": 0}


WRONG = [
    (item(owner_id=str(uuid7())), 404, "not-found"),
    (item(process_id="nothing"), 404, "not-found"),
    (item(created_at="2027-01-01T00:00:00Z"), 422, "validation-failed"),
    (item(external_id="taken"), 409, "external-id-taken"),
    ({"process_id": "new-business"}, 422, "validation-failed"),
    (item(milestone="need"), 422, "validation-failed"),
    (item(value={"amount": "1", "currency": "EURO"}), 422, "validation-failed"),
    ("nonsense", 422, "validation-failed"),
    (None, 422, "validation-failed"),
]


async def test_per_item_each_stands_or_falls_alone(client):
    await make_deal(client, external_id="taken")
    items = [part for n, (wrong, *_) in enumerate(WRONG) for part in (wrong, item(f"good {n}"))]
    answer = await batch(client, *items)
    expected = [part for _, status, _ in WRONG for part in (status, 201)]
    assert statuses(answer) == expected
    assert (answer["created"], answer["failed"]) == (len(WRONG), len(WRONG))
    codes = [each["problem"]["code"] for each in answer["results"] if each["problem"]]
    assert codes == [code for _, _, code in WRONG]
    assert len(await there(client)) == len(WRONG) + 1


@pytest.mark.parametrize(("wrong", "status", "code"), WRONG)
async def test_all_or_nothing_says_which_failed_and_writes_nothing(client, wrong, status, code):
    await make_deal(client, "first", external_id="taken")
    items = (item("a", account={"name": "Acme"}), wrong, item("b"))
    answer = await batch(client, *items, mode="all_or_nothing", status=status)
    assert (answer["code"], answer["index"]) == (code, 1)
    assert {fault["pointer"][:8] for fault in answer["errors"]} == {"/items/1"}
    assert [deal["name"] for deal in await there(client)] == ["first"]
    assert (await client.get("/v1/accounts")).json()["data"] == []


async def test_every_fault_of_every_item_is_told(client):
    wrong = (item(nonsense=1), item(), {"name": ""})
    answer = await batch(client, *wrong, mode="all_or_nothing", status=422)
    pointers = [fault["pointer"] for fault in answer["errors"]]
    assert pointers == ["/items/0/nonsense", "/items/2/name", "/items/2/process_id"]


async def test_of_two_with_one_external_id_the_second_fails(client):
    twins = [item(name, external_id="1", account={"name": name}) for name in "ab"]
    answer = await batch(client, *twins)
    assert statuses(answer) == [201, 409]
    accounts = (await client.get("/v1/accounts")).json()["data"]
    assert [account["name"] for account in accounts] == ["a"]


async def test_upsert_creates_what_is_new_and_changes_what_is_there(client):
    deal = await make_deal(client, "old", source="crm", external_id="1", value=eur("1.00"))
    same = await make_deal(client, "same", source="crm", external_id="2")
    await tell(client, deal, "reach", milestone="need")
    items = [
        item(name, source="crm", external_id=id)
        for name, id in (("new", "1"), ("same", "2"), ("x", "3"))
    ]
    answer = await batch(client, *items, upsert=True)
    assert statuses(answer) == [200, 200, 201]
    assert (answer["created"], answer["changed"], answer["unchanged"]) == (1, 1, 1)
    seen = (await client.get(f"/v1/opportunities/{deal['id']}")).json()
    assert (seen["name"], seen["milestone"], seen["value"]) == ("new", "need", eur("1.00"))
    assert answer["results"][0]["version"] == seen["version"]
    assert (await client.get(f"/v1/opportunities/{same['id']}")).json() == same


async def test_the_same_upsert_again_changes_nothing(client):
    items = [item(f"{n}", external_id=f"{n}", value=eur("1.00")) for n in range(5)]
    first = await batch(client, *items, upsert=True)
    again = await batch(client, *items, upsert=True)
    assert (first["created"], again["unchanged"]) == (5, 5)
    assert [each["id"] for each in again["results"]] == [each["id"] for each in first["results"]]


async def test_an_external_id_twice_in_an_upsert_is_one_that_changes(client):
    answer = await batch(client, *(item(name, external_id="1") for name in "abb"), upsert=True)
    assert statuses(answer) == [201, 200, 200]
    assert len({each["id"] for each in answer["results"]}) == 1
    assert [deal["name"] for deal in await there(client)] == ["b"]


async def test_an_upsert_needs_an_external_id(client):
    answer = await batch(client, item(), item(external_id="1"), upsert=True)
    assert statuses(answer) == [422, 201]
    assert answer["results"][0]["problem"]["errors"][0]["pointer"] == "/items/0/external_id"


async def test_a_change_that_fails_takes_nothing_else_away(client):
    deal = await make_deal(client, "old", external_id="1")
    items = (item("new", external_id="1", owner_id=str(uuid7())), item("b", external_id="2"))
    assert statuses(await batch(client, *items, upsert=True)) == [404, 201]
    assert (await client.get(f"/v1/opportunities/{deal['id']}")).json() == deal


@pytest.mark.parametrize("mode", ["per_item", "all_or_nothing"])
async def test_a_dry_run_reports_the_same_and_writes_nothing(client, mode):
    deal = await make_deal(client, "old", external_id="1")
    items = [item("new", external_id="1"), item("b", external_id="2", account={"name": "A"})]
    dry = await batch(client, *items, mode=mode, upsert=True, dry_run="true")
    assert await there(client) == [deal]
    assert (await client.get("/v1/accounts")).json()["data"] == []
    wet = await batch(client, *items, mode=mode, upsert=True)
    plain = [
        {
            **answer,
            "dry_run": 0,
            "results": [r | {"id": 0, "version": 0} for r in answer["results"]],
        }
        for answer in (dry, wet)
    ]
    assert plain[0] == plain[1]
    assert [each["id"] for each in dry["results"]] == [deal["id"], None]


async def test_a_dry_run_fails_as_the_real_one_would(client):
    for dry_run in ("true", "false"):
        answer = await batch(
            client, item(), item(x=1), mode="all_or_nothing", status=422, dry_run=dry_run
        )
        assert answer["index"] == 1
    assert await there(client) == []


async def test_many_take_the_statements_of_few(client, statements):
    counts = []
    for many in (2, 200):
        statements.clear()
        answer = await batch(
            client, *(item(f"{n}", external_id=f"{many}-{n}") for n in range(many))
        )
        assert answer["created"] == many
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 25


async def test_batches_at_once_with_the_same_ids_make_each_once(client):
    items = [item(f"{n}", external_id=f"{n}") for n in range(10)]
    both = await asyncio.gather(
        batch(client, *items, upsert=True), batch(client, *reversed(items), upsert=True)
    )
    assert sum(answer["created"] for answer in both) == 10
    assert sum(answer["unchanged"] for answer in both) == 10
    assert len(await there(client)) == 10


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"items": [item()]}, "/mode"),
        ({"mode": "some", "items": [item()]}, "/mode"),
        ({"mode": "per_item"}, "/items"),
        ({"mode": "per_item", "items": []}, "/items"),
        ({"mode": "per_item", "items": [item()] * 201}, "/items"),
        ({"mode": "per_item", "items": [item()], "atomic": True}, "/atomic"),
        ({"mode": "per_item", "items": [item()], "upsert": "yes"}, "/upsert"),
    ],
)
async def test_a_batch_that_is_none_is_refused(client, body, pointer):
    answer = await client.post(PATH, json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_a_batch_needs_the_right_to_write(client, limited, stranger):
    reader = await limited(Scope.OPPORTUNITIES_READ)
    assert (await batch(reader, item(), status=403))["code"] == "insufficient-scope"
    assert (await stranger.post(PATH, json={})).status_code == 401


async def test_a_batch_refers_to_nothing_beyond_the_wall(client, neighbour):
    theirs = await make_person(neighbour)
    await make_process(neighbour)
    await make_deal(neighbour, "theirs", external_id="1")
    answer = await batch(client, item(owner_id=theirs["id"]), item(owner_id=str(uuid7())))
    details = {
        each["problem"]["detail"].rpartition(" ")[0]: each["status"] for each in answer["results"]
    }
    assert details == {"There is no person": 404}
    assert statuses(await batch(client, item(external_id="1"), upsert=True)) == [201]
    assert [deal["name"] for deal in await there(neighbour)] == ["theirs"]


NUL = "\u0000"  # which PostgreSQL keeps in no text, and only it finds deep inside of attributes


async def test_what_only_the_database_refuses_is_found_among_many(client):
    items = [item(f"{n}", attributes={"a": NUL if n in (3, 6) else "b"}) for n in range(8)]
    answer = await batch(client, *items)
    assert [i for i, status in enumerate(statuses(answer)) if status != 201] == [3, 6]
    assert answer["results"][3]["problem"]["errors"][0]["pointer"] == "/items/3"
    assert len(await there(client)) == 6


async def test_what_only_the_database_refuses_takes_back_all(client):
    items = [item(f"{n}", attributes={"a": NUL if n == 3 else "b"}) for n in range(8)]
    answer = await batch(client, *items, mode="all_or_nothing", status=422)
    assert (answer["index"], await there(client)) == (3, [])
