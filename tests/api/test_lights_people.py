"""Lights of teams and people, alone and in one answer."""

import pytest

from app.core.ids import uuid7
from tests.aims import arrive, ask, make_target, make_team
from tests.deals import change, eur, make_person, make_process, post

HERE = {"process": "new-business", "period": "2026-07"}
GERMAN = {"Accept-Language": "de"}


@pytest.fixture
async def process(client):
    return await make_process(client)


async def lights(client, headers=None, **more):
    return await ask(client, "/v1/lights", headers=headers, **(HERE | more))


async def light(client, key="interest", **more):
    found = await lights(client, **more)
    return next(one for one in found["milestones"] if one["key"] == key)


async def people(client, **more):
    return await ask(client, "/v1/lights/people", **(HERE | more))


async def test_every_scope_can_be_asked_about_the_past(client, process, clock):
    team = await make_team(client)
    ada = await make_person(client, team_id=team["id"])
    await arrive(client, "interest", "100.00", owner_id=ada["id"])
    then = clock.now.isoformat()
    clock.forward(hours=1)
    await arrive(client, "interest", "7.00", owner_id=ada["id"])
    scopes = ("all", f"team:{team['id']}", f"owner:{ada['id']}")
    found = [await light(client, scope=scope, as_of=then) for scope in scopes]
    assert {one["actual_value"]["amount"] for one in found} == {"100.00"}
    together = await people(client, as_of=then)
    assert together["people"][0]["milestones"][0] == found[2]
    assert together["teams"][0]["milestones"][0]["actual_value"] == eur("100.00")


async def test_a_person_is_measured_by_what_is_credited(client, process):
    ada, ben = [await make_person(client, name) for name in ("Ada", "Ben")]
    await make_target(client, scope=f"owner:{ada['id']}", count=4)
    shares = [{"person_id": ada["id"], "percent": "60"}, {"person_id": ben["id"], "percent": "40"}]
    await arrive(client, "interest", "100.00", owner_id=ada["id"], credits=shares)
    mine = await light(client, scope=f"owner:{ada['id']}")
    his = await light(client, scope=f"owner:{ben['id']}")
    assert (mine["actual_value"], mine["actual_count"]) == (eur("60.00"), 1)
    assert (his["actual_value"], his["actual_count"]) == (eur("40.00"), 0)
    assert (mine["light"], his["light"]) == ("red", "grey")


async def test_a_team_has_what_its_people_brought_while_they_were_in_it(client, process):
    north = await make_team(client)
    ruhr = await make_team(client, "Ruhr", parent_id=north["id"])
    south = await make_team(client, "South")
    ada = await make_person(client, team_id=ruhr["id"], team_since="2026-01-01")
    await post(
        client, f"/v1/people/{ada['id']}/memberships", team_id=south["id"], since="2026-07-11"
    )
    await arrive(client, "interest", "100.00", at="2026-07-10T21:30:00Z", owner_id=ada["id"])
    await arrive(client, "interest", "7.00", at="2026-07-10T22:30:00Z", owner_id=ada["id"])
    found = [await light(client, scope=f"team:{team['id']}") for team in (north, ruhr, south)]
    assert [one["actual_value"]["amount"] for one in found] == ["100.00", "100.00", "7.00"]


async def test_an_arrival_stays_with_its_owner_when_the_deal_changes_hands(client, process, clock):
    ada, ben = [await make_person(client, name) for name in ("Ada", "Ben")]
    deal = await arrive(client, "interest", "100.00", owner_id=ada["id"])
    await change(client, deal, owner_id=ben["id"])
    found = [await light(client, scope=f"owner:{one['id']}") for one in (ada, ben)]
    assert [one["actual_count"] for one in found] == [1, 0]


