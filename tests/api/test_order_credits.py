"""Who is credited with which part of which order: every sum is exact, and unknown is not nought."""

from decimal import Decimal

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from tests.aims import ask, refused
from tests.deals import eur, make_person, make_process, tell
from tests.sales import line, make_account, make_product, sell


@pytest.fixture
async def press(client):
    await make_process(client)
    return await make_product(client, "Press")


@pytest.fixture
async def ada(client):
    return await make_person(client, "Ada")


@pytest.fixture
async def ben(client):
    return await make_person(client, "Ben")


async def credited(client, **asked):
    return await ask(client, "/v1/credits", **({"period": "2026-07"} | asked))


def shared(*people):
    """Two thirds for the first, who owns it, and one third for the second."""
    percents = ("66.666667", "33.333333")
    credits = [
        {"person_id": person["id"], "percent": percent}
        for person, percent in zip(people, percents, strict=True)
    ]
    return {"owner_id": people[0]["id"], "credits": credits}


def parts(order, name="value"):
    return {
        (part["person_id"], part["product_id"]): part[name] and part[name]["amount"]
        for part in order["parts"]
    }


async def test_an_order_falls_into_parts_by_person_and_line(client, press, ada, ben):
    service = await make_product(client, "Service")
    lines = line(press, "100.00", "40.00"), line(service, "0.01", "0.00")
    deal = await sell(client, *lines, **shared(ada, ben))
    [order] = (await credited(client))["data"]
    # 100.01: Ada 66.673333 → 66.67, Ben 33.336667 → 33.34. Rounded down, 100.00 is 66.66 and 33.33,
    # 0.01 is nothing to either; the first line lacks 1 cent (Ada's), the second 1 cent (Ben's).
    assert parts(order) == {
        (ada["id"], press["id"]): "66.67",
        (ben["id"], press["id"]): "33.33",
        (ada["id"], service["id"]): "0.00",
        (ben["id"], service["id"]): "0.01",
    }
    # 60.00 of the press: 40.0000002 and 19.9999998; 0.01 of the service goes to the larger share.
    assert parts(order, "margin") == {
        (ada["id"], press["id"]): "40.00",
        (ben["id"], press["id"]): "20.00",
        (ada["id"], service["id"]): "0.01",
        (ben["id"], service["id"]): "0.00",
    }
    assert (order["value"], order["margin"]) == (eur("100.01"), eur("60.01"))
    assert (order["opportunity_id"], order["ordinal"]) == (deal["id"], 1)
    assert {part["percent"] for part in order["parts"]} == {"66.666667", "33.333333"}


async def test_parts_add_up_to_the_order_and_to_every_persons_credit(client, press, ada, ben):
    amounts = ("33.33", "0.01", "19.99", "7.77", "0.00")
    await sell(client, *[line(press, each) for each in amounts], **shared(ada, ben))
    [order] = (await credited(client))["data"]
    by_person = dict.fromkeys((ada["id"], ben["id"]), Decimal(0))
    for part in order["parts"]:
        by_person[part["person_id"]] += Decimal(part["value"]["amount"])
    # 61.10: 40.733333 and 20.366667.
    assert by_person == {ada["id"]: Decimal("40.73"), ben["id"]: Decimal("20.37")}
    lines = {}
    for part in order["parts"]:
        amount = Decimal(part["value"]["amount"])
        lines[part["line_id"]] = lines.get(part["line_id"], 0) + amount
    assert sorted(lines.values()) == sorted(map(Decimal, amounts))


async def test_a_loss_is_shared_like_a_gain(client, press, ada, ben):
    await sell(client, line(press, "1.00", "1.01"), **shared(ada, ben))
    [order] = (await credited(client))["data"]
    assert sorted(parts(order, "margin").values()) == ["-0.01", "0.00"]
    assert order["margin"] == eur("-0.01")


async def test_values_are_in_the_reporting_currency_of_the_day(client, press, ada):
    rate = {"currency": "USD", "day": "2026-01-01", "rate": "0.905"}
    assert (await client.post("/v1/currency_rates", json=rate)).status_code == 201
    usd = {"amount": "10.10", "currency": "USD"}
    sold = line(press, "1") | {"amount": usd, "direct_cost": {"amount": "1.00", "currency": "USD"}}
    await sell(client, sold, sold, owner_id=ada["id"])
    found = await credited(client)
    [order] = found["data"]
    # 20.20 USD are 18.281 → 18.28 EUR: 9.14 a line. A cost of 0.905 is 0.91, as halves go up.
    assert (order["value"], order["margin"]) == (eur("18.28"), eur("16.46"))
    assert [part["value"] for part in order["parts"]] == [eur("9.14"), eur("9.14")]
    assert (found["totals"]["value"], found["totals"]["margin"]) == (eur("18.28"), eur("16.46"))


