"""Objects by the ids other systems gave them: one row, however often and by however many."""

import asyncio
from urllib.parse import quote

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from tests.deals import eur, make_deal, make_process, post, tell

DEAL = "/v1/opportunities/by-external-id/crm/4711"
BODY = {"name": "Press line", "process_id": "new-business"}
OTHERS = {
    "/v1/accounts/by-external-id/crm/4711": {"name": "Alder", "attributes": {"a": 1}},
    "/v1/people/by-external-id/crm/4711": {"name": "Ada", "email": "ada@example.com"},
    "/v1/products/by-key/press": {"name": "Press", "list_price": eur("5.00")},
}
EVERY = OTHERS | {DEAL: BODY}


@pytest.fixture(autouse=True)
async def process(client):
    return await make_process(client)


async def put(client, path=DEAL, status=200, match=None, **body):
    headers = {"If-Match": match} if match else {}
    answer = await client.put(path, json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer


@pytest.mark.parametrize("path", EVERY)
async def test_the_first_time_creates_and_says_where(client, path):
    made = await put(client, path, 201, **EVERY[path])
    again = await client.get(made.headers["location"])
    assert again.json() == made.json()
    assert made.headers["etag"] == '"1"'


@pytest.mark.parametrize("path", EVERY)
async def test_the_same_again_changes_nothing(client, path):
    made = await put(client, path, 201, **EVERY[path])
    again = await put(client, path, 200, **EVERY[path])
    assert again.json() == made.json()
    assert (again.headers["etag"], "location" in again.headers) == ('"1"', False)


@pytest.mark.parametrize("path", EVERY)
async def test_what_is_named_changes_and_the_rest_stays(client, path):
    made = (await put(client, path, 201, **EVERY[path])).json()
    body = {"process_id": "new-business"} if path == DEAL else {}
    seen = (await put(client, path, 200, name="Other", **body)).json()
    assert (seen["name"], seen["version"]) == ("Other", 2)
    unlike = {name for name in made if seen[name] != made[name]}
    assert unlike <= {"name", "version", "updated_at"}


@pytest.mark.parametrize("path", EVERY)
async def test_twins_make_one(client, path):
    answers = await asyncio.gather(*(client.put(path, json=EVERY[path]) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert {answer.json()["version"] for answer in answers} == {1}


@pytest.mark.parametrize("path", EVERY)
async def test_a_version_is_matched_when_it_is_named(client, path):
    await put(client, path, 404, '"1"', **EVERY[path])
    tag = (await put(client, path, 201, **EVERY[path])).headers["etag"]
    changed = EVERY[path] | {"name": "Other"}
    assert (await put(client, path, 200, tag, **changed)).headers["etag"] == '"2"'
    stale = await put(client, path, 412, tag, **EVERY[path])
    assert stale.json()["code"] == "precondition-failed"


@pytest.mark.parametrize("path", EVERY)
async def test_only_who_may_write_may_put(client, limited, stranger, path):
    assert (await stranger.put(path, json=EVERY[path])).status_code == 401
    reader = await limited(Scope.OPPORTUNITIES_READ, Scope.ACCOUNTS_READ)
    assert (await put(reader, path, 403, **EVERY[path])).json()["code"] == "insufficient-scope"


@pytest.mark.parametrize("path", OTHERS)
async def test_every_workspace_has_its_own_ids(client, neighbour, path):
    mine = (await put(client, path, 201, **EVERY[path])).json()
    theirs = (await put(neighbour, path, 201, **EVERY[path])).json()
    assert mine["id"] != theirs["id"]


async def test_a_new_value_or_owner_is_an_event_and_the_same_is_none(client):
    deal = (await put(client, status=201, **BODY, value=eur("5.00"))).json()
    for amount in ("5.00", "7.00", "7.00"):
        await put(client, **BODY, value=eur(amount))
    history = (await client.get(f"/v1/opportunities/{deal['id']}/events")).json()["data"]
    assert [event["kind"] for event in history] == ["created", "value_changed"]


async def test_how_it_was_created_changes_nothing_later(client):
    await make_process(client, key="renewal")
    deal = (await put(client, status=201, **BODY, account={"name": "Acme"})).json()
    body = BODY | {"process_id": "renewal", "account": {"name": "Acme"}}
    assert (await put(client, **body)).json() == deal
    accounts = (await client.get("/v1/accounts")).json()["data"]
    assert [account["name"] for account in accounts] == ["Acme"]


async def test_what_the_customer_did_stays(client):
    deal = (await put(client, status=201, **BODY)).json()
    await tell(client, deal, "reach", milestone="need")
    assert (await put(client, **BODY | {"name": "New"})).json()["milestone"] == "need"


async def test_what_was_made_otherwise_is_found_by_its_external_id(client):
    deal = await make_deal(client, source="crm", external_id="4711")
    assert (await put(client, **BODY)).json()["id"] == deal["id"]


async def test_a_deleted_one_does_not_come_back(client):
    deal = (await put(client, status=201, **BODY)).json()
    await client.delete(f"/v1/opportunities/{deal['id']}", headers={"If-Match": '"1"'})
    assert (await put(client, status=201, **BODY)).json()["id"] != deal["id"]


@pytest.mark.parametrize("id", ["a/b", "A 1", "a.b?", "ä", "%2F", "x" * 200, " padded "])
async def test_an_id_is_taken_as_it_was_given(client, id):
    path = f"/v1/accounts/by-external-id/crm/{quote(id, safe='')}"
    assert (await put(client, path, 201, name="Alder")).json()["external_id"] == id
    assert (await put(client, path, 200, name="Alder")).json()["external_id"] == id


async def test_ids_differ_in_case_and_in_source(client):
    for place in ("crm/a", "crm/A", "erp/a"):
        await put(client, f"/v1/accounts/by-external-id/{place}", 201, name="Alder")


@pytest.mark.parametrize("name", ["source", "external_id"])
async def test_the_body_may_not_say_another_address(client, name):
    answer = await put(client, status=422, **BODY, **{name: "other"})
    [found] = answer.json()["errors"]
    assert (found["pointer"], found["code"]) == (f"/{name}", "differs_from_address")
    await put(client, status=201, **BODY, source="crm", external_id="4711")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"process_id": "nothing"}, 404),
        ({"owner_id": str(uuid7())}, 404),
        ({"milestone": "need"}, 422),
        ({"value": {"amount": 5, "currency": "EUR"}}, 422),
    ],
)
async def test_what_does_not_add_up_is_refused(client, more, status):
    await put(client, status=status, **BODY | more)
    assert (await client.get("/v1/opportunities")).json()["data"] == []


@pytest.mark.parametrize("place", ["crm/" + "x" * 201, "x" * 101 + "/1", "crm/%00", "%20/1"])
async def test_an_id_that_is_none_is_refused(client, place):
    answer = await put(client, f"/v1/accounts/by-external-id/{place}", 422, name="Alder")
    assert answer.json()["errors"][0]["parameter"] in ("source", "external_id")


async def test_a_person_keeps_the_mail_address_of_another_out(client):
    await post(client, "/v1/people", name="Bob", email="ada@example.com")
    path = "/v1/people/by-external-id/crm/4711"
    assert (await put(client, path, 409, **EVERY[path])).json()["code"] == "key-taken"
