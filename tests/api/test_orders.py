"""Orders consist of lines: kept with the order, counted with it, and voided with it."""

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from tests.aims import ask
from tests.deals import eur, make_deal, make_process, tell
from tests.sales import line, make_product, sell


@pytest.fixture
async def press(client):
    await make_process(client)
    return await make_product(client, "Press")


async def orders(client, deal, **asked):
    return (await ask(client, f"/v1/opportunities/{deal['id']}/orders", **asked))["data"]


async def refusal(client, *lines, milestone="order", **more):
    """Status, place and code of what stands against an order of these lines."""
    deal = await make_deal(client)
    body = {"milestone": milestone, "lines": list(lines)} | more
    answer = await client.post(f"/v1/opportunities/{deal['id']}/reach", json=body)
    fault = answer.json().get("errors", [{}])[0]
    return answer.status_code, fault.get("pointer"), fault.get("code")


async def test_an_order_is_the_sum_of_its_lines(client, press):
    service = await make_product(client, "Service")
    lines = (
        line(press, "9000.50", "5000.25", quantity="2"),
        line(service, "999.50", "0.00", term_start="2026-08-01", term_end="2027-07-31"),
    )
    deal = await sell(client, *lines)
    assert (deal["status"], deal["ordered_value"]) == ("won", eur("10000.00"))
    [order] = await orders(client, deal)
    seen = {name: order[name] for name in ("net_value", "direct_cost", "margin")}
    # 10,000.00 less 5,000.25 and 0.00 of cost.
    assert seen == {
        "net_value": eur("10000.00"),
        "direct_cost": eur("5000.25"),
        "margin": eur("4999.75"),
    }
    assert (order["missing_cost_count"], order["ordinal"]) == (0, 1)
    assert order["product_ids"] == [press["id"], service["id"]]
    assert [each["margin"] for each in order["lines"]] == [eur("4000.25"), eur("999.50")]
    assert [each["quantity"] for each in order["lines"]] == ["2", None]
    assert order["lines"][1]["term_end"] == "2027-07-31"


async def test_one_unknown_cost_makes_the_margin_unknown_and_not_nought(client, press):
    deal = await sell(client, line(press, "100.00", "60.00"), line(press, "50.00"))
    [order] = await orders(client, deal)
    assert (order["direct_cost"], order["margin"], order["missing_cost_count"]) == (None, None, 1)
    assert [each["margin"] for each in order["lines"]] == [eur("40.00"), None]


async def test_without_lines_the_deal_says_what_was_bought(client, press):
    deal = await sell(client, amount="700.00", product_ids=[press["id"]])
    [order] = await orders(client, deal)
    assert (order["lines"], order["product_ids"]) == ([], [press["id"]])
    assert (order["net_value"], order["margin"]) == (eur("700.00"), None)
    assert order["missing_cost_count"] is None


async def test_a_product_is_named_by_its_key_as_well(client, press):
    named = line(press, "5.00") | {"product_id": None, "product_key": "press"}
    deal = await sell(client, named, amount="5.00")
    assert (await orders(client, deal))[0]["product_ids"] == [press["id"]]


async def test_partial_orders_have_lines_of_their_own(client, press):
    deal = await sell(client, line(press, "100.00", "10.00"))
    await sell(client, line(press, "20.00", "30.00"), deal=deal, at="2026-07-11T08:00:00Z")
    found = await orders(client, deal)
    assert [(each["ordinal"], each["margin"]) for each in found] == [
        (1, eur("90.00")),
        (2, eur("-10.00")),
    ]
    first = await ask(client, f"/v1/opportunities/{deal['id']}/orders", limit=1)
    rest = await orders(client, deal, limit=1, cursor=first["next_cursor"])
    assert first["data"] + rest == found


async def test_a_voided_order_is_gone_with_its_lines_but_not_from_the_past(client, press, clock):
    deal = await sell(client, line(press, "100.00"))
    before = clock.now.isoformat()
    clock.forward(hours=1)
    await tell(client, deal, "void", milestone="order", reason="another company")
    assert await orders(client, deal) == []
    assert len(await orders(client, deal, as_of=before)) == 1
    clock.forward(hours=1)
    await sell(client, line(press, "40.00"), deal=deal)
    assert [each["net_value"] for each in await orders(client, deal)] == [eur("40.00")]


async def test_lines_are_worth_what_they_were_on_the_day(client, press):
    rate = {"currency": "USD", "day": "2026-01-01", "rate": "0.90"}
    assert (await client.post("/v1/currency_rates", json=rate)).status_code == 201
    usd = line(press, "1") | {"amount": {"amount": "100.00", "currency": "USD"}}
    [order] = await orders(client, await sell(client, usd))
    assert order["net_value"] == {"amount": "100.00", "currency": "USD"}
    assert order["reporting_value"] == eur("90.00")


async def test_lines_that_do_not_add_up_are_refused(client, press):
    one = line(press, "10.00")
    assert await refusal(client, one, one, amount=eur("20.01")) == (422, "/lines", "not_the_amount")
    assert await refusal(client, one, milestone="need") == (422, "/lines", "not_the_order")
    assert await refusal(client) == (422, "/amount", "missing")
    huge = line(press, f"{'9' * 18}.00")
    assert await refusal(client, huge, huge) == (422, "/lines", "amount_too_large")


@pytest.mark.parametrize(
    ("more", "pointer", "code"),
    [
        ({"product_key": "press"}, "/lines/0", "one_product"),
        ({"product_id": None}, "/lines/0", "one_product"),
        ({"term_start": "2026-02-01", "term_end": "2026-01-31"}, "/lines/0", "term_backwards"),
        ({"quantity": "0"}, "/lines/0/quantity", "too_small"),
        ({"quantity": 2}, "/lines/0/quantity", "decimal_string"),
        ({"price": "1"}, "/lines/0/price", "unknown_field"),
        (
            {"direct_cost": {"amount": "1.00", "currency": "USD"}},
            "/lines/0/direct_cost/currency",
            "another_currency",
        ),
        (
            {"product_id": None, "product_key": "none"},
            "/lines/0/product_key",
            "unknown_product",
        ),
    ],
)
async def test_a_bad_line_is_pointed_at(client, press, more, pointer, code):
    status, place, found = await refusal(client, line(press, "10.00") | more)
    assert (status, place) == (422, pointer)
    assert found == code


async def test_a_product_of_another_workspace_is_not_there(client, press, neighbour):
    await make_process(neighbour)
    deal = await make_deal(neighbour)
    for product in (press, {"id": str(uuid7())}):
        body = {"milestone": "order", "lines": [line(product, "1.00")]}
        answer = await neighbour.post(f"/v1/opportunities/{deal['id']}/reach", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_orders_are_seen_by_their_own_workspace_and_scope_only(
    client, press, neighbour, stranger, limited
):
    deal = await sell(client, line(press, "1.00"))
    path = f"/v1/opportunities/{deal['id']}/orders"
    assert (await neighbour.get(path)).status_code == 404
    assert (await stranger.get(path)).status_code == 401
    assert (await (await limited(Scope.ACCOUNTS_READ)).get(path)).status_code == 403


async def test_the_number_of_statements_does_not_grow_with_lines(client, press, statements):
    counts = []
    for many in (1, 40):
        deal = await make_deal(client)
        statements.clear()
        deal = await sell(client, *[line(press, "1.00")] * many, deal=deal, at="2026-07-20T09:30Z")
        await orders(client, deal)
        counts.append(len(statements))
    assert counts[0] == counts[1]
