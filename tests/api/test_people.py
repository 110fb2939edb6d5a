from datetime import date

import pytest
from sqlalchemy import select, true

from app.core.ids import uuid7
from app.domain.access import Scope
from app.domain.people import team_on
from app.tables import Person


async def team(client, name="North", **more):
    answer = await client.post("/v1/teams", json={"name": name} | more)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def made(client, **person):
    answer = await client.post("/v1/people", json={"name": "Ada"} | person)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def changed(client, person, **patch):
    tag = {"If-Match": f'"{person["version"]}"'}
    return await client.patch(f"/v1/people/{person['id']}", json=patch, headers=tag)


async def join(client, person, **membership):
    return await client.post(f"/v1/people/{person['id']}/memberships", json=membership)


async def history(client, person):
    answer = await client.get(f"/v1/people/{person['id']}/memberships")
    return [(each["since"], each["team_id"]) for each in answer.json()["data"]]


async def names(client, **asked):
    answer = await client.get("/v1/people", params=asked)
    assert answer.status_code == 200, answer.text
    return [person["name"] for person in answer.json()["data"]]


async def test_a_person_is_answered_with_place_and_etag(client):
    answer = await client.post("/v1/people", json={"name": "Ada", "email": "ada@example.com"})
    person = answer.json()
    assert answer.headers["location"] == f"/v1/people/{person['id']}"
    assert answer.headers["etag"] == '"1"'
    assert (person["active"], person["team_id"], person["team_since"]) == (True, None, None)
    assert (await client.get(answer.headers["location"])).json() == person


async def test_a_new_person_was_always_in_the_first_team(client):
    north = await team(client)
    person = await made(client, team_id=north)
    assert (person["team_id"], person["team_since"]) == (north, "1970-01-01")


async def test_a_person_may_start_on_a_given_day(client):
    north = await team(client)
    person = await made(client, team_id=north, team_since="2026-08-01")
    assert person["team_id"] is None
    assert await history(client, person) == [("2026-08-01", north)]


async def test_a_later_change_of_team_is_dated_today_and_keeps_the_past(client):
    north, south = await team(client), await team(client, "South")
    person = await made(client, team_id=north)
    answer = await changed(client, person, team_id=south)
    assert (answer.json()["team_id"], answer.json()["team_since"]) == (south, "2026-07-20")
    assert await history(client, person) == [("1970-01-01", north), ("2026-07-20", south)]


async def test_today_is_the_day_where_the_workspace_is(client, clock):
    clock.forward(hours=13)  # 22:30 UTC, past midnight in Berlin
    person = await made(client)
    answer = await changed(client, person, team_id=await team(client))
    assert answer.json()["team_since"] == "2026-07-21"


async def test_a_planned_change_comes_into_force_on_its_day(client, clock):
    north, south = await team(client), await team(client, "South")
    person = await made(client, team_id=north)
    await join(client, person, team_id=south, since="2026-07-22")
    assert await names(client, team=north) == ["Ada"]
    clock.forward(days=2)
    assert await names(client, team=north) == []
    assert await names(client, team=south) == ["Ada"]


async def test_the_same_day_again_replaces(client):
    north, south = await team(client), await team(client, "South")
    person = await made(client)
    await join(client, person, team_id=north, since="2026-01-01")
    answer = await join(client, person, team_id=south, since="2026-01-01")
    assert answer.status_code == 201
    assert answer.json() == {"person_id": person["id"], "team_id": south, "since": "2026-01-01"}
    assert await history(client, person) == [("2026-01-01", south)]


async def test_a_change_of_team_is_a_change_of_the_person(client):
    person = await made(client, team_id=await team(client))
    await join(client, person, team_id=None)
    answer = await changed(client, person, name="Ada L.")
    assert (answer.status_code, answer.headers["etag"]) == (412, '"2"')


async def test_the_team_of_any_day_can_be_asked_below_the_door(client, work):
    north, south = await team(client), await team(client, "South")
    person = await made(client, team_id=north)
    await join(client, person, team_id=south, since="2026-03-01")
    teams = []
    for day in (date(2026, 2, 28), date(2026, 3, 1)):
        then = team_on(work, Person.id, day)
        query = select(then.c.team_id).select_from(Person).join(then, true())
        teams.append(str((await work.one(query)).team_id))
    assert teams == [north, south]


async def test_people_are_found_by_team_with_everything_below_it(client):
    north = await team(client)
    coast = await team(client, "Coast", parent_id=north)
    await made(client, name="Ada", team_id=north)
    await made(client, name="Bob", team_id=coast, active=False)
    await made(client, name="Eve", external_id="7", source="hr")
    assert await names(client, team=north, sort="name") == ["Ada", "Bob"]
    assert await names(client, team=coast) == ["Bob"]
    assert await names(client, active=False) == ["Bob"]
    assert await names(client, external_id="7", source="hr") == ["Eve"]
    assert await names(client, q="e") == ["Eve"]


