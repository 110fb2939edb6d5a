"""What sources bring: ranked by orders, never by leads; what nobody knows is null."""

import pytest

from app.core.ids import uuid7
from tests.aims import ask
from tests.deals import eur, make_deal, make_process, post, tell
from tests.flows import flow, on
from tests.sales import line, make_product
from tests.sources import make_source, sell, spend, stitch, touch

WHOLE = {"period": "2026"}
NO_LEADS = {"leads": 0, "order_value_per_lead": None, "orders_per_100_leads": None}


@pytest.fixture(autouse=True)
async def fair(client):
    await make_process(client)
    return await make_source(client)


async def ranking(client, **asked):
    return await ask(client, "/v1/sources/ranking", **WHOLE | asked)


async def ranked(client, **asked):
    return {one["key"]: one for one in (await ranking(client, **asked))["sources"]}


def seen(one, *names):
    return tuple(one[name] for name in names)


async def account(client, name="Alder & Sons"):
    return (await post(client, "/v1/accounts", name=name))["id"]


async def lost(client, **more):
    """A deal of the first day that left after ten days."""
    return await flow(client, (10, "lost"), source=more.pop("source", "api"), **more)


async def test_many_leads_without_an_order_rank_last(client):
    for key in ("referral", "idle"):
        await make_source(client, key, "referral")
    await touch(client, *[{"lead": f"badge-{n}"} for n in range(12)])
    await sell(client, "900.00", source="referral")
    found = await ranking(client)
    assert [seen(one, "key", "rank", "leads", "orders") for one in found["sources"]] == [
        ("referral", 1, 1, 1),
        ("idle", 2, 0, 0),
        ("fair-2026", 3, 12, 0),
    ]
    for rank in ("orders", "order_value_per_lead", "cost_per_order"):
        assert (await ranking(client, rank=rank))["sources"][0]["key"] == "referral"
    answer = await client.get("/v1/sources/ranking", params={"rank": "leads"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "not_one_of")


async def test_every_ratio_of_a_source_by_hand(client, fair):
    """Five leads at a cost of 3,000.00: two orders of together 5,000.00, two lost, one open."""
    await spend(client, fair, "3000.00", "2026-03-02")
    await sell(client, "2000.00", source="fair-2026")
    await sell(client, "3000.00", source="fair-2026")
    for _ in range(2):
        await lost(client, source="fair-2026")
    await make_deal(client, source="fair-2026", created_at=on(0))
    one = (await ranked(client))["fair-2026"]
    assert seen(one, "leads", "m1_arrivals", "orders") == (5, 4, 2)
    assert seen(one, "credited_leads", "credited_orders") == ("5.0000", "2.0000")
    assert seen(one, "order_value", "missing_value_count") == (eur("5000.00"), 0)
    assert seen(one, "cost", "cost_status", "cost_per_order") == (
        eur("3000.00"),
        "ok",
        eur("1500.00"),
    )
    assert seen(one, "order_value_per_lead", "orders_per_100_leads") == (
        eur("1000.00"),
        "40.0000",
    )
    assert seen(one, "undecided_share", "status") == ("0.2000", "ok")


async def test_margins_by_hand_and_ranked_by_what_is_left_of_an_order(client, fair):
    """The fair sold more, 1,000.00 at a cost of 900.00 and 400.00 nobody knows the cost of; the
    referral 600.00 at a cost of 200.00 and 50.00. A loss is a loss."""
    press = await make_product(client)
    for key in ("referral", "loss"):
        await make_source(client, key, "referral")
    await order(client, "fair-2026", line(press, "1000.00", "900.00"))
    await order(client, "fair-2026", line(press, "300.00", "10.00"), line(press, "100.00"))
    await order(client, "referral", line(press, "500.00", "200.00"), line(press, "100.00", "50.00"))
    await order(client, "loss", line(press, "10.00", "25.00"))
    found = await ranking(client, unit="gross_margin")
    assert (found["unit"], found["rank_by"]) == ("gross_margin", "order_value")
    names = ("key", "order_value", "gross_margin", "margin_status", "missing_margin_count")
    assert [seen(one, *names) for one in found["sources"]] == [
        ("referral", eur("600.00"), eur("350.00"), "ok", 0),
        ("fair-2026", eur("1400.00"), eur("100.00"), "partial", 1),
        ("loss", eur("10.00"), eur("-15.00"), "ok", 0),
    ]
    assert found["sources"][1]["gross_margin_per_lead"] == eur("50.00")
    assert seen(found["total"], *names[1:]) == (eur("2010.00"), eur("435.00"), "partial", 1)
    by_value = await ranking(client)
    assert [one["key"] for one in by_value["sources"]] == ["fair-2026", "referral", "loss"]


async def test_a_margin_nobody_knows_is_null_and_ranks_last(client):
    await make_source(client, "idle", "referral")
    await sell(client, "900.00", source="fair-2026")
    found = (await ranking(client, unit="gross_margin"))["sources"]
    names = ("key", "gross_margin", "margin_status", "missing_margin_count")
    assert [seen(one, *names) for one in found] == [
        ("idle", eur("0.00"), "no_orders", 0),
        ("fair-2026", None, "unknown", 1),
    ]
    for rank in ("orders", "order_value_per_lead", "cost_per_order"):
        assert (await ranking(client, unit="gross_margin", rank=rank))["rank_by"] == rank


async def order(client, source, *lines):
    deal = await make_deal(client, created_at=on(0), source=source)
    ordered = {"lines": list(lines), "occurred_at": on(30)}
    return await tell(client, deal, "reach", milestone="order", **ordered)


async def test_nothing_divided_by_nothing_is_not_known(client):
    found = await ranking(client)
    assert found["sources"][0].items() >= NO_LEADS.items()
    for one in (found["sources"][0], found["unattributed"], found["total"]):
        assert seen(one, "cost_per_order", "undecided_share", "status") == (None, None, "no_leads")
        assert seen(one["conversion"], "value", "status", "n") == (None, "unknown", 0)
        assert one["order_value"] == eur("0.00")


async def test_a_cost_nobody_told_is_unknown_and_one_of_0_is_none(client, fair):
    await sell(client, source="fair-2026")
    one = (await ranked(client))["fair-2026"]
    assert seen(one, "cost", "cost_status", "cost_per_order") == (None, "none_recorded", None)
    cost = await spend(client, fair, "0.00", "2026-03-02")
    one = (await ranked(client))["fair-2026"]
    assert seen(one, "cost", "cost_status", "cost_per_order") == (eur("0.00"), "ok", eur("0.00"))
    await spend(client, fair, "5.00", "2026-03-02", "USD", corrects_id=cost["id"])
    one = (await ranked(client))["fair-2026"]
    assert seen(one, "cost", "cost_status", "cost_per_order") == (None, "rate_missing", None)


async def test_a_cost_of_many_days_counts_by_days_and_a_corrected_one_not_at_all(client, fair):
    wrong = await spend(client, fair, "999.00", "2026-06-16", to="2026-07-16")
    right = {"to": "2026-07-16", "corrects_id": wrong["id"]}
    await spend(client, fair, "300.00", "2026-06-16", **right)
    for period, cost in (("2026-06", "150.00"), ("2026-07", "150.00"), ("2026", "300.00")):
        assert (await ranked(client, period=period))["fair-2026"]["cost"] == eur(cost)
    assert (await ranked(client, period="2026-08"))["fair-2026"]["cost"] is None


async def test_too_early_is_said_while_more_than_30_percent_are_undecided(client):
    for _ in range(7):
        await lost(client, source="fair-2026")
    for _ in range(3):
        await make_deal(client, source="fair-2026", created_at=on(0))
    one = (await ranked(client))["fair-2026"]
    assert seen(one, "undecided_share", "status", "orders_per_100_leads") == (
        "0.3000",
        "ok",
        "0.0000",
    )
    await make_deal(client, source="fair-2026", created_at=on(0))
    one = (await ranked(client))["fair-2026"]
    assert seen(one, "undecided_share", "status", "orders_per_100_leads") == (
        "0.3636",
        "too_early",
        None,
    )


async def test_conversion_is_aalen_johansens_by_month_with_interval_and_n(client, clock):
    """(2, order), (3, lost), (4, open), (5, order), (8, open) on the last days: 0.5."""
    for day, end in ((137.5, "order"), (136.5, "lost"), (134.5, "order")):
        await flow(
            client, (2 if day > 137 else 3 if day > 136 else 5, end), day=day, source="fair-2026"
        )
    for open_for in (4, 8):
        await flow(client, day=140.0625 - open_for, source="fair-2026")
    await lost(client, source="fair-2026")
    one = (await ranked(client))["fair-2026"]
    march, july = one["cohorts"]
    assert seen(march, "month", "leads", "orders") == ("2026-03", 1, 0)
    assert seen(july, "month", "leads", "orders") == ("2026-07", 5, 2)
    assert seen(july["conversion"], "value", "n", "source", "formula") == (
        "0.5000",
        5,
        "observed",
        "aj.1",
    )
    low, high = map(float, july["conversion"]["ci"])
    assert 0 < low < 0.5 < high < 1


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("first_touch", {"fair-2026": "1000.01", "mailing": "0.00", "webinar": "0.00"}),
        ("last_touch", {"fair-2026": "0.00", "mailing": "0.00", "webinar": "1000.01"}),
        ("linear", {"fair-2026": "333.34", "mailing": "333.34", "webinar": "333.33"}),
        ("position", {"fair-2026": "400.01", "mailing": "200.00", "webinar": "400.00"}),
    ],
)
async def test_an_order_is_owed_to_its_touches_to_the_cent(client, model, expected):
    for key in ("mailing", "webinar"):
        await make_source(client, key, "event")
    deal = await sell(client, "1000.01", since=9)
    met = [{"source": key, "opportunity_id": deal["id"]} for key in expected]
    days = [{"occurred_at": on(day)} for day in (1, 2, 3)]
    late = {"opportunity_id": deal["id"], "occurred_at": on(31)}
    await touch(client, *[one | day for one, day in zip(met, days, strict=True)], late)
    found = await ranked(client, model=model)
    assert {key: one["order_value"]["amount"] for key, one in found.items()} == expected
    credited = sum(float(one["credited_orders"]) for one in found.values())
    assert credited == pytest.approx(1, abs=3e-4)


