"""Where to act: who is behind at which milestone, and what can still be done about it."""

from fractions import Fraction

import pytest

from tests.aims import ask, make_target, make_team, refused
from tests.deals import MILESTONES, change, eur, make_person, make_process, tell
from tests.flows import flow, on
from tests.herds import LOSERS, WINNERS, herd

HERE = {"process": "new-business", "period": "2026-07"}
STATED = [{**each, "typical_days": 20} if "target_rate" in each else each for each in MILESTONES]
LATELY = 130  # days after the beginning of the tests' time: the 10th of July


@pytest.fixture
async def process(client):
    return await make_process(client, milestones=STATED)


async def attention(client, **asked):
    headers = asked.pop("headers", None)
    return await ask(client, "/v1/attention", headers=headers, **HERE | asked)


def at(found, key, scope="all"):
    [item] = [one for one in found["data"] if (one["key"], one["scope"]) == (key, scope)]
    return item


async def test_what_should_be_there_by_now_and_is_not(client, process):
    """19 of 31 days are over; 31 orders take 496 arrivals at interest, 304 of them by now."""
    await make_target(client, amount=eur("31000.00"), count=31)
    await flow(client, day=LATELY)
    item = at(await attention(client), "interest")
    assert (item["shortfall_count"], item["shortfall_value"]) == ("303.0000", eur("303000.00"))
    assert (item["order_worth_count"], item["order_worth_value"]) == ("18.9375", eur("18937.50"))
    assert (item["light"], item["candidates"], item["too_late"]) == ("red", [], True)
    assert item["text"] == (
        "Interest is 303 arrivals ≈ 303,000.00 EUR behind, and nothing stands before it: "
        "find new opportunities."
    )


async def test_who_could_bring_it_stands_one_milestone_before(client, process):
    await make_target(client, amount=None, count=31)
    deals = [await flow(client, day=LATELY, value=f"{number}00.00") for number in range(1, 8)]
    item = at(await attention(client), "invited")
    best = [deal["id"] for deal in reversed(deals)][:5]
    assert (item["candidates"], item["candidate_count"]) == (best, 7)
    assert item["text"] == "Invited is 152 arrivals behind; 7 candidates stand at Interest."


async def test_it_is_said_in_german_as_well(client, process):
    await make_target(client, amount=None, count=31)
    found = await attention(client, headers={"Accept-Language": "de"})
    assert at(found, "invited")["text"] == (
        "Invited liegt um 152 Ankünfte zurück; 0 Kandidaten stehen bei Interest."
    )


async def test_first_comes_what_weighs_most_and_can_be_made_up_for(client, process):
    await make_target(client, count=31, average_order_value=eur("1000.00"))
    for _ in range(4):
        await flow(client, (1, "need"), day=LATELY)
    found = (await attention(client))["data"]
    weights = [
        Fraction(one["order_worth_value"]["amount"]) * Fraction(one["recoverability"])
        for one in found
    ]
    assert weights == sorted(weights, reverse=True)
    # "concept" alone has candidates; at "interest" new deals may arrive as they did.
    assert {one["key"] for one in found[:2]} == {"concept", "interest"}
    assert {one["recoverability"] for one in found[2:]} == {"0.0000"}


@pytest.fixture
async def house(client, process):
    """Ada is in North, Ben in South below North, Cem nowhere; each has to bring an order a day."""
    north = await make_team(client, "North")
    south = await make_team(client, "South", parent_id=north["id"])
    ada = await make_person(client, "Ada", team_id=north["id"])
    ben = await make_person(client, "Ben", team_id=south["id"])
    cem = await make_person(client, "Cem")
    for scope in ("all", f"team:{north['id']}", f"team:{south['id']}"):
        await make_target(client, scope=scope, count=31)
    for person in (ada, ben, cem):
        await make_target(client, scope=f"owner:{person['id']}", count=31)
    return {"north": north, "south": south, "ada": ada, "ben": ben, "cem": cem}


def scopes(found):
    return {one["scope"] for one in found["data"]}


def name_of(house, *names):
    kinds = {"north": "team", "south": "team"}
    return {f"{kinds.get(name, 'owner')}:{house[name]['id']}" for name in names}


async def test_a_scope_is_told_with_all_that_belongs_to_it(client, house):
    everything = await attention(client, limit=200)
    assert scopes(everything) == {"all"} | name_of(house, *house)
    for asked, told in (
        ("north", ("north", "south", "ada", "ben")),
        ("south", ("south", "ben")),
        ("cem", ("cem",)),
    ):
        [scope] = name_of(house, asked)
        found = await attention(client, scope=scope, limit=200)
        assert scopes(found) == name_of(house, *told)


