import asyncio

import pytest
from sqlalchemy import select

from app.core.ids import uuid7
from app.domain.access import Scope
from app.domain.trees import below
from app.tables import Process, Target, Team


async def made(client, **team):
    answer = await client.post("/v1/teams", json={"name": "North"} | team)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def changed(client, team, **patch):
    tag = {"If-Match": f'"{team["version"]}"'}
    return await client.patch(f"/v1/teams/{team['id']}", json=patch, headers=tag)


async def deleted(client, team):
    tag = {"If-Match": f'"{team["version"]}"'}
    return await client.delete(f"/v1/teams/{team['id']}", headers=tag)


async def names(client, **asked):
    answer = await client.get("/v1/teams", params=asked)
    assert answer.status_code == 200, answer.text
    return [team["name"] for team in answer.json()["data"]]


def cycle(answer):
    return answer.status_code == 422 and [
        (fault["pointer"], fault["code"]) for fault in answer.json()["errors"]
    ] == [("/parent_id", "cycle")]


async def test_a_team_is_answered_with_place_and_etag(client):
    answer = await client.post("/v1/teams", json={"name": "North", "kind": "territory"})
    team = answer.json()
    assert answer.headers["location"] == f"/v1/teams/{team['id']}"
    assert answer.headers["etag"] == '"1"'
    assert (team["kind"], team["parent_id"], team["source"]) == ("territory", None, "api")
    assert (await client.get(answer.headers["location"])).json() == team


async def test_a_team_moves_with_its_parts(client):
    top, other = await made(client, name="Top"), await made(client, name="Other")
    middle = await made(client, name="Middle", parent_id=top["id"])
    await made(client, name="Leaf", parent_id=middle["id"])
    assert (await changed(client, middle, parent_id=other["id"])).status_code == 200
    assert await names(client, below=top["id"]) == []
    assert await names(client, below=other["id"]) == ["Middle", "Leaf"]
    assert await names(client, parent=other["id"]) == ["Middle"]


async def test_null_lifts_a_team_to_the_top(client):
    top = await made(client)
    part = await made(client, parent_id=top["id"])
    assert (await changed(client, part, parent_id=None)).json()["parent_id"] is None


async def test_no_team_can_come_to_lie_below_itself(client):
    top = await made(client)
    middle = await made(client, parent_id=top["id"])
    leaf = await made(client, parent_id=middle["id"])
    for parent in (top, middle, leaf):
        assert cycle(await changed(client, top, parent_id=parent["id"]))
    assert (await client.get(f"/v1/teams/{top['id']}")).json() == top


async def test_two_moves_at_once_cannot_make_a_cycle(client):
    for _ in range(5):
        one, two = await made(client), await made(client)
        answers = await asyncio.gather(
            changed(client, one, parent_id=two["id"]), changed(client, two, parent_id=one["id"])
        )
        assert sorted(answer.status_code for answer in answers) == [200, 422]
        assert any(cycle(answer) for answer in answers)


async def test_the_tree_below_ends_even_where_a_cycle_came_in(client, work):
    one, two = await made(client), await made(client)
    for team, parent in ((one, two), (two, one)):
        await work.change(Team, team["id"], None, parent_id=parent["id"])
    found = await work.all(select(below(work, Team, one["id"]).c.id))
    assert {str(row.id) for row in found} == {one["id"], two["id"]}
    await work.db.rollback()


async def test_a_team_with_parts_cannot_be_dissolved(client):
    top = await made(client)
    part = await made(client, parent_id=top["id"])
    answer = await deleted(client, top)
    assert (answer.status_code, answer.json()["code"]) == (409, "in-use")
    assert (await client.get(f"/v1/teams/{top['id']}")).json() == top
    assert (await deleted(client, part)).status_code == 204
    assert (await deleted(client, top)).status_code == 204
    assert await names(client) == []