async def test_sources_and_unattributed_sum_to_the_total(client):
    await make_source(client, "webinar", "event")
    deals = [await sell(client, f"{n}00.01") for n in range(1, 4)]
    await touch(client, *[{"opportunity_id": one["id"]} for one in deals[:2]])
    late = {"source": "webinar", "opportunity_id": deals[1]["id"], "occurred_at": on(2)}
    await touch(client, late)
    for model in ("first_touch", "last_touch", "linear", "position"):
        found = await ranking(client, model=model)
        rows = [*found["sources"], found["unattributed"]]
        cents = [int(one["order_value"]["amount"].replace(".", "")) for one in rows]
        assert sum(cents) == 60003
        assert found["total"]["order_value"] == eur("600.03")
        assert seen(found["unattributed"], "orders", "leads") == (1, 1)
        assert found["unattributed"]["order_value"] == eur("300.01")


async def test_a_voided_order_carries_nothing(client):
    deal = await sell(client, source="fair-2026")
    assert (await ranked(client))["fair-2026"]["order_value"] == eur("1000.00")
    await tell(client, deal, "void", milestone="order", reason="never came")
    one = (await ranked(client))["fair-2026"]
    assert seen(one, "order_value", "orders", "leads") == (eur("0.00"), 0, 1)


async def test_what_a_deleted_source_brought_stays_its_own(client, fair):
    deal = await sell(client, "100.00")
    await touch(client, {"opportunity_id": deal["id"]})
    await sell(client, "10.00", source="fair-2026")
    await client.delete(f"/v1/sources/{fair['id']}", headers={"If-Match": '"1"'})
    one = (await ranked(client))["fair-2026"]
    assert seen(one, "active", "order_value") == (False, eur("110.00"))


