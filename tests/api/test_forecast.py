"""The forecast through the door: what it holds, what adds up, and what must never move it."""

from fractions import Fraction

import pytest

from app.core.ids import uuid7
from tests.aims import arrive, ask, make_team, refused
from tests.deals import MILESTONES, change, eur, make_person, make_process, post, tell
from tests.flows import flow, on
from tests.herds import LOSERS, WINNERS, herd
from tests.sales import line, make_product
from tests.seasons import FORGOTTEN, season

HERE = {"process": "new-business"}
STATED = [{**each, "typical_days": 20} if "target_rate" in each else each for each in MILESTONES]
UNITS = ("value", "orders")


@pytest.fixture
async def process(client):
    return await make_process(client, milestones=STATED)


@pytest.fixture
async def deals(process, engine, workspace):
    return await season(engine, workspace)


async def forecast(client, **asked):
    return await ask(client, "/v1/forecast", **HERE | asked)


def number(shown):
    """Exactly what was written: money, a number of orders, or a fraction."""
    return Fraction(shown["amount"] if isinstance(shown, dict) else shown)


def exactly(found, field="expected_exact"):
    return [number(each[field]) for each in found["periods"]]


async def test_six_months_from_the_current_one(client, deals):
    found = await forecast(client)
    assert [each["period"] for each in found["periods"]] == [
        "2026-07",
        "2026-08",
        "2026-09",
        "2026-10",
        "2026-11",
        "2026-12",
    ]
    assert (found["status"], found["currency"], found["unit"]) == ("ok", "EUR", "value")
    assert found["as_of"] == "2026-07-20T09:30:00Z"
    assert found["contributions"] is None
    assert number(found["periods"][0]["won"]) > 0
    assert [number(each["won"]) for each in found["periods"][1:]] == [0] * 5


@pytest.mark.parametrize("unit", UNITS)
async def test_what_is_expected_is_won_or_open_or_still_to_arrive(client, deals, unit):
    for each in (await forecast(client, unit=unit))["periods"]:
        for ending in ("", "_exact"):
            parts = ("won", "from_open", "from_future_arrivals")
            whole = sum(number(each[part + ending]) for part in parts)
            assert whole == number(each["expected" + ending])
        assert number(each["p10"]) <= number(each["p50"]) <= number(each["p90"])
        assert number(each["won"]) <= number(each["p10"])


async def test_values_and_orders_tell_the_same_story(client, deals):
    value, orders = [await forecast(client, unit=unit) for unit in UNITS]
    for money, count in zip(value["periods"], orders["periods"], strict=True):
        assert isinstance(count["expected"], str)
        mean = number(money["expected"]) / number(count["expected"])
        assert 5_000 < mean < 30_000


async def test_of_what_is_expected_the_share_of_last_years_orders_is_left(client, deals):
    """No order of the season tells its costs. One of 1,000.00 does, with 250.00 left."""
    unknown = await forecast(client, unit="gross_margin")
    assert (unknown["margin"]["status"], unknown["margin"]["share"]) == ("unknown", None)
    assert {each["expected_margin"] for each in unknown["periods"]} == {None}
    press = await make_product(client)
    deal = await flow(client, (2, "invited"), value="1000.00")
    sold = [line(press, "1000.00", "750.00")]
    await tell(client, deal, "reach", milestone="order", lines=sold, occurred_at=on(9))
    found = await forecast(client, unit="gross_margin")
    margin = found["margin"]
    assert (margin["share"], margin["status"], margin["n"]) == ("0.2500", "partial", 1)
    for each in found["periods"]:
        quarter = number(each["expected_exact"]) / 4
        assert abs(number(each["expected_margin"]) - quarter) <= Fraction(1, 200)
    by_value = await forecast(client)
    assert by_value["margin"] is None
    assert {each["expected_margin"] for each in by_value["periods"]} == {None}
    assert exactly(by_value) == exactly(found)


async def test_blend_and_both_sides_of_it_are_shown(client, deals):
    found = await forecast(client)
    first = found["periods"][0]
    weights = first["blend"]
    assert found["blend"] == weights
    assert number(weights["pipeline_weight"]) + number(weights["run_rate_weight"]) == 1
    assert (weights["basis"], weights["origins"] > 0) == ("rebuilt", True)
    pipeline, rate, share = (
        float(number(each))
        for each in (first["pipeline"], first["run_rate"], weights["pipeline_weight"])
    )
    blended = share * pipeline + (1 - share) * rate
    assert float(number(first["expected"]) - number(first["won"])) == pytest.approx(blended, 1e-3)


@pytest.mark.parametrize("unit", UNITS)
async def test_people_add_up_to_teams_and_to_all_exactly(client, process, engine, workspace, unit):
    teams = [await make_team(client, name) for name in ("North", "South")]
    people = [
        await make_person(client, name, team_id=teams[place]["id"])
        for name, place in (("Ada", 0), ("Bob", 0), ("Cem", 1))
    ]
    await season(engine, workspace, (*(person["id"] for person in people), None))
    whole = await forecast(client, unit=unit)
    ours = [exactly(await forecast(client, unit=unit, scope=f"owner:{p['id']}")) for p in people]
    theirs = [exactly(await forecast(client, unit=unit, scope=f"team:{t['id']}")) for t in teams]
    nobodys = [number(each["expected_exact"]) for each in whole["unassigned"]]
    assert theirs[0] == [ada + bob for ada, bob in zip(ours[0], ours[1], strict=True)]
    assert theirs[1] == ours[2]
    assert exactly(whole) == [sum(parts) for parts in zip(*ours, nobodys, strict=True)]
    assert all(nobodys)