async def test_everybody_is_measured_by_what_arrived_for_them(client, house):
    await flow(client, day=LATELY, owner_id=house["ben"]["id"])
    found = await attention(client, limit=200)
    behind = {
        one["name"]: one["shortfall_count"] for one in found["data"] if one["key"] == "interest"
    }
    assert behind == {
        None: "303.0000",
        "North": "303.0000",
        "South": "303.0000",
        "Ada": "304.0000",
        "Ben": "303.0000",
        "Cem": "304.0000",
    }


async def test_candidates_are_the_scopes_own(client, house):
    deal = await flow(client, day=LATELY, owner_id=house["ben"]["id"])
    found = await attention(client, limit=200)
    told = {one["name"]: one["candidates"] for one in found["data"] if one["key"] == "invited"}
    assert told["Ben"] == told["South"] == told["North"] == told[None] == [deal["id"]]
    assert told["Ada"] == told["Cem"] == []


async def test_whoever_has_no_target_is_not_behind(client, process):
    await make_person(client)
    await make_team(client)
    assert (await attention(client))["data"] == []


async def test_what_is_on_pace_needs_no_attention(client, process):
    await make_target(client, amount=eur("0.00"), count=0)
    assert (await attention(client))["data"] == []


async def test_too_early_in_a_period_nothing_is_said(client, process):
    await make_target(client, count=4)
    assert (await attention(client, period="2026-08"))["data"] == []


async def test_in_a_closed_month_nobody_can_make_up_for_anything(client, process):
    await make_target(client, count=31)
    await flow(client, day=60)
    found = await attention(client, period="2026-06")
    assert found["closed"] is True
    assert {(one["recoverability"], one["candidate_count"]) for one in found["data"]} == {
        ("0.0000", 0)
    }


async def test_the_list_goes_on_from_page_to_page(client, house):
    whole = (await attention(client, limit=200))["data"]
    first = await attention(client, limit=10)
    rest = await attention(client, limit=200, cursor=first["next_cursor"])
    assert first["data"] + rest["data"] == whole
    assert (len(whole), rest["next_cursor"]) == (30, None)


async def test_the_past_is_told_as_it_was_known(client, process, clock):
    person = await make_person(client)
    await make_target(client, scope=f"owner:{person['id']}", count=31)
    deal = await flow(client, day=LATELY, owner_id=person["id"])
    asked = HERE | {"as_of": clock.now.isoformat()}
    before = await client.get("/v1/attention", params=asked)
    clock.forward(days=2)
    await change(client, deal, name="Another name", value=eur("5.00"))
    await tell(client, deal, "reach", milestone="need", act="said", what="it")
    after = await client.get("/v1/attention", params=asked)
    assert (before.status_code, after.content) == (200, before.content)
    assert before.json()["data"][0]["name"] is None


async def test_the_statements_are_as_many_however_many_people_and_deals(
    client, engine, workspace, house, statements
):
    counts = []
    for number in range(2):
        person = await make_person(client, f"No. {number}", team_id=house["north"]["id"])
        await make_target(client, scope=f"owner:{person['id']}", count=31)
        courses = [(LATELY, [], {"owner_id": person["id"]})] * (1 + 20 * number)
        await herd(engine, workspace, *courses)
        statements.clear()
        await attention(client)
        counts.append(len(statements))
    assert counts[0] == counts[1], statements


async def test_another_workspace_sees_nothing(client, neighbour, house):
    for process in ("new-business", "nobodys"):
        asked = HERE | {"process": process}
        assert (await neighbour.get("/v1/attention", params=asked)).status_code == 404


async def test_a_scope_that_is_not_here_is_not_found(client, neighbour, process):
    team = await make_team(neighbour)
    asked = HERE | {"scope": f"team:{team['id']}"}
    assert (await client.get("/v1/attention", params=asked)).status_code == 404


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({"period": "soon"}, ("period", "period_unknown")),
        ({"scope": "team:x"}, ("scope", "scope_malformed")),
        ({"limit": 0}, ("limit", "too_small")),
        ({"as_of": on(1000)}, ("as_of", "in_future")),
    ],
)
async def test_what_means_nothing_is_refused(client, process, asked, fault):
    assert await refused(client, "GET", "/v1/attention", params=HERE | asked) == fault


async def test_dead_horses_are_no_candidates(client, engine, workspace):
    await make_process(client)
    await make_target(client, amount=None, count=31)
    await herd(engine, workspace, *((-1095, []) for _ in range(3)), *WINNERS, *LOSERS)
    alive = await flow(client, day=LATELY + 8)
    item = at(await attention(client), "invited")
    assert (item["candidates"], item["candidate_count"]) == ([alive["id"]], 1)
    assert item["dead_count"] == 3
