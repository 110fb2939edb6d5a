"""A green cell becomes an opportunity, and a cell that went silent becomes a question."""

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from tests.aims import ask
from tests.deals import eur, make_deal, make_person, make_process, tell
from tests.sales import line, make_account, make_product, sell


@pytest.fixture
async def press(client):
    await make_process(client)
    return await make_product(client, "Press")


@pytest.fixture
async def alder(client):
    ada = await make_person(client)
    return await make_account(client, "Alder", owner_id=ada["id"])


def place(account, product):
    return f"/v1/matrix/cells/{account['id']}/{product['id']}"


async def say(client, account, product, **said):
    answer = await client.put(place(account, product), json=said)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def begin(client, account, product, status=201, **more):
    body = {"process_id": "new-business"} | more
    answer = await client.post(f"{place(account, product)}/opportunity", json=body)
    assert answer.status_code == status, answer.text
    return answer


async def lapsed(client, **asked):
    return (await ask(client, "/v1/matrix/lapsed", **asked))["data"]


async def test_a_green_cell_becomes_an_opportunity_of_its_account_and_product(client, press, alder):
    await say(client, alder, press, need="yes", est_value=eur("4000.00"))
    answer = await begin(client, alder, press)
    made = answer.json()
    assert answer.headers["location"] == f"/v1/opportunities/{made['id']}"
    assert (made["name"], made["value"], made["source"]) == (
        "Alder: Press",
        eur("4000.00"),
        "matrix",
    )
    assert (made["account_id"], made["owner_id"]) == (alder["id"], alder["owner_id"])
    assert made["product_ids"] == [press["id"]]
    cell = await ask(client, place(alder, press))
    assert (cell["status"], cell["opportunity_ids"]) == ("need", [made["id"]])


async def test_what_is_sent_comes_before_what_is_known(client, press, alder):
    await say(client, alder, press, need="yes", est_value=eur("4000.00"))
    ben = await make_person(client, "Ben")
    wanted = {"name": "Second press", "owner_id": ben["id"], "value": eur("10.00")}
    made = (await begin(client, alder, press, **wanted)).json()
    assert {name: made[name] for name in wanted} == wanted


async def test_any_open_opportunity_about_the_product_is_linked_with_the_cell(client, press, alder):
    more = {"account_id": alder["id"], "product_ids": [press["id"]]}
    first, second = [await make_deal(client, **more) for _ in range(2)]
    await make_deal(client, account_id=alder["id"])
    cell = await ask(client, place(alder, press))
    assert (cell["status"], cell["opportunity_ids"]) == ("unknown", [first["id"], second["id"]])
    await tell(client, first, "exit", kind="declined")
    assert (await ask(client, place(alder, press)))["opportunity_ids"] == [second["id"]]


async def test_only_a_green_cell_without_an_open_opportunity_makes_one(client, press, alder):
    refusal = await begin(client, alder, press, status=409)
    assert refusal.json()["code"] == "conflict"
    await say(client, alder, press, need="no")
    await begin(client, alder, press, status=409)
    await say(client, alder, press, need="yes")
    made = (await begin(client, alder, press)).json()
    assert made["id"] in (await begin(client, alder, press, status=409)).json()["detail"]
    await tell(client, made, "exit", kind="no_decision")
    await begin(client, alder, press)


async def test_a_competitor_may_be_attacked_where_there_is_a_need(client, press, alder):
    await say(client, alder, press, need="yes", competitors=[{"name": "Rival"}])
    await begin(client, alder, press)


async def test_a_loss_is_seen_at_the_cell_with_the_deal_it_follows_from(client, press, alder):
    deal = await make_deal(client, account_id=alder["id"], product_ids=[press["id"]])
    await tell(client, deal, "exit", kind="lost", competitor="Rival")
    cell = await ask(client, place(alder, press))
    assert (cell["status"], cell["symbol"]) == ("competitor", "red")
    [said] = (await ask(client, f"{place(alder, press)}/history"))["data"]
    assert (said["opportunity_id"], said["source"], said["confirmed"]) == (
        deal["id"],
        "exit",
        False,
    )


async def test_what_was_not_ordered_for_two_years_is_unknown_and_a_question(client, press, alder):
    # Today is 20 July 2026.
    old = await sell(client, line(press, "1.00"), at="2024-07-19T08:00:00Z", account_id=alder["id"])
    [only] = await lapsed(client)
    assert (only["account_id"], only["product_id"]) == (alder["id"], press["id"])
    assert (only["ours"], only["last_ordered_on"]) == ("unknown", "2024-07-19")
    assert only["question"] == (
        "Does Alder still buy Press from us? Nothing was heard of it since 2024-07-19."
    )
    german = await ask(client, "/v1/matrix/lapsed", headers={"Accept-Language": "de"})
    assert german["data"][0]["question"].startswith("Kauft Alder noch immer Press bei uns?")
    assert await lapsed(client, months=25) == []
    assert await lapsed(client, owner=alder["owner_id"], product=press["id"]) == [only]
    await sell(client, line(press, "1.00"), deal=old)
    assert await lapsed(client) == []
    assert len(await lapsed(client, months=1)) == 0


