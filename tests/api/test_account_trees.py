import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from tests.deals import eur, make_deal, make_process, post, tell


async def made(client, name, parent=None, **account):
    above = {"parent_id": parent["id"]} if parent else {}
    return await post(client, "/v1/accounts", name=name, **above, **account)


async def ask(client, account, what, **wanted):
    answer = await client.get(f"/v1/accounts/{account['id']}/{what}", params=wanted)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ordered(client, account, on, amount="1000"):
    deal = await make_deal(client, account_id=account["id"], created_at=f"{on}T08:00:00Z")
    order = {"milestone": "order", "amount": eur(amount), "occurred_at": f"{on}T09:00:00Z"}
    return await tell(client, deal, "reach", **order)


async def switch(client, **settings):
    tag = (await client.get("/v1/workspace")).headers["etag"]
    answer = await client.patch("/v1/workspace", json=settings, headers={"If-Match": tag})
    assert answer.status_code == 200, answer.text


@pytest.fixture
async def group(client):
    """Top, its two companies, and a works of the first of them."""
    top = await made(client, "Top")
    one, two = await made(client, "One", top), await made(client, "Two", top)
    return top, one, two, await made(client, "Works", one)


async def test_the_tree_tells_what_is_above_and_below(client, group):
    top, one, two, works = group
    seen = await ask(client, one, "tree")
    assert [each["name"] for each in seen["path"]] == ["Top"]
    assert [(each["name"], each["depth"]) for each in seen["data"]] == [("One", 0), ("Works", 1)]
    whole = await ask(client, top, "tree")
    assert {each["id"]: each["parent_id"] for each in whole["data"]} == {
        top["id"]: None,
        one["id"]: top["id"],
        two["id"]: top["id"],
        works["id"]: one["id"],
    }


async def test_the_tree_comes_in_pages_level_by_level(client, group):
    seen, cursor = [], {}
    while True:
        found = await ask(client, group[0], "tree", limit=1, **cursor)
        seen += [(each["depth"], each["name"]) for each in found["data"]]
        if found["next_cursor"] is None:
            break
        cursor = {"cursor": found["next_cursor"]}
    assert seen == [(0, "Top"), (1, "One"), (1, "Two"), (2, "Works")]


async def test_a_group_is_worth_what_its_companies_are_together(client, group):
    """By hand: two orders of One and one of Works make three, of two customers."""
    top, one, two, works = group
    await make_process(client)
    await ordered(client, one, "2026-01-10")
    await ordered(client, one, "2026-03-10", "500")
    await ordered(client, works, "2025-05-10", "250.50")
    await make_deal(client, account_id=two["id"], value=eur("80"))
    await make_deal(client, account_id=top["id"])
    seen = await ask(client, top, "summary", **{"with": "descendants"})
    assert seen["accounts"] == 4
    assert (seen["open_count"], seen["open_value"]) == (2, eur("80.00"))
    assert seen["open_missing_value_count"] == 1
    assert (seen["won_count"], seen["won_value"]) == (3, eur("1750.50"))
    assert (seen["orders"], seen["customers"], seen["repeat_orders"]) == (3, 2, 1)
    assert seen["first_order_at"] == "2025-05-10T09:00:00Z"
    assert seen["last_order_at"] == "2026-03-10T09:00:00Z"
    alone = await ask(client, top, "summary")
    assert (alone["accounts"], alone["open_count"], alone["open_value"]) == (1, 1, None)
    assert (alone["orders"], alone["won_value"], alone["last_order_at"]) == (0, eur("0.00"), None)


async def test_orders_of_the_group_count_where_the_workspace_wants_it(client, group):
    _, _, two, works = group
    await make_process(client)
    await ordered(client, works, "2026-01-10")
    before = await make_deal(client, account_id=two["id"])
    assert (before["business_type"], (await ask(client, two, "summary"))["business_type"]) == (
        "new",
        "new",
    )
    await switch(client, group_orders_count=True)
    for account in group:
        assert (await make_deal(client, account_id=account["id"]))["business_type"] == "existing"
        assert (await ask(client, account, "summary"))["business_type"] == "existing"
    stranger = await made(client, "Another")
    assert (await make_deal(client, account_id=stranger["id"]))["business_type"] == "new"
    kept = await client.get(f"/v1/opportunities/{before['id']}")
    assert kept.json()["business_type"] == "new"


async def test_who_ordered_long_ago_is_to_be_won_back(client):
    await make_process(client)
    account = await made(client, "Old")
    await ordered(client, account, "2020-01-10")
    seen = await ask(client, account, "summary")
    assert (seen["business_type"], seen["business_subtype"]) == ("new", "win_back")


async def test_questions_about_groups_cost_the_same_however_large_they_are(
    client, group, statements
):
    async def cost():
        statements.clear()
        await ask(client, group[0], "tree")
        await ask(client, group[0], "summary", **{"with": "descendants"})
        return len(statements)

    few = await cost()
    for name in "abcde":
        await made(client, name, group[1])
    assert await cost() == few


@pytest.mark.parametrize("what", ["tree", "summary"])
async def test_neighbours_strangers_and_other_keys_see_no_group(
    client, neighbour, stranger, limited, group, what
):
    place = f"/v1/accounts/{group[0]['id']}/{what}"
    assert (await neighbour.get(place)).status_code == 404
    assert (await client.get(f"/v1/accounts/{uuid7()}/{what}")).status_code == 404
    assert (await stranger.get(place)).status_code == 401
    assert (await (await limited(Scope.FORECAST_READ)).get(place)).status_code == 403
    merged = {"keep": group[1]["id"], "merge": [group[2]["id"]]}
    assert (await client.post("/v1/accounts/merge", json=merged)).status_code == 201
    gone = await client.get(f"/v1/accounts/{group[2]['id']}/{what}")
    assert gone.json()["merged_into"] == group[1]["id"]
