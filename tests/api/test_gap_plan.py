"""The plan to close the gap to a target."""

from fractions import Fraction

import pytest

from app.core.ids import uuid7
from tests.aims import ask, make_target, refused
from tests.deals import MILESTONES, change, eur, make_person, make_process
from tests.flows import flow, on
from tests.herds import LOSERS, WINNERS, herd

JULY = {"period": "2026-07"}
CRITERIA = [{"key": "budget", "name": "Budget"}]
STATED = [
    {**each, "typical_days": 20, "criteria": CRITERIA} if "target_rate" in each else each
    for each in MILESTONES
]
LATELY = 130  # days after the beginning of the tests' time: the 10th of July


@pytest.fixture
async def process(client):
    return await make_process(client, milestones=STATED)


async def plan(client, target, **asked):
    headers = asked.pop("headers", None)
    path = f"/v1/targets/{target['id']}/gap-plan"
    return await ask(client, path, headers=headers, **JULY | asked)


def at(found, key):
    [item] = [item for item in found["items"] if item["key"] == key]
    return item


async def test_a_gap_names_what_is_missing_and_who_could_bring_it(client, process):
    """2 orders: 32, 16, 8, 4 and 2 arrivals; two deals at interest, of which one was invited."""
    target = await make_target(client, amount=eur("2000.00"), count=2)
    here = await flow(client, day=LATELY)
    await flow(client, (3, "invited"), day=LATELY)
    invited = at(await plan(client, target), "invited")
    assert (invited["required_count"], invited["arrived_count"], invited["missing_count"]) == (
        16,
        1,
        15,
    )
    assert (invited["missing_value"], invited["derived"]) == (eur("15000.00"), None)
    assert (invited["order_worth_value"], invited["order_worth_count"]) == (
        eur("1875.00"),
        "1.8750",
    )
    [candidate] = invited["candidates"]
    assert (candidate["opportunity_id"], invited["candidate_count"]) == (here["id"], 1)
    assert candidate["unmet_criteria"] == [{"key": "budget", "name": "Budget"}]
    assert invited["text"] == (
        "Invited needs 15 arrivals ≈ 15,000.00 EUR more; 1 candidate stands at Interest."
    )


async def test_the_plan_speaks_german(client, process):
    target = await make_target(client, amount=eur("2000.00"), count=2)
    found = await plan(client, target, headers={"Accept-Language": "de"})
    assert at(found, "need")["text"] == (
        "Need braucht noch 8 Ankünfte ≈ 8.000,00 EUR; 0 Kandidaten stehen bei Invited."
    )
    assert at(found, "interest")["text"] == (
        "Interest braucht noch 32 Ankünfte ≈ 32.000,00 EUR, und davor steht nichts: "
        "neue Geschäftsmöglichkeiten finden."
    )


async def test_a_number_is_derived_from_the_average_value(client, process):
    target = await make_target(client, amount=eur("2000.00"))
    await flow(client, day=LATELY, value="500.00")
    found = await plan(client, target)
    interest, invited = at(found, "interest"), at(found, "invited")
    assert (interest["missing_value"], interest["missing_count"]) == (eur("31500.00"), 63)
    assert (invited["missing_count"], invited["derived"]) == (32, "count")
    assert at(found, "order")["derived"] is None


async def test_what_weighs_most_and_can_be_made_up_for_comes_first(client, process):
    target = await make_target(client, amount=eur("2000.00"), count=2)
    for _ in range(6):
        await flow(client, (1, "concept"), day=LATELY, value="500.00")
    found = await plan(client, target)
    worth = [
        Fraction(item["order_worth_value"]["amount"]) * Fraction(item["recoverability"])
        for item in found["items"]
    ]
    assert worth == sorted(worth, reverse=True)
    assert (found["items"][0]["key"], found["items"][0]["rank"]) == ("order", 1)
    assert found["items"][0]["candidate_count"] == 6


async def test_the_expected_arrivals_are_the_chances_of_the_candidates(client, process):
    target = await make_target(client, amount=eur("2000.00"), count=2)
    for day in (LATELY, LATELY + 5):
        await flow(client, (1, "concept"), day=day)
    order = at(await plan(client, target), "order")
    chances = [Fraction(one["chance_within"]) for one in order["candidates"]]
    assert abs(Fraction(order["expected_count"]) - sum(chances)) < Fraction(1, 1000)
    assert abs(Fraction(order["recoverability"]) - sum(chances) / 2) < Fraction(1, 1000)


async def test_only_so_many_candidates_are_shown_as_are_asked_for(
    client, engine, workspace, process
):
    await herd(engine, workspace, *[(LATELY, [])] * 4)
    target = await make_target(client, count=2)
    invited = at(await plan(client, target, candidates=3), "invited")
    assert (len(invited["candidates"]), invited["candidate_count"]) == (3, 4)


