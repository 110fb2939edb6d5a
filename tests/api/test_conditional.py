"""Asking whether there is anything new, and changing only what nobody else has changed."""

import asyncio
import json
from collections import Counter

import pytest

from tests.conftest import CLOCK, DOCUMENT, NOW, client_with, new_workspace
from tests.deals import eur, make_deal, make_person, make_process, post, tell

WRITERS = 50
TAKES_TAG = {"$ref": "#/components/parameters/IfNoneMatch"}
GERMAN = {"Accept-Language": "de"}


@pytest.fixture
async def things(client):
    """One of everything, by the name of its resource, in the test's own workspace."""
    return await one_of_each(client)


@pytest.fixture(scope="module")
async def home(app, engine):
    """(caller, things) of one workspace for all tests that can be asked or patched as it stands."""
    CLOCK.now = NOW
    _, key = await new_workspace(engine, time_zone="Europe/Berlin", currency="EUR")
    async with client_with(app, key) as client:
        yield client, await one_of_each(client)


async def one_of_each(client):
    process = await make_process(client)
    team = await post(client, "/v1/teams", name="North")
    person = await make_person(client, team_id=team["id"])
    account = await post(client, "/v1/accounts", name="Alder")
    deal = await make_deal(
        client, owner_id=person["id"], account_id=account["id"], value=eur("100.00")
    )
    wanted = {"process_id": process["id"], "scope": "all", "recurrence": "month"}
    target = await post(
        client,
        "/v1/targets",
        **wanted,
        business_type="all",
        amount=eur("9.00"),
        **{"from": "2026-01"},
    )
    goal = await post(
        client, f"/v1/accounts/{account['id']}/goals", text="Less scrap", since="2026-05-01"
    )
    partner = {"key": "oak", "name": "Oak", "kind": "partner", "account_id": account["id"]}
    mark = {"kind": "call", "due_on": "2026-08-01", "account_id": account["id"]}
    hook = {"url": "https://hooks.example.com/b", "types": ["opportunity.won"]}
    return {
        "webhook_endpoints": await post(client, "/v1/webhook_endpoints", **hook),
        "goals": goal,
        "marks": await post(client, "/v1/marks", **mark),
        "sources": await post(client, "/v1/sources", **partner),
        "accounts": account,
        "opportunities": deal,
        "people": person,
        "processes": process,
        "products": await post(client, "/v1/products", name="Press"),
        "targets": target,
        "teams": team,
        "milestones": process["milestones"][0],
    }


async def questions(client, things):
    """Every question of the contract that can be asked of these things: (path, parameters)."""
    event = (await client.get(f"/v1/opportunities/{things['opportunities']['id']}/events")).json()
    filled = {
        "process": things["processes"]["id"],
        "by": "owner",
        "from": "2026-07-01",
        "to": "2026-07-31",
        "event": event["data"][0]["id"],
    }
    found = []
    for path, methods in DOCUMENT["paths"].items():
        node = methods.get("get", {})
        parameters = node.get("parameters", [])
        resource = path.split("/")[2] if path.startswith("/v1/") else ""
        if TAKES_TAG in parameters and ("{" not in path or resource in things):
            needed = [each["name"] for each in parameters if each.get("required")]
            asked = {name: filled[name] for name in needed if name in filled}
            found.append((path.replace("{id}", things.get(resource, {}).get("id", "")), asked))
    return found


async def asked(client, question, tag=None, **headers):
    path, parameters = question
    headers |= {"If-None-Match": tag} if tag else {}
    answer = await client.get(path, params=parameters, headers=headers)
    assert answer.status_code in (200, 304), (path, answer.text)
    return answer


def timeless(answer, moment):
    """The answer without the moment at which it was asked."""
    said = f'"as_of":"{moment.isoformat().replace("+00:00", "Z")}"'
    return answer.text.replace(said, "")


@pytest.mark.long
async def test_every_answer_is_known_by_its_tag_whatever_others_do(home, neighbour):
    client, things = home
    known = [(each, await asked(client, each)) for each in await questions(client, things)]
    assert len(known) > 35
    await make_process(neighbour)
    await make_deal(neighbour)
    for question, first in known:
        assert first.headers["Cache-Control"] == "private, no-cache"
        assert first.headers["Vary"] == "Authorization, Accept-Language, Accept-Encoding, Origin"
        again = await asked(client, question, first.headers["ETag"])
        assert (again.status_code, again.content) == (304, b""), question
        for name in ("ETag", "Cache-Control", "Vary"):
            assert again.headers[name] == first.headers[name]


async def turn_a_second(client, things, clock):
    clock.forward(seconds=1)


