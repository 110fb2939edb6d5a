"""When each milestone must be fed so that a target is reached, and what is still needed."""

from datetime import date, timedelta
from fractions import Fraction

import pytest

from tests.aims import arrive, ask, make_target
from tests.deals import MILESTONES, eur, make_process
from tests.herds import herd

JULY = {"period": "2026-07"}
TWO = [MILESTONES[0] | {"typical_days": 40}, MILESTONES[-1]]
STATED = [{**each, "typical_days": 20} if "target_rate" in each else each for each in MILESTONES]


async def phased(client, target, **asked):
    found = await ask(
        client, f"/v1/targets/{target['id']}/cascade", **JULY | {"phased": True} | asked
    )
    return found["phased"]


async def net(client, target, **asked):
    found = await ask(client, f"/v1/targets/{target['id']}/cascade", **JULY | {"net": True} | asked)
    return found["net"]


def amount(money):
    return Fraction(money["amount"])


@pytest.fixture
async def short(client):
    """Interest, then the order."""
    return await make_process(client, milestones=TWO)


async def test_the_day_to_feed_by_is_the_last_day_less_what_orders_take(
    client, engine, workspace, short
):
    """Ten orders, five after 30 and five after 50 days: half by day 30, four in five by day 50."""
    await herd(engine, workspace, *[(day, [(30, "order")]) for day in range(5)])
    await herd(engine, workspace, *[(day, [(50, "order")]) for day in range(5)])
    interest, order = (await phased(client, await make_target(client)))["milestones"]
    last = date(2026, 7, 31)
    assert interest["feed_by"] == {
        "p50": str(last - timedelta(days=30)),
        "p80": str(last - timedelta(days=50)),
    }
    assert (interest["lead_time_days"]["mean"], interest["lead_time_days"]["n"]) == ("40.0", 10)
    assert order["feed_by"] == {"p50": str(last), "p80": str(last)}


async def test_with_few_conversions_the_typical_days_stand_in(client, engine, workspace, short):
    await herd(engine, workspace, *[(day, [(5, "order")]) for day in range(9)])
    interest = (await phased(client, await make_target(client)))["milestones"][0]
    assert (interest["lead_time_days"]["source"], interest["lead_time_days"]["n"]) == ("default", 9)
    assert interest["lead_time_days"]["p50"] == "40.0"


async def test_without_any_days_nothing_is_said_of_when(client):
    await make_process(client, milestones=[MILESTONES[0], MILESTONES[-1]])
    found = await phased(client, await make_target(client))
    interest = found["milestones"][0]
    assert (interest["feed_by"], interest["arrivals"], interest["check"]) == (None, [], [])
    assert found["suggestion"]["key"] == "order"


async def test_what_the_months_must_bring_is_what_the_period_needs(client, short):
    """The same target in every month: each month before takes its part, and all of it is there."""
    target = await make_target(client, to=None)
    found = (await phased(client, target, period="2027-03"))["milestones"][0]
    own = sum(amount(month["value_for_period"]) for month in found["arrivals"])
    assert abs(own - 200_000) < Fraction(1, 10)
    assert found["arrivals"][-1]["period"] == "2027-03"
    assert {month["value"]["amount"] for month in found["arrivals"]} == {"200000.00"}
    [march] = found["check"]
    assert (march["reached_value"], march["residual_value"]) == (eur("100000.00"), eur("0.00"))


async def test_a_single_month_is_smoothed_and_says_by_how_much(client, short):
    target = await make_target(
        client, recurrence="once", **{"from": "2027-03", "to": "2027-03"}, count=10
    )
    [march] = (await phased(client, target, period="2027-03"))["milestones"][0]["check"]
    assert amount(march["residual_value"]) < 0
    reached, asked = amount(march["reached_value"]), amount(march["target_value"])
    assert reached - asked == amount(march["residual_value"])
    assert Fraction(march["reached_count"]) < Fraction(march["target_count"]) == 10


