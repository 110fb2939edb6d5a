import json

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope


async def made(client, **account):
    answer = await client.post("/v1/accounts", json={"name": "Acme"} | account)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def changed(client, account, **patch):
    tag = {"If-Match": f'"{account["version"]}"'}
    return await client.patch(f"/v1/accounts/{account['id']}", json=patch, headers=tag)


async def names(client, **asked):
    answer = await client.get("/v1/accounts", params=asked)
    assert answer.status_code == 200, answer.text
    return [account["name"] for account in answer.json()["data"]]


def fault(answer):
    assert answer.status_code == 422, answer.text
    [found] = answer.json()["errors"]
    return found.get("pointer") or found.get("parameter"), found["code"]


async def test_an_account_is_answered_with_its_place_and_its_etag(client):
    answer = await client.post("/v1/accounts", json={"name": "Acme", "segment": "mid"})
    account = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/accounts/{account['id']}"
    assert answer.headers["etag"] == '"1"'
    assert (account["source"], account["attributes"], account["country"]) == ("api", {}, None)
    assert account["created_at"].endswith("Z")
    assert (await client.get(answer.headers["location"])).json() == account


async def test_a_patch_changes_what_it_names_and_null_empties(client):
    account = await made(client, segment="mid", country="DE")
    answer = await changed(client, account, country=None, name="Acme GmbH")
    assert answer.headers["etag"] == '"2"'
    assert answer.json()["segment"] == "mid"
    assert (answer.json()["country"], answer.json()["name"]) == (None, "Acme GmbH")


@pytest.mark.parametrize("field", ["name", "source", "attributes"])
async def test_null_for_what_every_account_has_is_refused(client, field):
    answer = await changed(client, await made(client), **{field: None})
    assert fault(answer)[0] == f"/{field}"


async def test_a_patch_reaches_into_attributes(client):
    account = await made(client, attributes={"vat": "DE1", "erp": {"no": 7, "old": True}})
    answer = await changed(client, account, attributes={"vat": None, "erp": {"no": 8}})
    assert answer.json()["attributes"] == {"erp": {"no": 8, "old": True}}


async def test_attributes_cannot_grow_by_patches_beyond_their_limit(client):
    account = await made(client, attributes={"a": "x" * 9000})
    answer = await changed(client, account, attributes={"b": "x" * 9000})
    assert fault(answer) == ("/attributes", "too_large")


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ('{"a": "' + "x" * 16_400 + '"}', "too_large"),
        ('{"a": ' + "[" * 25 + "]" * 25 + "}", "too_deep"),
        ('{"a": 1e999}', "not_json"),
        ('{"a": "\\ud800"}', "not_json"),
    ],
)
async def test_attributes_that_cannot_be_kept_are_refused(client, attributes, code):
    answer = await client.post(
        "/v1/accounts",
        content=f'{{"name": "Acme", "attributes": {attributes}}}',
        headers={"Content-Type": "application/json"},
    )
    assert fault(answer) == ("/attributes", code)


async def test_nul_in_attributes_is_a_problem_of_the_caller(client):
    answer = await client.post("/v1/accounts", json={"name": "A", "attributes": {"a": "\x00"}})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation-failed")


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/name", "missing"),
        ({"name": " "}, "/name", "blank"),
        ({"name": "x" * 201}, "/name", "too_long"),
        ({"name": "A", "revenue": 1}, "/revenue", "unknown_field"),
        ({"name": "A", "parent_id": "x"}, "/parent_id", "not_a_uuid"),
    ],
)
async def test_a_bad_field_is_pointed_at(client, body, pointer, code):
    answer = await client.post("/v1/accounts", json=body)
    assert fault(answer) == (pointer, code)


async def test_an_external_id_is_unique_within_its_source(client):
    await made(client, external_id="7", source="crm-x")
    await made(client, external_id="7", source="crm-y")
    answer = await client.post(
        "/v1/accounts", json={"name": "B", "external_id": "7", "source": "crm-x"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "external-id-taken")


async def test_a_deleted_account_frees_its_external_id(client):
    account = await made(client, external_id="7")
    gone = await client.delete(f"/v1/accounts/{account['id']}", headers={"If-Match": '"1"'})
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await client.get(f"/v1/accounts/{account['id']}")).status_code == 404
    assert await names(client) == []
    assert (await made(client, external_id="7"))["id"] != account["id"]