async def test_a_team_with_a_target_cannot_be_dissolved(client, work):
    team = await made(client)
    process = await work.add(Process, key="p", name="P", currency="EUR")
    target = {"scope": "team", "business_type": "all", "recurrence": "month"}
    await work.add(
        Target, process_id=process.id, team_id=team["id"], starts_on=work.today, **target
    )
    await work.db.commit()
    answer = await deleted(client, team)
    assert (answer.status_code, answer.json()["code"]) == (409, "in-use")


async def test_who_was_in_a_dissolved_team_is_in_none_from_today_on(client):
    team = await made(client)
    answer = await client.post("/v1/people", json={"name": "Ada", "team_id": team["id"]})
    person = f"/v1/people/{answer.json()['id']}"
    for since in ("2026-07-20", "2026-09-01"):
        body = {"team_id": team["id"], "since": since}
        await client.post(f"{person}/memberships", json=body)
    assert (await deleted(client, team)).status_code == 204
    history = (await client.get(f"{person}/memberships")).json()["data"]
    assert [(each["since"], each["team_id"]) for each in history] == [
        ("1970-01-01", team["id"]),
        ("2026-07-20", None),
        ("2026-09-01", None),
    ]


async def test_dissolving_a_team_changes_its_people(client):
    team = await made(client)
    answer = await client.post("/v1/people", json={"name": "Ada", "team_id": team["id"]})
    await deleted(client, team)
    person = (await client.get(answer.headers["location"])).json()
    assert (person["team_id"], person["team_since"]) == (None, "2026-07-20")
    assert person["version"] == 2


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/name", "missing"),
        ({"name": "A", "kind": "gang"}, "/kind", "not_one_of"),
        ({"name": "A", "parent_id": "1"}, "/parent_id", "not_a_uuid"),
        ({"name": "A", "boss": "x"}, "/boss", "unknown_field"),
    ],
)
async def test_a_bad_field_is_pointed_at(client, body, pointer, code):
    answer = await client.post("/v1/teams", json=body)
    assert answer.status_code == 422
    [fault] = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == (pointer, code)


@pytest.mark.parametrize("field", ["name", "kind", "source"])
async def test_null_for_what_every_team_has_is_refused(client, field):
    answer = await changed(client, await made(client), **{field: None})
    assert answer.status_code == 422


async def test_a_parent_that_is_not_here_is_not_found(client, neighbour):
    foreign = await made(neighbour)
    for parent_id in (foreign["id"], str(uuid7())):
        answer = await client.post("/v1/teams", json={"name": "A", "parent_id": parent_id})
        assert answer.status_code == 404


async def test_a_change_needs_the_version_it_was_made_from(client):
    team = await made(client)
    assert (await client.patch(f"/v1/teams/{team['id']}", json={})).status_code == 428
    await changed(client, team, name="B")
    assert (await changed(client, team, name="C")).status_code == 412


async def test_an_external_id_is_unique_within_its_source(client):
    await made(client, external_id="7")
    answer = await client.post("/v1/teams", json={"name": "B", "external_id": "7"})
    assert (answer.status_code, answer.json()["code"]) == (409, "external-id-taken")


async def test_teams_are_found_by_kind_and_name(client, statements):
    await made(client, name="East")
    await made(client, name="West", kind="territory")
    statements.clear()
    assert await names(client, kind="territory") == ["West"]
    assert sum("FROM teams" in statement for statement in statements) == 1
    assert await names(client, q="ea") == ["East"]
    assert await names(client, sort="-name") == ["West", "East"]


async def test_reading_and_writing_need_their_scopes(limited):
    reader, writer = await limited(Scope.ACCOUNTS_READ), await limited(Scope.ACCOUNTS_WRITE)
    assert (await reader.get("/v1/teams")).status_code == 200
    assert (await reader.post("/v1/teams", json={"name": "A"})).status_code == 403
    assert (await writer.get("/v1/teams")).status_code == 403
