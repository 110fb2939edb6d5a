import pytest

from app.core.ids import uuid7
from app.domain.access import Scope


async def made(client, path, **body):
    answer = await client.post(f"/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
async def ids(client):
    """A customer, a product and a person."""
    return {
        "account_id": (await made(client, "accounts", name="Alder"))["id"],
        "product_id": (await made(client, "products", name="Saw"))["id"],
        "owner_id": (await made(client, "people", name="Ada"))["id"],
    }


async def kinds(client, **asked):
    answer = await client.get("/v1/marks", params=asked)
    assert answer.status_code == 200, answer.text
    return [mark["kind"] for mark in answer.json()["data"]]


async def test_a_mark_says_what_is_due_where_and_who_sees_to_it(client, ids):
    mark = await made(client, "marks", kind="visit", due_on="2026-07-19", note="new plant", **ids)
    assert mark | ids == mark
    assert (mark["overdue"], mark["done_at"], mark["version"]) == (True, None, 1)
    place = f"/v1/marks/{mark['id']}"
    assert (await client.get(place)).json() == mark
    done = {"done_at": "2026-07-20T09:00:00Z", "note": None}
    answer = await client.patch(place, json=done, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["overdue"]) == (200, False)
    assert (answer.json()["done_at"], answer.json()["note"]) == ("2026-07-20T09:00:00Z", None)
    late = await client.patch(place, json={"kind": "call"}, headers={"If-Match": '"1"'})
    assert late.status_code == 412
    assert (await client.delete(place, headers={"If-Match": '"2"'})).status_code == 204
    assert (await client.get(place)).status_code == 404


async def test_the_due_list_comes_in_the_order_of_days(client, ids, statements):
    account = {"account_id": ids["account_id"]}
    await made(client, "marks", kind="renewal", due_on="2026-09-01", **ids)
    await made(client, "marks", kind="visit", due_on="2026-07-25", **account)
    call = await made(client, "marks", kind="call", due_on="2026-08-01", **account)
    done = {"done_at": "2026-07-20T09:00:00Z"}
    await client.patch(f"/v1/marks/{call['id']}", json=done, headers={"If-Match": '"1"'})
    statements.clear()
    assert await kinds(client) == ["visit", "call", "renewal"]
    assert sum("FROM marks" in each for each in statements) == 1
    for asked, found in (
        ({"done": False}, ["visit", "renewal"]),
        ({"done": True}, ["call"]),
        ({"due_until": "2026-08-01"}, ["visit", "call"]),
        ({"owner": ids["owner_id"]}, ["renewal"]),
        ({"product": ids["product_id"]}, ["renewal"]),
        ({"account": str(uuid7())}, []),
        ({"kind": "visit"}, ["visit"]),
        ({"sort": "-due_on"}, ["renewal", "call", "visit"]),
    ):
        assert await kinds(client, **asked) == found, asked
    first = (await client.get("/v1/marks", params={"limit": 2, "include": "total_count"})).json()
    assert first["total_count"]["count"] == 3
    assert await kinds(client, cursor=first["next_cursor"], include="total_count") == ["renewal"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "Not A Key"}, "/kind"),
        ({"due_on": "soon"}, "/due_on"),
        ({"due_on": None}, "/due_on"),
        ({"done_at": "2026-07-20T09:00:00Z"}, "/done_at"),
    ],
)
async def test_a_bad_field_is_pointed_at(client, ids, body, pointer):
    wanted = {"kind": "visit", "due_on": "2026-07-25", **ids} | body
    answer = await client.post("/v1/marks", json=wanted)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("name", ["account_id", "product_id", "owner_id"])
async def test_what_a_mark_refers_to_must_be_there(client, neighbour, ids, name):
    noun = {"account_id": "accounts", "product_id": "products", "owner_id": "people"}[name]
    theirs = (await made(neighbour, noun, name="Theirs"))["id"]
    for id in (theirs, str(uuid7())):
        wanted = {"kind": "visit", "due_on": "2026-07-25", **ids, name: id}
        assert (await client.post("/v1/marks", json=wanted)).status_code == 404


async def test_marks_stop_at_the_wall_and_need_their_scopes(client, neighbour, limited, ids):
    mark = await made(client, "marks", kind="visit", due_on="2026-07-25", **ids)
    assert await kinds(neighbour) == []
    for id in (mark["id"], str(uuid7())):
        tag = {"If-Match": '"1"'}
        assert (await neighbour.get(f"/v1/marks/{id}")).status_code == 404
        change = await neighbour.patch(f"/v1/marks/{id}", json={"kind": "x"}, headers=tag)
        assert change.status_code == 404
        assert (await neighbour.delete(f"/v1/marks/{id}", headers=tag)).status_code == 404
    reader, writer = await limited(Scope.MATRIX_READ), await limited(Scope.MATRIX_WRITE)
    assert await kinds(reader) == ["visit"]
    assert (await reader.post("/v1/marks", json={})).status_code == 403
    assert (await writer.get("/v1/marks")).status_code == 403
