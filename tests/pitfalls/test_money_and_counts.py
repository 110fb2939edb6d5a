"""What adds up, what counts once, and what belongs to which month."""

import pytest
from sqlalchemy import text

from tests.aims import arrive, ask, make_target, make_team
from tests.deals import change, eur, make_deal, make_person, make_process, post, tell

JULY = {"process": "new-business", "period": "2026-07"}


@pytest.fixture
async def process(client):
    return await make_process(client)


async def light(client, key="interest", **asked):
    found = await ask(client, "/v1/lights", **JULY | asked)
    return next(one for one in found["milestones"] if one["key"] == key)


async def arrivals(client, process, key, **asked):
    milestone = next(each for each in process["milestones"] if each["key"] == key)
    path = f"/v1/milestones/{milestone['id']}/arrivals"
    return (await ask(client, path, **{"period": "2026-07"} | asked))["data"]


async def rated(client, rate="0.90"):
    rate = {"currency": "USD", "day": "2026-01-01", "rate": rate, "source": "ecb"}
    return await post(client, "/v1/currency_rates", **rate)


async def test_currencies_are_converted_before_they_are_summed_and_both_amounts_are_shown(
    client, process
):
    await rated(client)
    await make_target(client)
    await arrive(client, "interest", "100.00")
    deal = await make_deal(client, value={"amount": "100.00", "currency": "USD"})
    await tell(client, deal, "reach", milestone="interest")
    assert (await light(client))["actual_value"] == eur("190.00")
    shown = [
        (each["value"]["currency"], each["value"]["amount"], each["reporting_value"]["amount"])
        for each in await arrivals(client, process, "interest")
    ]
    assert sorted(shown) == [("EUR", "100.00", "100.00"), ("USD", "100.00", "90.00")]


async def test_the_stock_of_a_milestone_is_one_sum_in_one_currency(client, process):
    await rated(client)
    for currency in ("EUR", "USD"):
        deal = await make_deal(client, value={"amount": "100.00", "currency": currency})
        await tell(client, deal, "reach", milestone="need")
    [need] = [
        each
        for each in (await ask(client, "/v1/milestones", process="new-business"))["data"]
        if each["key"] == "need"
    ]
    assert (need["open_count"], need["open_value"]) == (2, eur("190.00"))


async def test_a_closed_month_is_the_same_to_the_byte_after_a_rate_has_changed(
    client, process, clock
):
    await rated(client)
    await make_target(client)
    deal = await make_deal(client, value={"amount": "100.00", "currency": "USD"})
    await tell(client, deal, "reach", milestone="interest")
    clock.forward(days=40)
    asked = JULY | {"as_of": clock.now.isoformat()}
    before = await client.get("/v1/lights", params=asked)
    page = await arrivals(client, process, "interest")
    clock.forward(hours=1)
    await rated(client, "0.50")
    assert (await client.get("/v1/lights", params=asked)).content == before.content
    assert await arrivals(client, process, "interest") == page


async def test_going_back_and_forth_counts_once(client, process, clock):
    await make_target(client)
    deal = await make_deal(client, value=eur("10.00"))
    for _ in range(3):
        clock.forward(days=1)
        await tell(client, deal, "reach", milestone="need")
        clock.forward(days=1)
        await tell(client, deal, "regress", milestone="interest", reason="budget")
    found = await light(client, "need")
    assert (found["actual_count"], found["actual_value"]) == (1, eur("10.00"))


async def test_a_lost_deal_still_has_arrived_where_it_arrived(client, process):
    await make_target(client)
    deal = await make_deal(client, value=eur("10.00"))
    await tell(client, deal, "reach", milestone="need")
    before = await ask(client, "/v1/lights", **JULY)
    await tell(client, deal, "exit", kind="lost")
    after = await ask(client, "/v1/lights", **JULY)
    assert after == before
    assert [one["actual_count"] for one in after["milestones"]] == [1, 1, 1, 0, 0]


async def test_losing_or_voiding_never_makes_any_light_better(client, process):
    await make_target(client)
    deals = [await arrive(client, key, "90000.00") for key in ("interest", "need", "concept")]
    before = (await ask(client, "/v1/lights", **JULY))["milestones"]
    await tell(client, deals[0], "exit", kind="lost")
    await tell(client, deals[1], "void", milestone="need", reason="other customer")
    after = (await ask(client, "/v1/lights", **JULY))["milestones"]
    for old, new in zip(before, after, strict=True):
        assert float(new["attainment"]) <= float(old["attainment"])