async def test_a_list_takes_one_statement_however_long_it_is(client, statements):
    north = await team(client)
    for name in "abcd":
        await made(client, name=name, team_id=north)
    statements.clear()
    assert len(await names(client, team=north, sort="-name")) == 4
    assert sum("FROM people" in statement for statement in statements) == 1
    assert sum("memberships" in statement for statement in statements) == 1


async def test_pages_show_every_person_once(client):
    for name in "abcde":
        await made(client, name=name)
    first = (await client.get("/v1/people", params={"limit": 3, "sort": "-name"})).json()
    asked = {"limit": 3, "sort": "-name", "cursor": first["next_cursor"]}
    second = (await client.get("/v1/people", params=asked)).json()
    assert [p["name"] for p in first["data"] + second["data"]] == list("edcba")
    assert second["next_cursor"] is None


async def test_a_long_history_is_paged_as_well(client):
    person = await made(client)
    for day in (1, 2, 3):
        await join(client, person, team_id=None, since=f"2026-01-0{day}")
    place = f"/v1/people/{person['id']}/memberships"
    first = (await client.get(place, params={"limit": 2})).json()
    asked = {"limit": 2, "cursor": first["next_cursor"]}
    second = (await client.get(place, params=asked)).json()
    days = [each["since"] for each in first["data"] + second["data"]]
    assert days == ["2026-01-01", "2026-01-02", "2026-01-03"]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"name": "A", "email": "ada"}, "/email", "not_an_email"),
        ({"name": "A", "email": "a b@c"}, "/email", "not_an_email"),
        ({"name": "A", "team_since": "2026-01-01"}, "", "team_missing"),
        ({"email": "a@b"}, "/name", "missing"),
    ],
)
async def test_a_bad_field_is_pointed_at(client, body, pointer, code):
    answer = await client.post("/v1/people", json=body)
    assert answer.status_code == 422
    [fault] = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == (pointer, code)


@pytest.mark.parametrize("field", ["active", "team_since"])
async def test_words_are_neither_days_nor_answers(client, field):
    answer = await client.post("/v1/people", json={"name": "A", "team_id": None, field: "yes"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/{field}"


@pytest.mark.parametrize("field", ["name", "active", "source"])
async def test_null_for_what_everybody_has_is_refused(client, field):
    answer = await changed(client, await made(client), **{field: None})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/{field}"


async def test_null_takes_an_address_away(client):
    answer = await changed(client, await made(client, email="a@b.c"), email=None)
    assert answer.json()["email"] is None


async def test_an_address_belongs_to_one_person_whatever_its_case(client):
    await made(client, email="Ada@example.com")
    answer = await client.post("/v1/people", json={"name": "B", "email": "ada@example.com"})
    assert (answer.status_code, answer.json()["code"]) == (409, "key-taken")


async def test_an_external_id_is_unique_within_its_source(client):
    await made(client, external_id="7")
    answer = await client.post("/v1/people", json={"name": "B", "external_id": "7"})
    assert (answer.status_code, answer.json()["code"]) == (409, "external-id-taken")


async def test_nobody_can_join_a_team_that_is_not_here(client, neighbour):
    person, foreign = await made(client), await team(neighbour)
    for team_id in (foreign, str(uuid7())):
        assert (await join(client, person, team_id=team_id)).status_code == 404
    assert await history(client, person) == []


async def test_a_refused_team_takes_the_rest_of_the_change_back(client):
    person = await made(client)
    answer = await changed(client, person, name="Eve", team_id=str(uuid7()))
    assert answer.status_code == 404
    assert (await client.get(f"/v1/people/{person['id']}")).json() == person


async def test_a_deleted_person_leaves_the_lists(client):
    person = await made(client, email="a@b.c")
    place = f"/v1/people/{person['id']}"
    assert (await client.delete(place)).status_code == 428
    assert (await client.delete(place, headers={"If-Match": '"1"'})).status_code == 204
    assert (await client.get(place)).status_code == 404
    assert (await client.get(f"{place}/memberships")).status_code == 404
    assert await names(client) == []
    await made(client, email="a@b.c")


async def test_reading_and_writing_need_their_scopes(limited):
    reader, writer = await limited(Scope.ACCOUNTS_READ), await limited(Scope.ACCOUNTS_WRITE)
    assert (await reader.get("/v1/people")).status_code == 200
    assert (await reader.post("/v1/people", json={"name": "A"})).status_code == 403
    assert (await writer.get("/v1/people")).status_code == 403
