"""The lights to come: what this month and the next ones will bring."""

from fractions import Fraction

import pytest

from tests.aims import ask, make_target, make_team, refused
from tests.deals import MILESTONES, change, eur, make_person, make_process
from tests.flows import flow, on
from tests.herds import LOSERS, WINNERS, herd

HERE = {"process": "new-business"}
STATED = [{**each, "typical_days": 20} if "target_rate" in each else each for each in MILESTONES]
LATELY = 130  # days after the beginning of the tests' time: the 10th of July


@pytest.fixture
async def process(client):
    return await make_process(client, milestones=STATED)


async def outlook(client, **asked):
    return await ask(client, "/v1/lights/outlook", **HERE | asked)


def at(found, key, period="2026-07"):
    [month] = [one for one in found["periods"] if one["period"] == period]
    [milestone] = [one for one in month["milestones"] if one["key"] == key]
    return milestone


async def test_this_month_and_those_after_it_are_told(client, process):
    await make_target(client, count=4)
    found = await outlook(client)
    assert [one["period"] for one in found["periods"]] == ["2026-07", "2026-08", "2026-09"]
    assert at(found, "interest", "2026-09")["required_count"] == 64
    assert at(found, "interest", "2026-09")["light"] == "red"


async def test_what_arrived_and_what_open_deals_imply_is_added_up(client, process):
    await make_target(client, amount=eur("1000.00"), count=1)
    await flow(client, day=LATELY)
    found = await outlook(client)
    interest, invited = at(found, "interest"), at(found, "invited")
    assert (interest["arrived_count"], interest["from_open_count"]) == (1, "0.0000")
    assert invited["arrived_count"] == 0
    assert 0 < Fraction(invited["from_open_count"]) < 1
    parts = [
        Fraction(invited[name]["amount"])
        for name in ("arrived_value", "from_open_value", "from_future_arrivals_value")
    ]
    assert abs(Fraction(invited["expected_value"]["amount"]) - sum(parts)) <= Fraction(2, 100)


async def test_a_deal_is_implied_once_however_many_months_are_looked_at(client, process):
    await flow(client, day=LATELY)
    found = await outlook(client, periods=6)
    parts = [
        Fraction(at(found, "invited", one["period"])["from_open_count"]) for one in found["periods"]
    ]
    assert parts[1] > 0
    assert sum(parts) < Fraction("0.55")


@pytest.mark.parametrize(("orders", "light"), [(1, "green"), (2, "amber"), (4, "red")])
async def test_the_light_shows_whether_it_will_be_enough_as_things_go(
    client, engine, workspace, process, orders, light
):
    """One new deal a day: about 31 in August, where an order takes 16."""
    await make_target(client, amount=None, count=orders)
    await herd(engine, workspace, *[(day, []) for day in range(100, 140)])
    interest = at(await outlook(client), "interest", "2026-08")
    assert (interest["arrived_count"], interest["light"]) == (0, light)
    assert abs(Fraction(interest["from_future_arrivals_count"]) - 31) < 2
    assert interest["from_open_attainment"] == "0.0000"


async def test_without_a_target_nothing_can_be_green(client, process):
    await flow(client, day=LATELY)
    invited = at(await outlook(client), "invited")
    assert (invited["light"], invited["required_count"], invited["attainment"]) == (
        "grey",
        None,
        None,
    )
    assert Fraction(invited["from_open_count"]) > 0


async def test_a_dead_horse_is_implied_no_more_than_it_is_forecast(
    client, engine, workspace, process
):
    await herd(engine, workspace, *WINNERS, *LOSERS, *[(-1095, [])] * 3)
    without = at(await outlook(client), "invited")
    tag = (await client.get(f"/v1/processes/{process['id']}")).headers["etag"]
    off = {"stale_policy": "off"}
    await client.patch(f"/v1/processes/{process['id']}", json=off, headers={"If-Match": tag})
    with_them = at(await outlook(client), "invited")
    assert without["from_open_count"] == "0.0000"
    assert Fraction(with_them["from_open_count"]) > 0
    assert without["from_future_arrivals_count"] == with_them["from_future_arrivals_count"]


async def test_people_sum_to_their_team_and_teams_to_all(client, process):
    team = await make_team(client)
    people = [await make_person(client, name, team_id=team["id"]) for name in ("Ada", "Ben")]
    for day, person in enumerate([people[0], people[0], people[1]]):
        await flow(client, day=LATELY + day, owner_id=person["id"])
    whole = await outlook(client)
    of_team = await outlook(client, scope=f"team:{team['id']}")
    own = [await outlook(client, scope=f"owner:{person['id']}") for person in people]
    assert whole["periods"] == of_team["periods"]
    for name in ("from_open_count", "from_future_arrivals_count"):
        parts = sum(Fraction(at(one, "invited")[name]) for one in own)
        assert abs(parts - Fraction(at(whole, "invited")[name])) <= Fraction(2, 10_000)


async def test_the_past_is_told_as_it_was_known(client, process, clock):
    await make_target(client, count=4)
    deal = await flow(client, day=LATELY)
    asked = HERE | {"as_of": clock.now.isoformat()}
    before = await client.get("/v1/lights/outlook", params=asked)
    clock.forward(days=20)
    await change(client, deal, name="Another name", value=eur("5.00"))
    await flow(client, (1, "invited"), day=LATELY)
    after = await client.get("/v1/lights/outlook", params=asked)
    assert (before.status_code, after.content) == (200, before.content)


async def test_the_statements_are_as_many_however_many_deals(
    client, engine, workspace, process, statements
):
    counts = []
    for number in (1, 20):
        await herd(engine, workspace, *[(LATELY, [])] * number)
        statements.clear()
        await outlook(client)
        counts.append(len(statements))
    assert counts[0] == counts[1], statements


async def test_another_workspace_sees_nothing(client, neighbour, process):
    for name in ("new-business", process["id"]):
        answer = await neighbour.get("/v1/lights/outlook", params={"process": name})
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({"periods": 0}, ("periods", "too_small")),
        ({"periods": 7}, ("periods", "too_large")),
        ({"scope": "team:x"}, ("scope", "scope_malformed")),
        ({"as_of": on(1000)}, ("as_of", "in_future")),
    ],
)
async def test_what_means_nothing_is_refused(client, process, asked, fault):
    assert await refused(client, "GET", "/v1/lights/outlook", params=HERE | asked) == fault