async def test_new_deals_feed_the_first_milestone_as_they_did_lately(client, process):
    """Nine in the 90 days before; eleven days and some hours are left of July."""
    target = await make_target(client, count=2)
    for day in range(100, 109):
        await flow(client, day=day)
    found = await plan(client, target)
    left = Fraction(found["remaining_days"])
    assert abs(Fraction(at(found, "interest")["expected_count"]) - left / 10) < Fraction(1, 50)


async def test_what_comes_too_late_for_the_period_says_so(client, process):
    found = await plan(client, await make_target(client, count=2))
    assert {item["key"]: item["too_late"] for item in found["items"]} == {
        "interest": True,
        "invited": True,
        "need": True,
        "concept": True,
        "order": False,
    }


async def test_nobody_can_bring_anything_to_a_closed_month(client, process):
    await flow(client, day=60)
    found = await plan(client, await make_target(client, count=2), period="2026-06")
    assert {(item["candidate_count"], item["recoverability"]) for item in found["items"]} == {
        (0, "0.0000")
    }


async def test_a_target_that_is_met_needs_no_plan(client, process):
    target = await make_target(client, count=0, amount=eur("0.00"))
    assert (await plan(client, target))["items"] == []


async def test_gaps_are_measured_with_observed_rates_unless_asked_otherwise(
    client, engine, workspace, process
):
    target = await make_target(client, amount=eur("1000.00"))
    await herd(engine, workspace, *[(day, [(5, "invited")]) for day in range(10)])
    observed, stated = await plan(client, target), await plan(client, target, rates="target")
    assert observed["source"] == "observed_shrunk"
    assert at(stated, "interest")["required_value"] == eur("16000.00")
    assert at(observed, "interest")["required_value"] == eur("12000.00")  # (10 + 10) / 30 = 2/3


async def test_a_person_plans_with_the_own_deals(client, process):
    ada, ben = [await make_person(client, name) for name in ("Ada", "Ben")]
    hers = await flow(client, day=LATELY, owner_id=ada["id"])
    await flow(client, day=LATELY, owner_id=ben["id"])
    target = await make_target(client, scope=f"owner:{ada['id']}", count=2)
    invited = at(await plan(client, target), "invited")
    assert [one["opportunity_id"] for one in invited["candidates"]] == [hers["id"]]


async def test_existing_business_does_not_close_a_gap_in_new_business(client, process):
    await flow(client, (1, "order"), day=LATELY, business_type="existing")
    await flow(client, day=LATELY, business_type="existing")
    target = await make_target(client, business_type="new", count=2)
    invited = at(await plan(client, target), "invited")
    assert (invited["arrived_count"], invited["candidate_count"]) == (0, 0)


async def test_the_past_is_told_as_it_was_known(client, process, clock):
    target = await make_target(client, amount=eur("2000.00"), count=2)
    deal = await flow(client, day=LATELY)
    path = f"/v1/targets/{target['id']}/gap-plan"
    asked = JULY | {"as_of": clock.now.isoformat()}
    before = await client.get(path, params=asked)
    clock.forward(days=2)
    await change(client, deal, name="Another name", value=eur("5.00"))
    await flow(client, (1, "invited"), day=LATELY)
    after = await client.get(path, params=asked)
    assert (before.status_code, after.content) == (200, before.content)


async def test_the_statements_are_as_many_however_many_deals(
    client, engine, workspace, process, statements
):
    target, counts = await make_target(client, count=2), []
    for number in (1, 20):
        await herd(engine, workspace, *[(LATELY, [])] * number)
        statements.clear()
        await plan(client, target)
        counts.append(len(statements))
    assert counts[0] == counts[1], statements


async def test_another_workspace_finds_nothing(client, neighbour, process):
    target = await make_target(client)
    for id in (target["id"], uuid7()):
        assert (await neighbour.get(f"/v1/targets/{id}/gap-plan")).status_code == 404


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({"rates": "guessed"}, ("rates", "not_one_of")),
        ({"period": "soon"}, ("period", "period_unknown")),
        ({"period": "2027-01"}, ("period", "outside_of_target")),
        ({"candidates": 51}, ("candidates", "too_large")),
        ({"as_of": on(1000)}, ("as_of", "in_future")),
    ],
)
async def test_what_means_nothing_is_refused(client, process, asked, fault):
    path = f"/v1/targets/{(await make_target(client))['id']}/gap-plan"
    assert await refused(client, "GET", path, params=JULY | asked) == fault


async def test_dead_horses_are_no_candidates_and_nothing_is_expected_of_them(
    client, engine, workspace
):
    await make_process(client)
    target = await make_target(client, amount=eur("2000.00"), count=2)
    await herd(engine, workspace, *((-1095, []) for _ in range(3)), *WINNERS, *LOSERS)
    item = at(await plan(client, target), "invited")
    assert (item["candidate_count"], item["dead_count"], item["candidates"]) == (0, 3, [])
    assert (item["expected_count"], item["recoverability"]) == ("0.0000", "0.0000")
    assert "0 candidates stand at Interest" in item["text"]