async def test_people_and_what_is_unassigned_add_up_to_all(client, process):
    north = await make_team(client)
    ada = await make_person(client, "Ada", team_id=north["id"])
    ben = await make_person(client, "Ben")
    thirds = [{"person_id": ada["id"], "percent": "33.333333"}]
    thirds.append({"person_id": ben["id"], "percent": "66.666667"})
    await arrive(client, "interest", "100.00", owner_id=ada["id"], credits=thirds)
    await arrive(client, "interest", "7.00")
    found = await people(client)
    own = {one["name"]: one["milestones"][0]["actual_value"]["amount"] for one in found["people"]}
    assert own == {"Ada": "33.33", "Ben": "66.67"}
    [alone] = found["unassigned"]
    assert (alone["key"], alone["value"], alone["count"]) == ("interest", eur("7.00"), 1)
    assert found["all"]["milestones"][0]["actual_value"] == eur("107.00")
    assert found["teams"][0]["milestones"][0]["actual_value"] == eur("33.33")
    assert (await lights(client))["unassigned"] == found["unassigned"]


async def test_teams_are_judged_on_their_sums_and_tell_of_their_people(client, process):
    north = await make_team(client)
    ruhr = await make_team(client, "Ruhr", parent_id=north["id"])
    ada = await make_person(client, "Ada", team_id=ruhr["id"])
    ben = await make_person(client, "Ben", team_id=north["id"])
    for scope in (f"team:{north['id']}", f"owner:{ada['id']}", f"owner:{ben['id']}"):
        await make_target(client, scope=scope, amount=eur("1000.00"))
    await arrive(client, "order", "1000.00", owner_id=ada["id"])
    found = {one["name"]: one for one in (await people(client))["teams"]}
    order = found["North"]["milestones"][-1]
    assert (order["light"], order["people_green"], order["people_red"]) == ("green", 1, 1)
    assert (found["North"]["people_red"], found["North"]["people_amber"]) == (2, 0)
    assert (found["Ruhr"]["people_red"], found["Ruhr"]["parent_id"]) == (1, north["id"])


async def test_each_persons_light_is_the_one_that_is_answered_alone(client, process):
    ada = await make_person(client, "Ada")
    await make_target(client, scope=f"owner:{ada['id']}")
    await arrive(client, "need", "100.00", owner_id=ada["id"])
    alone = await lights(client, scope=f"owner:{ada['id']}")
    [together] = (await people(client))["people"]
    assert together["milestones"] == alone["milestones"]
    assert together["focus"] == alone["focus"]


async def test_who_joins_within_the_month_owes_the_rest_of_it(client, process):
    north = await make_team(client)
    ada = await make_person(client, "Ada", team_id=north["id"], team_since="2026-07-17")
    await make_target(client, scope=f"owner:{ada['id']}", amount=eur("31000.00"))
    alone = await lights(client, scope=f"owner:{ada['id']}")
    assert alone["prorated"] == "0.4838"
    assert alone["milestones"][-1]["required_value"] == eur("15000.00")
    [together] = (await people(client))["people"]
    assert (together["prorated"], together["milestones"]) == ("0.4838", alone["milestones"])
    path = f"/v1/targets/{alone['target_id']}/cascade"
    cascade = await ask(client, path, period="2026-07")
    assert cascade["milestones"][-1]["required_value"] == eur("15000.00")
    later = await lights(client, scope=f"owner:{ada['id']}", period="2026-08")
    assert later["prorated"] is None


async def test_who_left_is_shown_only_where_something_arrived(client, process):
    ada, ben = [await make_person(client, name) for name in ("Ada", "Ben")]
    await arrive(client, "interest", "100.00", owner_id=ada["id"])
    for person in (ada, ben):
        await client.delete(f"/v1/people/{person['id']}", headers={"If-Match": '"1"'})
    assert [one["name"] for one in (await people(client))["people"]] == ["Ada"]


async def test_people_need_the_same_statements_however_many_there_are(client, process, statements):
    await people(client)
    statements.clear()
    await people(client)
    alone = len(statements)
    for name in "abcde":
        team = await make_team(client, name)
        person = await make_person(client, name, team_id=team["id"])
        await make_target(client, scope=f"owner:{person['id']}")
        await arrive(client, "need", "1.00", owner_id=person["id"])
    statements.clear()
    assert len((await people(client))["people"]) == 5
    assert len(statements) == alone == 13, statements


@pytest.mark.parametrize("kind", ["team", "owner"])
async def test_the_lights_of_somebody_unknown_are_not_found(client, process, kind):
    parameters = HERE | {"scope": f"{kind}:{uuid7()}"}
    assert (await client.get("/v1/lights", params=parameters)).status_code == 404