async def test_a_quarter_is_fed_month_by_month(client, short):
    target = await make_target(client, to=None)
    found = (await phased(client, target, period="2027-Q1"))["milestones"]
    assert [month["period"] for month in found[0]["check"]] == ["2027-01", "2027-02", "2027-03"]
    own = sum(amount(month["value_for_period"]) for month in found[0]["arrivals"])
    assert abs(own - 600_000) < Fraction(1, 10)


async def test_what_is_too_late_and_where_to_begin(client):
    """Eleven days are left, of 20, 20, 20 and 20: only the order can still be worked on."""
    await make_process(client, milestones=STATED)
    target = await make_target(client)
    await arrive(client, "order", "40000.00")
    found = await phased(client, target)
    assert found["already_too_late"] == ["interest", "invited", "need", "concept"]
    assert found["suggestion"]["required_value"] == eur("60000.00")
    assert found["suggestion"]["text"] == (
        "It is too late for every milestone before Order: most of what arrives there now would"
        " order only after the period. Still missing: 60,000.00 EUR."
    )
    later = await phased(client, target, period="2026-09")
    assert later["already_too_late"] == ["interest"]
    assert (later["suggestion"]["key"], later["suggestion"]["required_value"]) == (
        "invited",
        eur("800000.00"),
    )


async def test_the_suggestion_is_told_in_german_as_well(client):
    await make_process(client, milestones=STATED)
    target = await make_target(client)
    path = f"/v1/targets/{target['id']}/cascade"
    asked = {"period": "2026-09", "phased": True}
    found = await ask(client, path, headers={"Accept-Language": "de"}, **asked)
    text = found["phased"]["suggestion"]["text"]
    assert text == (
        "Noch rechtzeitig ist als erster der Meilenstein Invited: "
        "Dort müssen jetzt 800.000,00 EUR stehen."
    )


async def test_a_closed_month_can_no_longer_be_fed(client, short):
    found = await phased(client, await make_target(client), period="2026-06")
    assert (found["already_too_late"], found["suggestion"]) == (["interest", "order"], None)


async def test_what_is_still_needed_is_the_gap_less_what_open_deals_promise(client, short):
    target = await make_target(client, count=4)
    await arrive(client, "order", "30000.00")
    await arrive(client, "interest", "10000.00", at="2026-07-19T08:00:00Z")
    found = await net(client, target)
    assert (found["won_value"], found["won_count"]) == (eur("30000.00"), 1)
    assert (found["gap_value"], found["gap_count"]) == (eur("70000.00"), "3.0000")
    credit = amount(found["credit_value"])
    assert (found["open_count"], 0 < credit < 10_000) == (1, True)
    assert amount(found["needed_value"]) == 70_000 - credit
    first = found["milestones"][0]
    assert amount(first["required_value"]) == 2 * amount(found["needed_value"])


async def test_a_target_that_is_met_needs_nothing_more(client, short):
    target = await make_target(client, amount=eur("1000.00"))
    await arrive(client, "order", "1000.00")
    found = await net(client, target)
    assert (found["target_met"], found["gap_value"]) == (True, eur("0.00"))
    assert {one["required_value"]["amount"] for one in found["milestones"]} == {"0.00"}


async def test_open_deals_promise_a_closed_month_nothing(client, short):
    await arrive(client, "interest", "10000.00", at="2026-06-01T08:00:00Z")
    found = await net(client, await make_target(client), period="2026-06")
    assert (found["credit_value"], found["open_count"]) == (eur("0.00"), 0)
    assert found["needed_value"] == eur("100000.00")


async def test_open_deals_are_split_between_the_months_to_come(client, short):
    """What a deal promises July, August and September together is what it promises by then."""
    target = await make_target(client)
    await arrive(client, "interest", "10000.00", at="2026-07-19T08:00:00Z")
    months = [await net(client, target, period=f"2026-0{month}") for month in (7, 8, 9)]
    quarter = await net(client, target, period="2026-Q3")
    together = sum(amount(one["credit_value"]) for one in months)
    assert abs(together - amount(quarter["credit_value"])) <= Fraction(2, 100)
