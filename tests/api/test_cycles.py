"""After how many days a product is ordered again, and whose order is late."""

from datetime import date, timedelta

import pytest

from app.domain.access import Scope
from tests.aims import ask
from tests.deals import make_person, make_process, tell
from tests.sales import line, make_account, make_product, sell

TODAY = date(2026, 7, 20)


@pytest.fixture
async def press(client):
    await make_process(client)
    return await make_product(client, "Press")


@pytest.fixture
async def alder(client):
    return await make_account(client)


async def order(client, account, product, *ago):
    """Orders so many days ago; the last deal."""
    for days in ago:
        at = f"{TODAY - timedelta(days=days)}T08:00:00Z"
        deal = await sell(client, line(product, "1.00"), at=at, account_id=account["id"])
    return deal


async def cycles(client, **asked):
    return (await ask(client, "/v1/cycles", **asked))["data"]


async def test_the_cycle_is_the_median_from_one_order_to_the_next(client, press, alder):
    # 100, 30, 41 and 20 days apart: sorted 20 30 41 100, the middle is 35.5.
    await order(client, alder, press, 191, 91, 61, 20, 0)
    [only] = await cycles(client)
    assert only == {
        "account_id": alder["id"],
        "product_id": press["id"],
        "orders": 5,
        "first_on": "2026-01-10",
        "last_on": "2026-07-20",
        "median_days": "35.5",
        "n": 4,
        "status": "ok",
        "source": "own",
        "next_expected_on": "2026-08-25",
        "overdue_days": 0,
    }


async def test_an_order_that_did_not_come_is_overdue(client, press, alder):
    await order(client, alder, press, 130, 100)
    [only] = await cycles(client, overdue=True)
    # 30 days after the one 100 days ago: 70 days ago.
    assert (only["overdue_days"], only["status"], only["n"]) == (70, "low_sample", 1)
    assert await cycles(client, overdue=False) == []


async def test_several_orders_of_a_day_are_one(client, press, alder):
    await order(client, alder, press, 30, 30, 10)
    [only] = await cycles(client)
    assert (only["orders"], only["median_days"]) == (2, "20")


async def test_who_ordered_once_is_expected_as_the_others_are(client, press, alder):
    birch = await make_account(client, "Birch")
    await order(client, birch, press, 10)
    await order(client, alder, press, 30, 20)
    [unknown] = await cycles(client, account=birch["id"])
    assert (unknown["status"], unknown["median_days"]) == ("unknown", None)
    assert (unknown["next_expected_on"], unknown["overdue_days"]) == (None, None)
    await order(client, alder, press, 15, 0)
    # Three stretches of Alder: 10, 5 and 15 days.
    [only] = await cycles(client, account=birch["id"])
    assert (only["source"], only["n"], only["median_days"]) == ("product", 3, "10")
    assert (only["status"], only["next_expected_on"]) == ("low_sample", "2026-07-20")


async def test_a_product_has_a_cycle_of_all_accounts_together(client, press, alder):
    birch = await make_account(client, "Birch")
    await order(client, alder, press, 40, 30)
    await order(client, birch, press, 60, 40)
    [only] = await cycles(client, by="product")
    assert (only["account_id"], only["orders"], only["n"]) == (None, 4, 2)
    assert (only["median_days"], only["next_expected_on"]) == ("15", None)
    await ask(client, "/v1/cycles", 422, by="product", account=birch["id"])


async def test_a_voided_order_was_none(client, press, alder):
    deal = await order(client, alder, press, 30, 20, 0)
    await tell(client, deal, "void", milestone="order", reason="another company")
    [only] = await cycles(client)
    assert (only["orders"], only["median_days"]) == (2, "10")


async def test_cycles_are_filtered_and_come_page_by_page(client, press, alder):
    ada = await make_person(client)
    birch = await make_account(client, "Birch", owner_id=ada["id"])
    parts = await make_product(client, "Parts")
    await order(client, alder, press, 50, 40)
    await order(client, birch, press, 30, 20)
    await order(client, birch, parts, 10)
    first = await ask(client, "/v1/cycles", limit=2)
    rest = await cycles(client, limit=2, cursor=first["next_cursor"])
    seen = [(each["account_id"], each["product_id"]) for each in first["data"] + rest]
    assert seen == [
        (alder["id"], press["id"]),
        (birch["id"], press["id"]),
        (birch["id"], parts["id"]),
    ]
    assert len(await cycles(client, owner=ada["id"])) == 2
    assert len(await cycles(client, product=parts["id"])) == 1


async def test_cycles_are_seen_by_their_own_workspace_and_scope_only(
    client, press, alder, neighbour, stranger, limited, statements
):
    counts = []
    for day in (3, 2):
        await order(client, alder, press, day)
        statements.clear()
        await cycles(client)
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert await cycles(neighbour) == []
    assert (await stranger.get("/v1/cycles")).status_code == 401
    assert (await (await limited(Scope.ACCOUNTS_READ)).get("/v1/cycles")).status_code == 403