async def turn_a_day(client, things, clock):
    clock.forward(days=1)


async def turn_a_season(client, things, clock):
    clock.forward(days=90)


async def reach(client, things, clock):
    await tell(client, things["opportunities"], "reach", milestone="need")


async def sell(client, things, clock):
    await make_deal(client, value=eur("7.00"))


async def publish(client, things, clock):
    process = things["processes"]
    body = {"milestones": [{"key": "order", "name": "Order", "customer_act": "orders"}]}
    body["milestones"].insert(0, {"key": "talk", "name": "Talk", "customer_act": "talks"})
    await post(client, f"/v1/processes/{process['id']}/versions", **body)


async def plan_below(client, things, clock):
    body = {"process_id": things["processes"]["id"], "recurrence": "month", "from": "2026-01"}
    scope = f"team:{things['teams']['id']}"
    parent = things["targets"]["id"]
    more = {"scope": scope, "business_type": "all", "amount": eur("10.00"), "parent_id": parent}
    await post(client, "/v1/targets", **body, **more)


async def join(client, things, clock):
    team = await post(client, "/v1/teams", name="South")
    path = f"/v1/people/{things['people']['id']}/memberships"
    await post(client, path, team_id=team["id"], since="2026-07-21")
    clock.forward(days=1)


async def lengthen_holds(client, things, clock):
    headers = {"If-Match": '"1"'}
    body = {"hold_limit_days": 3, "working_days": [1, 2]}
    assert (await client.patch("/v1/workspace", json=body, headers=headers)).status_code == 200


# One after the other, each compared with what was said right before it: what it surely changes.
STEPS = {
    turn_a_second: "/v1/me",
    reach: "/v1/lights",
    sell: "/v1/opportunities",
    publish: "/v1/forecast",
    plan_below: "/v1/targets",
    join: "/v1/teams",
    lengthen_holds: "/v1/workspace",
    turn_a_day: "/v1/pipeline",
    turn_a_season: "/v1/marks",
}


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_nothing_new_is_never_said_of_something_new(client, things, clock):
    every = dict(await questions(client, things))
    known = {path: (await asked(client, (path, every[path])), clock.now) for path in every}
    for step, surely in STEPS.items():
        await step(client, things, clock)
        news = {path for path in every if await renewed(client, (path, every[path]), known, clock)}
        assert surely in news, step.__name__


async def renewed(client, question, known, clock) -> bool:
    """Whether the answer is another one now; it is said to be no news just when it is none."""
    before, then = known[question[0]]
    again = await asked(client, question, before.headers["ETag"])
    now = await asked(client, question) if again.status_code == 304 else again
    known[question[0]] = now, clock.now
    same = timeless(now, clock.now) == timeless(before, then)
    assert (again.status_code == 304) == same, question
    return not same


async def test_the_moment_of_the_question_alone_is_no_news(home, clock):
    client, _ = home
    question = "/v1/lights", {"process": "new-business"}
    known = await asked(client, question)
    clock.forward(seconds=1)
    assert known.headers["ETag"].startswith('W/"')
    assert (await asked(client, question, known.headers["ETag"])).status_code == 304
    fixed = question[0], question[1] | {"as_of": "2026-07-20T09:00:00Z"}
    assert not (await asked(client, fixed)).headers["ETag"].startswith("W/")


async def test_another_language_and_another_question_have_tags_of_their_own(client, things):
    process = f"/v1/processes/{things['processes']['id']}"
    plain, german = await asked(client, (process, {})), await asked(client, (process, {}), **GERMAN)
    older = await asked(client, (process, {"version": 1}))
    assert len({answer.headers["ETag"] for answer in (plain, german, older)}) == 3
    assert plain.headers["ETag"] == '"1"'
    for tag in (german.headers["ETag"], older.headers["ETag"]):
        assert (await asked(client, (process, {}), tag)).status_code == 200
    assert (await asked(client, (process, {}), '"1"', **GERMAN)).status_code == 200


@pytest.mark.parametrize("sent", ['"x", {}', "W/{}", "*", '{}, "y"'])
async def test_the_tag_may_come_in_a_list_or_weak_or_as_any(home, clock, sent):
    client, _ = home
    question = "/v1/accounts", {}
    tag = (await asked(client, question)).headers["ETag"]
    assert (await asked(client, question, sent.format(tag))).status_code == 304
    assert (await asked(client, question, '"x"')).status_code == 200