async def test_the_source_of_an_opportunity_is_its_first_touch_where_none_was_told(client):
    await make_source(client, "webinar", "event")
    own = await sell(client, "100.00", source="fair-2026")
    told = await sell(client, "10.00", source="fair-2026", since=5)
    await touch(
        client,
        {"source": "webinar", "opportunity_id": own["id"], "occurred_at": on(1)},
        {"source": "webinar", "opportunity_id": told["id"], "occurred_at": on(4)},
    )
    found = await ranked(client)
    assert found["fair-2026"]["order_value"] == eur("100.00")
    assert found["webinar"]["order_value"] == eur("10.00")
    assert (await ranked(client, model="last_touch"))["webinar"]["order_value"] == eur("110.00")


async def test_a_stitched_lead_leads_to_the_order(client):
    await touch(client, {"lead": "badge-12"})
    deal = await sell(client)
    found = await ranking(client)
    assert found["unattributed"]["order_value"] == eur("1000.00")
    assert seen(found["sources"][0], "leads", "orders") == (1, 0)
    await stitch(client, "badge-12", opportunity_id=deal["id"])
    found = await ranking(client)
    assert found["unattributed"]["leads"] == 0
    assert seen(found["sources"][0], "leads", "orders", "order_value") == (1, 1, eur("1000.00"))