async def test_an_order_belongs_to_the_day_it_was_given_not_to_the_day_the_deal_was_made(
    client, process, clock
):
    await make_target(client)
    deal = await make_deal(client, value=eur("90.00"), created_at="2026-02-01T00:00:00Z")
    june = "2026-06-15T08:00:00Z"
    await tell(client, deal, "reach", milestone="order", amount=eur("80.00"), occurred_at=june)
    assert (await light(client, "order", period="2026-06"))["actual_value"] == eur("80.00")
    for period in ("2026-02", "2026-07"):
        assert (await light(client, "order", period=period))["actual_count"] == 0


async def test_the_night_of_the_month_belongs_to_the_month_it_is_in_at_home(client, process):
    await make_target(client)
    await arrive(client, "interest", "10.00", at="2026-06-30T22:30:00Z")
    assert (await light(client, period="2026-07"))["actual_count"] == 1
    assert (await light(client, period="2026-06"))["actual_count"] == 0


async def test_a_shared_deal_counts_once_in_its_team_with_all_of_its_value(client, process):
    team = await make_team(client)
    people = [await make_person(client, name, team_id=team["id"]) for name in ("Ada", "Bob")]
    shares = [{"person_id": person["id"], "percent": "50"} for person in people]
    await make_target(client, scope=f"team:{team['id']}")
    await arrive(client, "order", "1000.01", owner_id=people[0]["id"], credits=shares)
    whole = await light(client, "order", scope=f"team:{team['id']}")
    assert (whole["actual_count"], whole["actual_value"]) == (1, eur("1000.01"))
    parts = [await light(client, "order", scope=f"owner:{person['id']}") for person in people]
    assert sorted(part["actual_value"]["amount"] for part in parts) == ["500.00", "500.01"]
    assert sorted(part["actual_count"] for part in parts) == [0, 1]


async def test_more_than_the_target_is_shown_as_more_than_the_target(client, process):
    await make_target(client)
    await arrive(client, "order", "130000.00")
    found = await light(client, "order")
    assert (found["attainment"], found["light"]) == ("1.3000", "green")


async def test_what_is_unknown_is_grey_and_never_green(client):
    unrated = [
        {"key": "interest", "name": "Interest", "customer_act": "asks"},
        {"key": "order", "name": "Order", "customer_act": "orders"},
    ]
    await make_process(client, milestones=unrated)
    lights = [each["light"] for each in (await ask(client, "/v1/lights", **JULY))["milestones"]]
    assert lights == ["grey", "grey"]
    await make_target(client)
    assert (await light(client))["light"] == "grey"
    assert (await light(client, "order"))["light"] == "red"


async def test_a_value_nobody_knows_is_not_zero_and_not_in_the_sum(client, process):
    await make_target(client, amount=None, count=4)
    await arrive(client, "interest", None)
    await arrive(client, "interest", "0.00")
    found = await light(client)
    assert (found["actual_count"], found["missing_value_count"]) == (2, 1)
    assert found["actual_value"] == eur("0.00")


async def test_a_correction_reaches_the_past_and_an_update_does_not(client, process, clock):
    await make_target(client)
    deal = await arrive(client, "interest", "100.00")
    clock.forward(days=1)
    await change(client, deal, value=eur("500.00"))
    assert (await light(client))["actual_value"] == eur("100.00")
    other = await arrive(client, "interest", "100.00")
    await change(client, other, value=eur("10.00"), correction=True)
    assert (await light(client))["actual_value"] == eur("110.00")


BULK = """
INSERT INTO opportunities (workspace_id, id, name, process_id, version_id, source, attributes,
  business_chosen, value, currency, status, position, clock_from, clock_held_days, version,
  created_at, updated_at)
SELECT o.workspace_id, gen_random_uuid(), 'Deal ' || n, o.process_id, o.version_id, 'bulk', '{}',
  false, n, 'EUR', 'open', 0, o.created_at, 0, 1, o.created_at, o.created_at
FROM opportunities o, generate_series(1, 2500) n WHERE o.id = :id"""


async def test_thousands_are_walked_to_the_last_without_a_limit_or_a_statement_each(
    client, process, work, statements
):
    deal = await make_deal(client)
    await work.db.execute(text(BULK), {"id": deal["id"]})
    await work.db.commit()
    for sort in ("created_at", "-value"):
        seen, pages, cursor = set(), 0, {}
        statements.clear()
        while cursor is not None:
            page = await ask(client, "/v1/opportunities", limit=200, sort=sort, **cursor)
            seen |= {each["id"] for each in page["data"]}
            pages += 1
            cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
        assert (len(seen), pages) == (2501, 13)
        assert len(statements) == 2 * pages