async def grid(client, **asked):
    """What the grid says of the first cell of each customer, by name."""
    found = await ask(client, "/v1/matrix", **asked)
    return {row["name"]: row["cells"][0]["lapsed"] for row in found["rows"]}


async def test_the_grid_marks_what_was_bought_and_not_ordered_for_long(
    client, press, alder, statements
):
    birch = await make_account(client, "Birch")
    await sell(client, line(press, "1.00"), at="2024-07-19T08:00:00Z", account_id=alder["id"])
    await sell(client, line(press, "1.00"), at="2024-07-22T08:00:00Z", account_id=birch["id"])
    long = {"since": "2024-07-19", "expected_on": "2026-07-19"}
    assert await grid(client) == {"Alder": long, "Birch": None}
    assert await grid(client, lapsed=True) == {"Alder": long}
    assert await grid(client, lapsed=False, product=press["id"]) == {"Birch": None}
    assert await grid(client, lapsed=True, lapsed_months=25) == {}
    assert (await grid(client, lapsed_months=12))["Birch"] == {
        "since": "2024-07-22",
        "expected_on": "2025-07-22",
    }
    [cell] = (await ask(client, "/v1/matrix", lapsed=True))["rows"][0]["cells"]
    assert (cell["status"], cell["facets"]["ours"]) == ("buys", "yes")


async def test_an_order_after_somebody_said_so_ends_the_mark(client, press, alder, clock):
    """Who confirmed a purchase is not confirmed anew by orders, which are heard all the same."""
    await say(client, alder, press, ours="yes")
    clock.forward(days=800)
    assert await grid(client) == {"Alder": {"since": "2026-07-20", "expected_on": "2028-07-20"}}
    await sell(client, line(press, "1.00"), account_id=alder["id"], at="2028-09-01T08:00:00Z")
    assert await grid(client) == {"Alder": None}


async def test_an_order_of_something_else_is_no_answer(client, press, alder):
    parts = await make_product(client, "Parts")
    about = {"account_id": alder["id"], "product_ids": [press["id"], parts["id"]]}
    await sell(client, line(press, "1.00"), at="2024-01-02T08:00:00Z", **about)
    await sell(client, line(parts, "1.00"), **about)
    assert [each["product_id"] for each in await lapsed(client)] == [press["id"]]


async def test_a_person_who_says_so_answers_the_question(client, press, alder, clock):
    await say(client, alder, press, ours="yes")
    assert await lapsed(client) == []
    clock.forward(days=800)
    [only] = await lapsed(client)
    assert (only["last_ordered_on"], only["last_said_on"]) == (None, "2026-07-20")
    await say(client, alder, press, ours="yes")
    assert await lapsed(client) == []


async def test_lapsed_cells_come_page_by_page_in_one_statement(client, press, alder, statements):
    for day in (1, 2, 3):
        other = await make_account(client, f"A{day}")
        at = f"2024-01-0{day}T08:00:00Z"
        await sell(client, line(press, "1.00"), at=at, account_id=other["id"])
    statements.clear()
    first = await ask(client, "/v1/matrix/lapsed", limit=2)
    assert sum("heard_at" in sent for sent in statements) == 1
    rest = await lapsed(client, limit=2, cursor=first["next_cursor"])
    days = [each["last_ordered_on"] for each in first["data"] + rest]
    assert days == ["2024-01-01", "2024-01-02", "2024-01-03"]


async def test_cells_are_opened_by_their_own_workspace_and_scope_only(
    client, press, alder, neighbour, stranger, limited
):
    await say(client, alder, press, need="yes")
    await make_process(neighbour)
    await begin(neighbour, alder, press, status=404)
    await begin(client, {"id": str(uuid7())}, press, status=404)
    await begin(client, alder, {"id": str(uuid7())}, status=404)
    await begin(stranger, alder, press, status=401)
    await begin(await limited(Scope.OPPORTUNITIES_READ), alder, press, status=403)
    await sell(client, line(press, "1.00"), at="2020-03-01T08:00:00Z", account_id=alder["id"])
    assert len(await lapsed(client)) == 1
    assert await lapsed(neighbour) == []
    assert (await stranger.get("/v1/matrix/lapsed")).status_code == 401
    reader = await limited(Scope.OPPORTUNITIES_READ)
    assert (await reader.get("/v1/matrix/lapsed")).status_code == 403
