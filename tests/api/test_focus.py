"""Which open opportunities can be brought forward soon."""

from fractions import Fraction

import pytest

from tests.aims import ask, make_team, refused
from tests.deals import MILESTONES, change, eur, make_person, make_process, tell
from tests.flows import flow, on
from tests.herds import LOSERS, WINNERS, herd

HERE = {"process": "new-business"}
CRITERIA = [{"key": "budget", "name": "Budget"}, {"key": "date", "name": "Date"}]
STATED = [
    {**each, "typical_days": 30, "criteria": CRITERIA} if "target_rate" in each else each
    for each in MILESTONES
]
LATELY = 135  # days after the beginning of the tests' time: five days ago


@pytest.fixture
async def process(client):
    return await make_process(client, milestones=STATED)


async def focus(client, **asked):
    return await ask(client, "/v1/focus", **HERE | asked)


async def test_the_best_come_first_by_value_times_chance(client, process):
    small = await flow(client, day=LATELY, value="1000.00")
    large = await flow(client, day=LATELY, value="9000.00")
    unknown = await flow(client, day=LATELY, value=None)
    found = (await focus(client))["data"]
    assert [one["opportunity_id"] for one in found] == [large["id"], small["id"], unknown["id"]]
    first, _, last = found
    weighed = Fraction(first["weighted_value"]["amount"])
    assert abs(weighed - 9000 * Fraction(first["chance_within"])) < 1
    assert (last["value"], last["weighted_value"]) == (None, None)
    assert Fraction(last["chance_within"]) > 0


async def test_a_stated_rate_gives_the_chance_of_a_new_process(client, process):
    """Half go on, half of all leave within 30 days: a quarter gets there within 30 days."""
    await flow(client, day=LATELY + 5)
    [one] = (await focus(client))["data"]
    assert abs(Fraction(one["chance_next"]) - Fraction(1, 2)) < Fraction(1, 20)
    assert abs(Fraction(one["chance_within"]) - Fraction(1, 4)) < Fraction(1, 20)
    assert (one["milestone"], one["next_milestone"]) == ("interest", "invited")


async def test_more_days_are_more_chance(client, process):
    await flow(client, day=LATELY)
    chances = [
        Fraction((await focus(client, days=days))["data"][0]["chance_within"])
        for days in (1, 30, 365)
    ]
    assert chances == sorted(set(chances))


async def test_what_is_left_to_do_is_named(client, process):
    deal = await flow(client, day=LATELY)
    await tell(client, deal, "meet", criterion="budget", act="said", what="has it")
    [one] = (await focus(client))["data"]
    assert one["unmet_criteria"] == [{"key": "date", "name": "Date"}]


async def test_who_is_over_or_on_hold_or_not_there_yet_is_no_candidate(client, process):
    await flow(client, (3, "lost"), day=LATELY)
    await flow(client, (3, "order"), day=LATELY)
    waiting = await flow(client, day=LATELY)
    await tell(client, waiting, "hold", until="2026-12-01T00:00:00Z", reason="budget freeze")
    assert (await focus(client))["data"] == []


async def test_nobody_knows_the_chance_where_nothing_was_seen_or_stated(client):
    steps = [{k: v for k, v in step.items() if k != "target_rate"} for step in MILESTONES]
    await make_process(client, milestones=steps)
    await flow(client, day=LATELY)
    [one] = (await focus(client))["data"]
    assert (one["chance_next"], one["chance_within"], one["weighted_value"]) == (None, None, None)


async def test_everybody_has_his_own_and_a_team_all_of_theirs(client, process):
    team = await make_team(client)
    ada = await make_person(client, "Ada", team_id=team["id"])
    ben = await make_person(client, "Ben")
    hers = await flow(client, day=LATELY, owner_id=ada["id"])
    await flow(client, day=LATELY, owner_id=ben["id"])
    for scope in (f"owner:{ada['id']}", f"team:{team['id']}"):
        found = (await focus(client, scope=scope))["data"]
        assert [one["opportunity_id"] for one in found] == [hers["id"]]


async def test_of_a_shared_deal_everybody_has_a_part(client, process):
    ada, ben = [await make_person(client, name) for name in ("Ada", "Ben")]
    shares = [(ada, "30"), (ben, "70")]
    credits = [{"person_id": one["id"], "percent": percent} for one, percent in shares]
    await flow(client, day=LATELY, owner_id=ada["id"], credits=credits)
    [one] = (await focus(client, scope=f"owner:{ben['id']}"))["data"]
    assert one["value"] == eur("700.00")


async def test_the_list_goes_on_from_page_to_page(client, engine, workspace, process):
    ids = await herd(engine, workspace, *[(130 + day, []) for day in range(5)])
    first = await focus(client, limit=3)
    rest = await focus(client, limit=3, cursor=first["next_cursor"])
    assert rest["next_cursor"] is None
    assert {one["opportunity_id"] for one in first["data"] + rest["data"]} == set(ids)


async def test_the_past_is_told_as_it_was_known(client, process, clock):
    deal = await flow(client, day=LATELY)
    asked = HERE | {"as_of": clock.now.isoformat()}
    before = await client.get("/v1/focus", params=asked)
    clock.forward(days=3)
    await change(client, deal, name="Another name", value=eur("5.00"))
    await tell(client, deal, "meet", criterion="budget", act="said", what="has it")
    await flow(client, (1, "invited"), day=LATELY)
    after = await client.get("/v1/focus", params=asked)
    assert (before.status_code, after.content) == (200, before.content)
    assert before.json()["data"][0]["name"] is None


async def test_the_statements_are_as_many_however_many_deals(
    client, engine, workspace, process, statements
):
    counts = []
    for number in (1, 20):
        await herd(engine, workspace, *[(130, [])] * number)
        statements.clear()
        await focus(client)
        counts.append(len(statements))
    assert counts[0] == counts[1], statements


async def test_another_workspace_sees_nothing(client, neighbour, process):
    await flow(client, day=LATELY)
    for name in ("new-business", process["id"]):
        assert (await neighbour.get("/v1/focus", params={"process": name})).status_code == 404


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({"days": 0}, ("days", "too_small")),
        ({"days": 366}, ("days", "too_large")),
        ({"scope": "team:x"}, ("scope", "scope_malformed")),
        ({"as_of": on(1000)}, ("as_of", "in_future")),
    ],
)
async def test_what_means_nothing_is_refused(client, process, asked, fault):
    assert await refused(client, "GET", "/v1/focus", params=HERE | asked) == fault


async def test_dead_horses_are_no_candidates_unless_the_process_gives_none_up(
    client, engine, workspace
):
    made = await make_process(client)
    await herd(engine, workspace, *((-1095, []) for _ in range(3)), *WINNERS, *LOSERS)
    alive = await flow(client, day=LATELY)
    found = await focus(client)
    assert ([one["opportunity_id"] for one in found["data"]], found["dead_count"]) == (
        [alive["id"]], 3,
    )  # fmt: skip
    path = f"/v1/processes/{made['id']}"
    tag = (await client.get(path)).headers["etag"]
    await client.patch(path, json={"stale_policy": "off"}, headers={"If-Match": tag})
    found = await focus(client)
    assert (len(found["data"]), found["dead_count"]) == (4, 0)
