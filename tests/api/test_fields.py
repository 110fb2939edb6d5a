"""Only the members that were asked for, of lists and of single objects."""

import pytest

from app.core.ids import uuid7
from tests.deals import eur, make_deal, make_person, make_process, post

PARTIAL = "application/vnd.backcast.partial+json"
MADE = {
    "/v1/accounts": {"name": "Alder"},
    "/v1/people": {"name": "Ada"},
    "/v1/teams": {"name": "South"},
    "/v1/products": {"name": "Press"},
}


@pytest.fixture
async def deal(client):
    await make_process(client)
    return await make_deal(client, value=eur("5.00"))


@pytest.mark.parametrize("path", MADE)
async def test_every_noun_shows_only_what_was_asked_for(client, path):
    made = await post(client, path, **MADE[path])
    for place in (path, f"{path}/{made['id']}"):
        answer = await client.get(place, params={"fields": "name,version"})
        assert answer.headers["content-type"] == PARTIAL
        seen = answer.json()["data"][0] if place == path else answer.json()
        assert seen == {"name": made["name"], "version": 1}


@pytest.mark.parametrize("path", MADE)
async def test_without_fields_everything_is_there(client, path):
    made = await post(client, path, **MADE[path])
    answer = await client.get(f"{path}/{made['id']}")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == made


async def test_an_opportunity_shows_only_what_was_asked_for(client, deal):
    seen = await client.get(f"/v1/opportunities/{deal['id']}?fields=name,value")
    assert seen.json() == {"name": "Press line", "value": eur("5.00")}
    page = await client.get("/v1/opportunities?fields=milestone&fields=id")
    assert page.json() == {"data": [{"milestone": None, "id": deal["id"]}], "next_cursor": None}


async def test_what_is_included_comes_beside_the_fields(client, deal):
    seen = await client.get(f"/v1/opportunities/{deal['id']}?fields=id&include=account")
    assert seen.json() == {"id": deal["id"], "account": None}


@pytest.mark.parametrize("path", [*MADE, "/v1/opportunities"])
@pytest.mark.parametrize(
    "fields",
    ["nonsense", "workspace_id", "deleted_at", "import_id", "value.amount", "name,,id", ""],
)
async def test_a_field_that_is_none_or_hidden_is_refused(client, path, fields):
    for place in (path, f"{path}/{uuid7()}"):
        answer = await client.get(place, params={"fields": fields})
        assert answer.status_code == 422
        [found] = answer.json()["errors"]
        assert (found["parameter"], found["code"]) == ("fields", "not_one_of")


async def test_a_page_of_partial_objects_goes_on_and_counts(client):
    for name in ("a", "b"):
        await post(client, "/v1/accounts", name=name)
    asked = {"fields": "name", "sort": "name", "limit": 1, "include": "total_count"}
    first = (await client.get("/v1/accounts", params=asked)).json()
    assert (first["data"], first["total_count"]["count"]) == ([{"name": "a"}], 2)
    asked["cursor"] = first["next_cursor"]
    assert (await client.get("/v1/accounts", params=asked)).json()["data"] == [{"name": "b"}]


async def test_every_representation_has_a_tag_of_its_own(client, deal):
    place = f"/v1/opportunities/{deal['id']}"
    tags = {
        (await client.get(place, params=shape)).headers["etag"]
        for shape in ({}, {"fields": "id"}, {"fields": "id,name"}, {"include": "account"})
    }
    assert len(tags) == 4


async def test_an_unchanged_partial_object_is_not_sent_again(client, deal):
    place = f"/v1/opportunities/{deal['id']}?fields=name"
    tag = (await client.get(place)).headers["etag"]
    assert (await client.get(place, headers={"If-None-Match": tag})).status_code == 304


async def test_a_partial_tag_is_accepted_for_a_change(client, deal):
    place = f"/v1/opportunities/{deal['id']}"
    tag = (await client.get(place, params={"fields": "name"})).headers["etag"]
    changed = await client.patch(place, json={"name": "New"}, headers={"If-Match": tag})
    assert changed.json()["name"] == "New"


async def test_a_person_comes_with_the_team_of_today(client):
    team = await post(client, "/v1/teams", name="South")
    ada = await make_person(client, team_id=team["id"])
    bob = await make_person(client, "Bob")
    seen = (await client.get(f"/v1/people/{ada['id']}?include=team")).json()
    assert seen == ada | {"team": team}
    page = (await client.get("/v1/people?include=team,total_count&sort=name")).json()
    assert page["data"] == [ada | {"team": team}, bob | {"team": None}]
    assert page["total_count"]["count"] == 2