async def test_a_shared_deal_is_divided_by_its_credits(client, process):
    ada, bob = [await make_person(client, name) for name in ("Ada", "Bob")]
    shares = [(ada["id"], "70"), (bob["id"], "30")]
    credits = [{"person_id": id, "percent": percent} for id, percent in shares]
    await arrive(client, "concept", "10000.00", owner_id=ada["id"], credits=credits)
    parts = [
        (await forecast(client, scope=f"owner:{each['id']}", explain=True))["contributions"]
        for each in (ada, bob)
    ]
    assert [part[0]["share"] for part in parts] == ["0.7000", "0.3000"]
    first, second = [number(part[0]["contributions_exact"][0]) for part in parts]
    assert (first > 0, first * 3) == (True, second * 7)


@pytest.mark.parametrize("unit", UNITS)
async def test_every_deal_explains_what_it_adds(client, deals, unit):
    found = await forecast(client, unit=unit, explain=True)
    for place, period in enumerate(found["periods"]):
        parts = [number(each["contributions_exact"][place]) for each in found["contributions"]]
        assert sum(parts) == number(period["contributed_exact"])
    for each in found["contributions"]:
        assert 0 <= sum(float(chance) for chance in each["chances"]) <= 1.001
        assert each["milestone"] in {"interest", "invited", "need", "concept"}
        assert each["because"]["code"] in {"observed", "stated"}
    ids = [each["opportunity_id"] for each in found["contributions"]]
    assert (ids, set(ids) <= set(deals)) == (sorted(ids), True)


async def test_reasons_follow_the_language_and_codes_do_not(client, deals):
    german = await ask(
        client, "/v1/forecast", headers={"Accept-Language": "de"}, **HERE, explain=True
    )
    english = await forecast(client, explain=True)
    pair = [found["contributions"][0]["because"] for found in (german, english)]
    assert pair[0]["code"] == pair[1]["code"]
    assert pair[0]["text"] != pair[1]["text"]


async def test_a_new_process_answers_from_what_it_states_with_a_wide_band(client, process):
    for key in ("interest", "need", "concept"):
        await arrive(client, key, "10000.00")
    found = await forecast(client)
    assert (found["status"], found["stated_share"], found["n"]) == ("insufficient", "1.0000", 0)
    assert found["blend"]["basis"] == "prior"
    for each in found["periods"]:
        assert number(each["expected"]) > 0
        assert number(each["p90"]) > 2 * number(each["p50"])


async def test_where_nothing_is_seen_or_stated_nothing_is_claimed(client):
    unrated = [{**each, "target_rate": None} for each in MILESTONES[:-1]]
    await make_process(client, milestones=[*unrated, MILESTONES[-1]])
    await arrive(client, "need", "10000.00")
    found = await forecast(client)
    assert found["status"] == "unknown"
    assert {each["expected"] and each["expected"]["amount"] for each in found["periods"]} == {None}


async def test_without_any_amount_orders_are_forecast_and_value_is_unknown(client, process):
    await arrive(client, "concept", None)
    assert (await forecast(client))["periods"][0]["expected"] is None
    assert number((await forecast(client, unit="orders"))["periods"][0]["expected"]) > 0


async def test_a_deal_on_hold_adds_nothing_until_it_returns(client, process):
    deal = await arrive(client, "concept", "10000.00")
    await tell(client, deal, "hold", until="2026-09-01T00:00:00+02:00", reason="budget")
    found = await forecast(client, explain=True)
    [left] = found["excluded"]
    assert (left["opportunity_id"], left["reason"]) == (deal["id"], "on_hold")
    assert (left["value"], left["returns_at"]) == (eur("10000.00"), "2026-08-31T22:00:00Z")
    [part] = found["contributions"]
    assert [number(each) > 0 for each in part["contributions_exact"]] == [False] * 2 + [True] * 4
    assert part["because"]["code"] == "returns"


async def test_declined_deals_are_listed_with_their_sum(client, process):
    for amount in ("100.00", "200.00"):
        deal = await arrive(client, "need", amount)
        await tell(client, deal, "exit", kind="declined")
    found = await forecast(client)
    assert [each["reason"] for each in found["excluded"]] == ["declined", "declined"]
    [whole] = found["excluded_sums"]
    assert (whole["count"], whole["value"]) == (2, eur("300.00"))
    [omitted] = [each for each in found["categories"] if each["category"] == "omitted"]
    assert omitted["count"] == 2


