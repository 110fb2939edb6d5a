"""Cursors: made here, bound to their question, and no key to anything."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from itertools import product

import pytest
from sqlalchemy import text

from app.core.counting import Accuracy, Explained, counted
from app.domain.access import Scope
from app.domain.pipeline import SORTS as COLUMNS
from app.domain.pipeline import viewed
from app.schemas.opportunities import OpportunitySort
from app.tables import Account, Opportunity
from tests.deals import change as changed
from tests.deals import eur, make_deal, make_person, make_process, post

DEALS = "/v1/opportunities"


@pytest.fixture
async def process(client):
    return await make_process(client)


async def page(client, path=DEALS, **asked):
    answer = await client.get(path, params={"limit": 1} | asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(client, path=DEALS, **asked):
    answer = await client.get(path, params={"limit": 1} | asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-cursor"), answer.text
    assert answer.json()["errors"][0]["parameter"] == "cursor"


async def walked(client, between=None, **asked):
    seen, cursor = [], {}
    while cursor is not None:
        found = await page(client, **asked, **cursor)
        seen += [each["name"] for each in found["data"]]
        cursor = {"cursor": found["next_cursor"]} if found["next_cursor"] else None
        if between and cursor:
            await between(found["data"])
    return seen


async def two_accounts(client):
    for name in ("Alder", "Birch"):
        await post(client, "/v1/accounts", name=name)


async def test_a_cursor_that_was_changed_anywhere_is_refused(client):
    await two_accounts(client)
    cursor = (await page(client, "/v1/accounts"))["next_cursor"]
    for place in range(0, len(cursor), 7):
        other = "A" if cursor[place] != "A" else "B"
        await refused(client, "/v1/accounts", cursor=cursor[:place] + other + cursor[place + 1 :])


@pytest.mark.parametrize("cursor", ["", "x", "%", "é", "A" * 5000, "eyJhIjoxfQ", "\x00"])
async def test_a_cursor_that_never_was_one_is_refused(client, cursor):
    await refused(client, "/v1/accounts", cursor=cursor)


async def test_a_place_without_its_signature_is_refused(client):
    await two_accounts(client)
    cursor = (await page(client, "/v1/accounts"))["next_cursor"]
    signed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    place = json.loads(signed[16:])
    for forged in (signed[16:], bytes(16) + json.dumps(place).encode()):
        await refused(client, "/v1/accounts", cursor=urlsafe_b64encode(forged).decode())


@pytest.mark.parametrize(
    "other",
    [
        {"sort": "name"},
        {"sort": "-created_at"},
        {"segment": "machines"},
        {"fields": "id,name"},
        {"include": "total_count"},
    ],
)
async def test_a_cursor_belongs_to_its_whole_question(client, other):
    await two_accounts(client)
    cursor = (await page(client, "/v1/accounts"))["next_cursor"]
    await refused(client, "/v1/accounts", cursor=cursor, **other)


async def test_a_cursor_belongs_to_its_list(client):
    await two_accounts(client)
    cursor = (await page(client, "/v1/accounts"))["next_cursor"]
    for other in ("/v1/people", "/v1/products", "/v1/teams"):
        await refused(client, other, cursor=cursor)


async def test_a_cursor_opens_nothing_in_another_workspace(client, neighbour):
    for caller in (client, neighbour):
        await two_accounts(caller)
    cursor = (await page(client, "/v1/accounts"))["next_cursor"]
    await refused(neighbour, "/v1/accounts", cursor=cursor)


async def test_another_key_of_the_workspace_goes_on_with_the_cursor(client, limited):
    await two_accounts(client)
    cursor = (await page(client, "/v1/accounts"))["next_cursor"]
    colleague = await limited(Scope.ACCOUNTS_READ)
    found = await page(colleague, "/v1/accounts", cursor=cursor)
    assert [each["name"] for each in found["data"]] == ["Birch"]


async def test_a_cursor_without_a_key_or_a_scope_opens_nothing(client, stranger, limited):
    await two_accounts(client)
    asked = {"cursor": (await page(client, "/v1/accounts"))["next_cursor"]}
    assert (await stranger.get("/v1/accounts", params=asked)).status_code == 401
    powerless = await limited(Scope.IMPORTS_WRITE)
    assert (await powerless.get("/v1/accounts", params=asked)).status_code == 403


async def test_the_secret_that_signs_is_another_in_every_workspace_and_never_shown(
    client, neighbour, work
):
    secret = work.home.secret
    assert len(secret) == 32
    assert secret.hex() not in repr(work)
    for caller in (client, neighbour):
        for path in ("/v1/me", "/v1/workspace"):
            answer = await caller.get(path)
            assert answer.status_code == 200
            assert "secret" not in answer.text


SORTS = [
    *("created_at", "-created_at", "updated_at", "-updated_at", "name", "-name", "value", "-value"),
    *("-value,name", "value,-name", "name,-value,-created_at", "-name,-updated_at"),
]


@pytest.mark.parametrize("sort", SORTS)
async def test_pages_are_the_sorted_list_cut_in_pieces(client, process, sort):
    for name, value in product("bAa", (None, eur("2.00"), eur("10.00"))):
        await make_deal(client, name, value=value)
    whole = [each["id"] for each in (await page(client, sort=sort, limit=100))["data"]]
    seen, cursor = [], {}
    while cursor is not None:
        found = await page(client, sort=sort, limit=2, **cursor)
        seen += [each["id"] for each in found["data"]]
        cursor = {"cursor": found["next_cursor"]} if found["next_cursor"] else None
    assert seen == whole
    assert len(set(seen)) == 9


async def test_the_second_key_decides_where_the_first_is_equal(client, process):
    for name, amount in (("b", "5.00"), ("a", "5.00"), ("c", "9.00")):
        await make_deal(client, name, value=eur(amount))
    assert await walked(client, sort="-value,name") == ["c", "a", "b"]
    assert await walked(client, sort="-value,-name") == ["c", "b", "a"]


@pytest.mark.parametrize("sort", ["name,amount", "name,-name", "", "name,"])
async def test_an_order_that_is_none_is_refused(client, process, sort):
    answer = await client.get(DEALS, params={"sort": sort})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "sort"


async def test_what_is_deleted_between_pages_takes_nothing_else_away(client, process):
    for name in "abcdef":
        await make_deal(client, name)

    async def away(shown):
        path = f"{DEALS}/{shown[-1]['id']}"
        tag = (await client.get(path)).headers["etag"]
        assert (await client.delete(path, headers={"If-Match": tag})).status_code == 204

    assert await walked(client, away, sort="name") == list("abcdef")


async def test_what_comes_in_between_pages_takes_nothing_away(client, process):
    for name in "bdfh":
        await make_deal(client, name)

    async def more(shown):
        if len(shown[-1]["name"]) == 1:
            await make_deal(client, shown[-1]["name"] + "-")

    seen = await walked(client, more, sort="name")
    assert [name for name in seen if len(name) == 1] == list("bdfh")
    assert len(seen) == len(set(seen))


async def test_what_changes_between_pages_is_lost_by_no_order_it_does_not_touch(client, process):
    deals = [await make_deal(client, name, value=eur("1.00")) for name in "abc"]

    async def grow(_):
        await changed(client, deals[0], value=eur("7.00"))

    assert await walked(client, grow, sort="name") == list("abc")


@pytest.mark.parametrize("sort", ["name", "-name", "value", "-value", "created_at", "-updated_at"])
async def test_every_order_of_opportunities_is_read_from_an_index(client, process, work, sort):
    await make_deal(client)
    await work.db.execute(text("SET LOCAL enable_sort = off"))
    await work.db.execute(text("SET LOCAL enable_seqscan = off"))
    _, column = COLUMNS[OpportunitySort(sort.removeprefix("-"))]
    keys = (column, Opportunity.id)
    order = [key.desc() for key in keys] if sort.startswith("-") else keys
    [plan] = await work.db.scalar(Explained(viewed(work).order_by(*order).limit(51)))
    nodes = json.dumps(plan)
    assert "_idx" in nodes
    assert '"Sort"' not in nodes


async def test_a_list_counts_itself_only_when_asked(client, statements):
    await two_accounts(client)
    statements.clear()
    plain = await page(client, "/v1/accounts")
    before = len(statements)
    total = await page(client, "/v1/accounts", include="total_count")
    assert len(statements) - before == before + 1
    assert "total_count" not in plain
    assert total["total_count"] == {"count": 2, "accuracy": "exact"}


async def test_a_count_is_of_all_pages_and_of_the_filters(client, process):
    ada = await make_person(client)
    for name in "abc":
        await make_deal(client, name, owner_id=ada["id"])
    await make_deal(client, "d")
    asked = {"include": "total_count", "owner": ada["id"], "sort": "name"}
    first = await page(client, **asked)
    second = await page(client, **asked, cursor=first["next_cursor"])
    assert [each["total_count"]["count"] for each in (first, second)] == [3, 3]


async def test_a_count_beyond_the_bound_is_an_estimate_never_below_it(client, work):
    for name in ("a", "b", "c"):
        await post(client, "/v1/accounts", name=name)
    query = work.rows(Account).where(Account.name != "x")
    assert (await counted(work, query)).count == 3
    total = await counted(work, query, bound=1)
    assert total.accuracy is Accuracy.ESTIMATE
    assert total.count >= 2