async def test_a_change_needs_the_version_it_was_made_from(client):
    account = await made(client)
    place = f"/v1/accounts/{account['id']}"
    assert (await client.patch(place, json={"name": "B"})).status_code == 428
    assert (await client.delete(place)).status_code == 428
    await changed(client, account, name="B")
    late = await changed(client, account, name="C")
    assert (late.status_code, late.headers["etag"]) == (412, '"2"')


async def test_a_group_cannot_belong_to_its_own_subsidiary(client):
    group = await made(client, name="Group")
    daughter = await made(client, name="Daughter", parent_id=group["id"])
    assert fault(await changed(client, group, parent_id=daughter["id"])) == ("/parent_id", "cycle")
    assert fault(await changed(client, group, parent_id=group["id"])) == ("/parent_id", "cycle")
    assert await names(client, parent=group["id"]) == ["Daughter"]


async def test_a_parent_that_is_not_here_is_not_found(client):
    answer = await client.post("/v1/accounts", json={"name": "A", "parent_id": str(uuid7())})
    assert answer.status_code == 404


async def test_accounts_are_found_by_what_they_are(client):
    await made(client, name="Ärzteverband", segment="health", country="DE")
    await made(client, name="Acme_x", segment="mid", external_id="7", source="crm")
    await made(client, name="Acme%y", segment="mid")
    assert await names(client, q="ÄRZ") == ["Ärzteverband"]
    assert await names(client, q="acme%") == ["Acme%y"]
    assert await names(client, segment="mid") == ["Acme_x", "Acme%y"]
    assert await names(client, source="crm", external_id="7") == ["Acme_x"]
    assert await names(client, country="DE", segment="mid") == []


async def test_an_unknown_filter_is_refused_instead_of_ignored(client):
    answer = await client.get("/v1/accounts", params={"segmnt": "mid"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-parameter")


@pytest.mark.parametrize("sort", ["name", "-name", "created_at", "-created_at", "-updated_at"])
async def test_pages_in_any_order_show_every_account_once(client, clock, sort):
    for number in range(7):
        await made(client, name="abcABCa"[number])
        clock.forward(seconds=number % 2)
    seen, cursor = [], {}
    while True:
        asked = {"limit": 2, "sort": sort} | cursor
        page = (await client.get("/v1/accounts", params=asked)).json()
        seen += page["data"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    key = sort.lstrip("-")
    keys = [account[key].lower() for account in seen]
    assert keys == sorted(keys, reverse=sort.startswith("-"))
    assert len({account["id"] for account in seen}) == 7


async def test_a_cursor_of_another_order_is_refused(client):
    for name in "ab":
        await made(client, name=name)
    page = await client.get("/v1/accounts", params={"limit": 1, "sort": "name"})
    asked = {"limit": 1, "sort": "-name", "cursor": page.json()["next_cursor"]}
    answer = await client.get("/v1/accounts", params=asked)
    assert answer.json()["code"] == "invalid-cursor"


async def test_a_list_takes_one_statement_however_long_it_is(client, statements):
    for name in "abcdef":
        await made(client, name=name)
    statements.clear()
    await names(client, sort="name")
    assert sum("FROM accounts" in statement for statement in statements) == 1


async def test_reading_and_writing_need_their_scopes(limited):
    reader, writer = await limited(Scope.ACCOUNTS_READ), await limited(Scope.ACCOUNTS_WRITE)
    assert (await reader.get("/v1/accounts")).status_code == 200
    assert (await reader.post("/v1/accounts", json={"name": "A"})).status_code == 403
    assert (await writer.get("/v1/accounts")).status_code == 403
    assert (await writer.post("/v1/accounts", json={"name": "A"})).status_code == 201


async def test_merge_patch_may_say_its_media_type(client):
    account = await made(client)
    answer = await client.patch(
        f"/v1/accounts/{account['id']}",
        content=json.dumps({"name": "B"}),
        headers={"If-Match": '"1"', "Content-Type": "application/merge-patch+json"},
    )
    assert (answer.status_code, answer.json()["name"]) == (200, "B")


async def test_accounts_are_found_by_who_looks_after_them(client, neighbour):
    ada = (await client.post("/v1/people", json={"name": "Ada"})).json()["id"]
    account = await made(client, owner_id=ada)
    await made(client, name="Other")
    assert await names(client, owner=ada) == ["Acme"]
    assert (await changed(client, account, owner_id=None)).json()["owner_id"] is None
    assert await names(client, owner=ada) == []
    foreign = (await neighbour.post("/v1/people", json={"name": "Eve"})).json()["id"]
    for owner in (foreign, str(uuid7())):
        answer = await client.post("/v1/accounts", json={"name": "Acme", "owner_id": owner})
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