async def test_a_dead_horse_adds_nothing_unless_the_process_wants_no_such_rule(
    client, deals, process
):
    old = deals[FORGOTTEN]
    found = await forecast(client, explain=True)
    dead = {each["opportunity_id"] for each in found["excluded"] if each["reason"] == "dead"}
    assert old in dead
    assert not dead & {each["opportunity_id"] for each in found["contributions"]}
    path = f"/v1/processes/{process['id']}"
    tag = (await client.get(path)).headers["etag"]
    await client.patch(path, json={"stale_policy": "off"}, headers={"If-Match": tag})
    found = await forecast(client, explain=True)
    assert "dead" not in {each["reason"] for each in found["excluded"]}
    assert old in {each["opportunity_id"] for each in found["contributions"]}


async def test_a_deal_is_dead_or_not_whatever_business_is_asked_for(
    client, process, engine, workspace
):
    """New business alone never moves on, and would find nothing wrong with standing still."""
    known, mine = [{"business_type": kind} for kind in ("existing", "new")]
    seen = [(*one[:2], known) for one in (*WINNERS, *LOSERS)]
    await herd(engine, workspace, *seen, *((-1095, [], mine) for _ in range(3)))
    kinds = ({}, {"business_type": "new"}, {"business_type": "existing"})
    whole, new, old = [
        [each["opportunity_id"] for each in (await forecast(client, **kind))["excluded"]]
        for kind in kinds
    ]
    assert (len(whole), new, old) == (3, whole, [])


async def test_the_unknown_values_are_those_of_deals_in_the_forecast(
    client, process, engine, workspace
):
    unknown = {"value": None}
    await herd(engine, workspace, *WINNERS, *LOSERS, *((-1095, [], unknown) for _ in range(3)))
    await herd(engine, workspace, (135, [], unknown), (135, []))
    found = await forecast(client)
    assert (found["open_deals"], found["unknown_value_count"]) == (2, 1)


async def test_new_customers_are_the_orders_of_new_business(client, process):
    account = await post(client, "/v1/accounts", name="Halden")
    await arrive(client, "order", "500.00", account_id=account["id"])
    await arrive(client, "order", "500.00", account_id=account["id"], business_type="existing")
    new = await forecast(client, unit="orders", business_type="new")
    assert [new["periods"][0]["won"], new["n"]] == ["1.0000", 1]
    assert (await forecast(client, unit="orders"))["periods"][0]["won"] == "2.0000"


async def test_an_order_belongs_to_the_day_it_was_given(client, process):
    await arrive(client, "order", "500.00", at="2026-06-30T21:59:00Z")
    await arrive(client, "order", "70.00", at="2026-06-30T22:30:00Z")
    assert (await forecast(client))["periods"][0]["won"] == eur("70.00")


@pytest.mark.parametrize(
    ("grain", "periods", "first", "last"),
    [
        ("week", 3, "2026-W30", "2026-W32"),
        ("month", 36, "2026-07", "2029-06"),
        ("quarter", 2, "2026-Q3", "2026-Q4"),
        ("year", 3, "2026", "2028"),
    ],
)
async def test_periods_of_every_length_up_to_three_years(
    client, deals, grain, periods, first, last
):
    found = await forecast(client, grain=grain, periods=periods)
    keys = [each["period"] for each in found["periods"]]
    assert (len(keys), keys[0], keys[-1]) == (periods, first, last)
    assert all(number(each["expected"]) > 0 for each in found["periods"])


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({"periods": 37}, ("periods", "too_far_ahead")),
        ({"periods": 4, "grain": "year"}, ("periods", "too_far_ahead")),
        ({"periods": 0}, ("periods", "too_small")),
        ({"grain": "day"}, ("grain", "not_one_of")),
        ({"unit": "margin"}, ("unit", "not_one_of")),
        ({"scope": "everybody"}, ("scope", "scope_malformed")),
        ({"as_of": "2026-07-21T00:00:00Z"}, ("as_of", "in_future")),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(client, process, asked, fault):
    assert await refused(client, "GET", "/v1/forecast", params=HERE | asked) == fault


async def test_another_workspace_sees_nothing(client, neighbour, process):
    person = await make_person(client)
    await make_process(neighbour)
    await ask(neighbour, "/v1/forecast", 404, process=process["id"])
    await ask(neighbour, "/v1/forecast", 404, **HERE, scope=f"owner:{person['id']}")
    await ask(client, "/v1/forecast", 404, **HERE, scope=f"team:{uuid7()}")


async def test_the_number_of_statements_does_not_depend_on_the_number_of_deals(
    client, deals, statements
):
    team = await make_team(client)
    counts = []
    await forecast(client)  # what is read is kept, and read no more
    for asked in ({}, {"explain": True}, {"scope": f"team:{team['id']}"}):
        statements.clear()
        await forecast(client, **asked)
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert max(counts) <= 24


async def test_names_and_notes_change_nothing(client, deals):
    asked = HERE | {"explain": "true", "as_of": "2026-07-20T09:30:00Z"}
    before = await client.get("/v1/forecast", params=asked)
    deal = await client.get(f"/v1/opportunities/{deals[-1]}")
    await change(client, deal.json(), name="Another name")
    assert (await client.get("/v1/forecast", params=asked)).content == before.content