async def test_a_touch_of_an_account_counts_for_the_next_opportunity_and_not_for_the_one_after(
    client,
):
    buyer = await account(client)
    await touch(client, {"account_id": buyer})
    await sell(client, "100.00", day=30, account_id=buyer, since=1)
    await sell(client, "10.00", day=60, account_id=buyer, since=40)
    found = await ranking(client)
    assert found["sources"][0]["order_value"] == eur("100.00")
    assert found["unattributed"]["order_value"] == eur("10.00")


async def test_a_touch_of_an_account_counts_for_every_opportunity_that_is_open_then(client):
    buyer = await account(client)
    for day in (0, 1):
        await sell(client, "100.00", account_id=buyer, since=day)
    await touch(client, {"account_id": buyer, "occurred_at": on(2)})
    assert (await ranked(client))["fair-2026"]["order_value"] == eur("200.00")


async def test_a_lead_that_nothing_touches_is_given_up_after_a_while(client):
    await touch(client, {"lead": "badge-1"})
    for days, status in ((365, "too_early"), (141, "too_early"), (140, "ok")):
        one = (await ranked(client, lapse_days=days))["fair-2026"]
        assert (days, one["status"]) == (days, status)


async def test_a_duplicate_is_no_lead_and_an_order_of_unknown_value_is_said_to_be_missing(client):
    await flow(client, (1, "duplicate"), source="fair-2026")
    deal = await make_deal(client, created_at=on(0), source="fair-2026")
    dollars = {"amount": "5.00", "currency": "USD"}
    await tell(client, deal, "reach", milestone="order", occurred_at=on(3), amount=dollars)
    one = (await ranked(client))["fair-2026"]
    assert seen(one, "leads", "orders", "missing_value_count", "order_value") == (
        1,
        1,
        1,
        eur("0.00"),
    )


async def test_only_leads_that_came_in_the_period_and_the_process_are_looked_at(client):
    await make_process(client, "renewals")
    await sell(client, source="fair-2026")
    await touch(client, {"lead": "badge-1"})
    for asked, leads in (
        ({"period": "2026-03"}, 2),
        ({"period": "2026-04"}, 0),
        ({"process": "new-business"}, 1),
        ({"process": "renewals"}, 0),
    ):
        assert (await ranked(client, **asked))["fair-2026"]["leads"] == leads
    assert (await ask(client, "/v1/sources/ranking"))["window"]["key"] == "12m"
    assert (await ask(client, "/v1/sources/ranking", 404, process="nowhere"))["code"] == "not-found"
    both = {"period": "2026", "window": "3m"}
    assert (await ask(client, "/v1/sources/ranking", 422, **both))["errors"][0]["code"] == (
        "window_twice"
    )


async def test_ranking_takes_the_same_statements_however_much_there_is(client, fair, statements):
    statements.clear()
    await ranking(client)
    alone = len(statements)
    for key in ("a", "b", "c"):
        await spend(client, await make_source(client, key), day="2026-03-02")
        await sell(client, source=key)
        await touch(client, {"source": key, "lead": key})
    for path in ("ranking", "compare", "acquisition"):
        statements.clear()
        await ask(client, f"/v1/sources/{path}", **WHOLE)
        assert len(statements) <= alone <= 11, (path, statements)


async def test_neighbours_have_nothing_in_common(client, neighbour, fair):
    await sell(client, source="fair-2026")
    await make_process(neighbour)
    await make_source(neighbour)
    await sell(neighbour, "5.00", source="fair-2026")
    assert (await ranked(client))["fair-2026"]["order_value"] == eur("1000.00")
    assert (await ranking(neighbour))["total"]["orders"] == 1
    for path in ("trace", "partner"):
        foreign = await neighbour.get(f"/v1/sources/{fair['id']}/{path}")
        absent = await neighbour.get(f"/v1/sources/{uuid7()}/{path}")
        assert (foreign.status_code, absent.status_code) == (404, 404)