async def test_what_is_not_there_is_not_unchanged(client, stranger, things):
    path = f"/v1/accounts/{things['accounts']['id']}"
    assert (await client.delete(path, headers={"If-Match": '"1"'})).status_code == 204
    assert (await client.get(path, headers={"If-None-Match": "*"})).status_code == 404
    assert (await stranger.get("/v1/me", headers={"If-None-Match": "*"})).status_code == 401


async def test_the_tag_of_every_object_is_good_for_a_change(client, things):
    for resource in (
        "accounts",
        "opportunities",
        "people",
        "processes",
        "products",
        "targets",
        "teams",
    ):
        path = f"/v1/{resource}/{things[resource]['id']}"
        tag = (await client.get(path, headers=GERMAN)).headers["ETag"]
        answer = await client.patch(path, json={}, headers={"If-Match": tag})
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"'), resource
        late = await client.patch(path, json={}, headers={"If-Match": tag})
        assert (late.status_code, late.headers["ETag"]) == (412, '"2"')


@pytest.mark.parametrize("tag", ['W/"1"', "*", '"1", "2"', "1", '"1-zz"', '"0"', '"x"'])
async def test_a_change_names_one_version_and_no_other_way(home, clock, tag):
    client, things = home
    path = f"/v1/accounts/{things['accounts']['id']}"
    answer = await client.patch(path, json={"name": "Birch"}, headers={"If-Match": tag})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "If-Match"


async def test_of_fifty_changes_to_one_version_one_is_made(client, things):
    path = f"/v1/accounts/{things['accounts']['id']}"
    tag = {"If-Match": (await client.get(path)).headers["ETag"]}
    patches = (client.patch(path, json={"name": f"N{n}"}, headers=tag) for n in range(WRITERS))
    answers = await asyncio.gather(*patches)
    assert Counter(a.status_code for a in answers) == {200: 1, 412: WRITERS - 1}
    [won] = [answer.json() for answer in answers if answer.status_code == 200]
    assert (await client.get(path)).json() == won | {"version": 2}


def patches():
    """(path, its members and whether each may be null) of everything that takes a PATCH."""
    for path, methods in DOCUMENT["paths"].items():
        if "patch" in methods:
            body = methods["patch"]["requestBody"]["content"]["application/merge-patch+json"]
            name = body["schema"]["$ref"].rpartition("/")[2]
            members = DOCUMENT["components"]["schemas"][name]["properties"].items()
            yield path, {member: _may_be_null(schema) for member, schema in members}


def _may_be_null(schema):
    choices = [schema, *schema.get("anyOf", ())]
    named = "/Nullable" in schema.get("$ref", "")
    return named or any("null" in each.get("type", ()) for each in choices)


PATCHES = dict(patches())
# What follows from a member, and so changes with it.
FOLLOWERS = {"account_id": ["business_type"], "owner_id": ["credits"], "team_id": ["team_since"]}


async def merged(client, place, patch):
    """(object before, answer) of a merge patch to what stands there now."""
    known = await client.get(place)
    kind = "application/merge-patch+json"
    headers = {"If-Match": known.headers["ETag"], "Content-Type": kind}
    return known.json(), await client.patch(place, content=json.dumps(patch), headers=headers)


@pytest.mark.parametrize("path", PATCHES)
async def test_null_takes_away_what_may_be_absent_and_nothing_else(home, clock, path):
    client, things = home
    place = path.replace("{id}", things.get(path.split("/")[2], {}).get("id", ""))
    for member, null in PATCHES[path].items():
        before, answer = await merged(client, place, {member: None})
        if answer.status_code == 422:
            pointers = {fault["pointer"] for fault in answer.json()["errors"]}
            assert pointers <= {"", f"/{member}"}, member
            continue
        assert (answer.status_code, null) == (200, True), (member, answer.text)
        changed = {name for name, value in answer.json().items() if before[name] != value}
        stamps = {"version", "updated_at", "valid_from"}
        assert changed - stamps <= {member, *FOLLOWERS.get(member, ())}


@pytest.mark.parametrize("path", PATCHES)
async def test_a_patch_without_members_changes_nothing_but_the_version(home, clock, path):
    client, things = home
    place = path.replace("{id}", things.get(path.split("/")[2], {}).get("id", ""))
    clock.forward(minutes=1)
    before, answer = await merged(client, place, {})
    moved = {"version": before["version"] + 1, "updated_at": answer.json()["updated_at"]}
    assert answer.json() == before | moved


async def test_a_patch_is_json_or_a_merge_patch_and_nothing_else(home, clock):
    client, things = home
    path = f"/v1/accounts/{things['accounts']['id']}"
    headers = {"If-Match": '"1"', "Content-Type": "application/json-patch+json"}
    answer = await client.patch(path, content="[]", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")