async def test_without_lines_costs_or_owner_it_says_so(client, press):
    parts_too = await make_product(client, "Parts")
    await sell(client, amount="5.00", product_ids=[press["id"]])
    await sell(client, amount="6.00", product_ids=[press["id"], parts_too["id"]])
    found = await credited(client)
    seen = [order["parts"] for order in found["data"]]
    assert seen == [
        [
            {
                "person_id": None,
                "percent": None,
                "line_id": None,
                "product_id": product,
                "value": eur(amount),
                "margin": None,
            }
        ]
        for product, amount in ((press["id"], "5.00"), (None, "6.00"))
    ]
    assert (found["totals"]["value"], found["totals"]["margin"]) == (eur("11.00"), None)
    assert found["totals"]["missing_margin_count"] == 2


async def test_new_customers_and_repeated_orders_are_counted(client, press):
    old, new = [await make_account(client, name) for name in ("Old", "New")]
    await sell(client, amount="1.00", at="2026-05-10T08:00:00Z", account_id=old["id"])
    await sell(client, amount="2.00", account_id=old["id"])
    deal = await sell(client, amount="3.00", account_id=new["id"])
    await sell(client, amount="4.00", deal=deal, at="2026-07-11T08:00:00Z")
    await sell(client, amount="5.00")
    found = await credited(client)
    assert found["totals"] == {
        "order_count": 3,
        "value": eur("14.00"),
        "missing_value_count": 0,
        "margin": None,
        "missing_margin_count": 4,
        "customer_count_new": 1,
        "repeat_orders": 1,
    }
    assert [order["new_customer"] for order in found["data"]] == [False, True, None, False]


async def test_orders_are_chosen_by_period_process_business_and_person(client, press, ada, ben):
    await make_process(client, "parts")
    acme = await make_account(client)
    await sell(client, line(press, "1.00"), owner_id=ada["id"], account_id=acme["id"])
    await sell(client, line(press, "2.00"), process="parts", business_type="existing")
    await sell(client, line(press, "3.00"), at="2026-06-30T21:59:00Z", **shared(ben, ada))

    async def values(**asked):
        return [each["value"]["amount"] for each in (await credited(client, **asked))["data"]]

    assert await values() == ["1.00", "2.00"]
    assert await values(period="2026-Q2") == ["3.00"]
    assert await values(process="parts") == ["2.00"]
    assert await values(business_type="existing") == ["2.00"]
    assert await values(business_type="new") == ["1.00"]
    assert await values(owner=ada["id"], period="2026") == ["3.00", "1.00"]
    assert await values(owner=ben["id"]) == []
    first = await credited(client, limit=1)
    assert await values(limit=1, cursor=first["next_cursor"]) == ["2.00"]
    assert first["totals"]["value"] == eur("3.00")
    assert await refused(client, "GET", "/v1/credits?period=x") == ("period", "period_unknown")


async def test_a_void_takes_an_order_out_and_the_past_still_knows_it(client, press, ada, clock):
    deal = await sell(client, line(press, "1.00", "0.25"), owner_id=ada["id"])
    before, seen = clock.now.isoformat(), await credited(client)
    clock.forward(hours=1)
    await tell(client, deal, "void", milestone="order", reason="another company")
    gone = await credited(client)
    assert (gone["data"], gone["totals"]["order_count"], gone["totals"]["value"]) == ([], 0, None)
    past = await credited(client, as_of=before)
    assert (past["data"], past["totals"]) == (seen["data"], seen["totals"])
    assert (await credited(client, as_of=before, owner=ada["id"]))["data"] == seen["data"]


async def test_credits_are_seen_by_their_own_workspace_and_scope_only(
    client, press, ada, neighbour, stranger, limited
):
    await sell(client, line(press, "1.00"), owner_id=ada["id"])
    assert (await credited(neighbour))["data"] == []
    for person in (ada["id"], str(uuid7())):
        assert (await neighbour.get(f"/v1/credits?owner={person}")).status_code == 404
    assert (await stranger.get("/v1/credits")).status_code == 401
    assert (await (await limited(Scope.ACCOUNTS_READ)).get("/v1/credits")).status_code == 403


async def test_the_number_of_statements_does_not_grow_with_orders(
    client, press, ada, ben, statements
):
    counts = []
    for many in (1, 5):
        for _ in range(many):
            await sell(client, *[line(press, "1.00")] * many, **shared(ada, ben))
        statements.clear()
        await credited(client)
        counts.append(len(statements))
    assert counts[0] == counts[1]
