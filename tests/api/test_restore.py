"""What was deleted comes back for thirty days, where its place is still free."""

import pytest
from sqlalchemy import text

from app.core.ids import uuid7
from app.domain.access import Scope
from tests.deals import eur, make_deal, make_person, make_process, post, tell

RESOURCES = ("accounts", "opportunities", "people", "processes", "products", "targets", "teams")
STAMPS = {"version", "updated_at"}


async def make_target(client, process, **more):
    body = {"process_id": process["id"], "recurrence": "month", "from": "2026-01"}
    return await post(client, "/v1/targets", **body, amount=eur("9.00"), **more)


async def make(client, resource):
    """One object of a resource whose deletion is not refused."""
    process = await make_process(client)
    if resource in ("processes", "targets"):
        return process if resource == "processes" else await make_target(client, process)
    if resource == "opportunities":
        return await make_deal(client, source="crm", external_id="7")
    return await post(client, f"/v1/{resource}", name="Alder")


async def delete(client, place):
    tag = (await client.get(place)).headers["ETag"]
    answer = await client.delete(place, headers={"If-Match": tag})
    assert answer.status_code == 204, answer.text


async def restored(client, place, status=200):
    answer = await client.post(f"{place}/restore")
    assert answer.status_code == status, answer.text
    return answer.json()


def lasting(thing):
    return {name: value for name, value in thing.items() if name not in STAMPS}


@pytest.fixture(params=RESOURCES)
async def gone(request, client):
    """(object, place) of something that was deleted."""
    thing = await make(client, request.param)
    place = f"/v1/{request.param}/{thing['id']}"
    await delete(client, place)
    return thing, place


async def test_it_is_what_it_was(client, gone):
    thing, place = gone
    assert (await client.get(place)).status_code == 404
    answer = await client.post(f"{place}/restore")
    assert lasting(answer.json()) == lasting(thing)
    assert answer.json()["version"] > thing["version"] + 1
    assert (await client.get(place)).json() == answer.json()
    assert answer.headers["ETag"] == f'"{answer.json()["version"]}"'
    listed = await client.get(place.rpartition("/")[0])
    assert [one["id"] for one in listed.json()["data"]] == [thing["id"]]


async def test_it_comes_back_for_thirty_days(client, gone, clock):
    _, place = gone
    clock.forward(days=30)
    await restored(client, place, 404)
    clock.forward(seconds=-1)
    await restored(client, place)


async def test_what_is_not_deleted_stays_as_it_is(client, gone):
    _, place = gone
    first = await restored(client, place)
    assert await restored(client, place) == first


async def test_others_can_neither_see_nor_restore_it(client, neighbour, stranger, limited, gone):
    _, place = gone
    reader = await limited(Scope.ACCOUNTS_READ, Scope.PROCESSES_READ, Scope.OPPORTUNITIES_READ)
    await restored(neighbour, place, 404)
    await restored(stranger, place, 401)
    await restored(reader, place, 403)
    assert (await client.get(place)).status_code == 404


@pytest.mark.parametrize("resource", RESOURCES)
async def test_what_never_was_is_not_restored(client, resource):
    answer = await client.post(f"/v1/{resource}/{uuid7()}/restore")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    ("resource", "body", "code"),
    [
        ("products", {"name": "GTX", "key": "gtx"}, "key-taken"),
        ("people", {"name": "Ada", "email": "ada@example.com"}, "key-taken"),
        ("accounts", {"name": "A", "source": "crm", "external_id": "7"}, "external-id-taken"),
        ("teams", {"name": "A", "source": "crm", "external_id": "7"}, "external-id-taken"),
    ],
)
async def test_a_key_that_was_taken_meanwhile_is_not_taken_back(client, resource, body, code):
    place = f"/v1/{resource}/{(await post(client, f'/v1/{resource}', **body))['id']}"
    await delete(client, place)
    await post(client, f"/v1/{resource}", **body)
    assert (await restored(client, place, 409))["code"] == code
    assert (await client.get(place)).status_code == 404


async def test_processes_targets_and_deals_do_not_take_a_place_back_either(client):
    process = await make_process(client)
    target = await make_target(client, process)
    await delete(client, f"/v1/targets/{target['id']}")
    await make_target(client, process)
    assert (await restored(client, f"/v1/targets/{target['id']}", 409))["code"] == "conflict"
    deal = await make_deal(client, source="crm", external_id="7")
    await delete(client, f"/v1/opportunities/{deal['id']}")
    again = await make_deal(client, source="crm", external_id="7")
    taken = await restored(client, f"/v1/opportunities/{deal['id']}", 409)
    assert taken["code"] == "external-id-taken"
    await delete(client, f"/v1/opportunities/{again['id']}")
    await delete(client, f"/v1/processes/{process['id']}")
    await make_process(client)
    assert (await restored(client, f"/v1/processes/{process['id']}", 409))["code"] == "key-taken"


async def arrived(work):
    query = "SELECT milestone_id, ordinal, arrived_at, reporting_value FROM passages ORDER BY 1, 2"
    return [tuple(row) for row in await work.db.execute(text(query))]


async def test_what_arrived_through_a_deal_counts_again(client, work):
    await make_process(client)
    ada = await make_person(client)
    deal = await make_deal(client, value=eur("100.00"), owner_id=ada["id"])
    before = await tell(client, deal, "reach", milestone="order", amount=eur("100.00"))
    place, stood = f"/v1/opportunities/{deal['id']}", await arrived(work)
    assert len(stood) == 5
    await delete(client, place)
    assert await arrived(work) == []
    assert lasting(await restored(client, place)) == lasting(before)
    assert await arrived(work) == stood


@pytest.mark.parametrize("resource", ["opportunities", "targets"])
async def test_what_belongs_to_a_deleted_process_waits_for_it(client, resource):
    thing = await make(client, resource)
    place, process = f"/v1/{resource}/{thing['id']}", f"/v1/processes/{thing['process_id']}"
    await delete(client, place)
    await delete(client, process)
    assert (await restored(client, place, 409))["code"] == "conflict"
    await restored(client, process)
    await restored(client, place)


async def test_a_team_gets_the_people_back_who_left_with_it(client, clock):
    north, south = [await post(client, "/v1/teams", name=name) for name in ("North", "South")]
    ada, bob = [await make_person(client, name, team_id=north["id"]) for name in ("Ada", "Bob")]
    await delete(client, f"/v1/teams/{north['id']}")
    clock.forward(days=3)
    path = f"/v1/people/{bob['id']}/memberships"
    await post(client, path, team_id=south["id"], since="2026-07-20")
    await restored(client, f"/v1/teams/{north['id']}")
    teams = [(await client.get(f"/v1/people/{one['id']}")).json()["team_id"] for one in (ada, bob)]
    assert teams == [north["id"], south["id"]]
    seen = (await client.get(f"/v1/people/{ada['id']}/memberships")).json()["data"]
    assert {one["team_id"] for one in seen} == {north["id"]}


async def test_a_part_of_a_deleted_team_waits_for_it(client):
    above = await post(client, "/v1/teams", name="Above")
    part = await post(client, "/v1/teams", name="Part", parent_id=above["id"])
    places = [f"/v1/teams/{team['id']}" for team in (part, above)]
    for place in places:
        await delete(client, place)
    assert (await restored(client, places[0], 409))["code"] == "conflict"
    for place in reversed(places):
        await restored(client, place)


async def test_no_account_comes_back_below_itself(client):
    top = await post(client, "/v1/accounts", name="Top")
    middle = await post(client, "/v1/accounts", name="Middle", parent_id=top["id"])
    low = await post(client, "/v1/accounts", name="Low", parent_id=middle["id"])
    await delete(client, f"/v1/accounts/{middle['id']}")
    place, tag = f"/v1/accounts/{top['id']}", {"If-Match": '"1"'}
    moved = await client.patch(place, json={"parent_id": low["id"]}, headers=tag)
    assert moved.status_code == 200
    refused = await restored(client, f"/v1/accounts/{middle['id']}", 409)
    assert refused["code"] == "conflict"
    back = await client.patch(place, json={"parent_id": None}, headers={"If-Match": '"2"'})
    assert back.status_code == 200
    await restored(client, f"/v1/accounts/{middle['id']}")


async def test_a_restoration_sent_twice_happens_once(client, gone):
    _, place = gone
    answers = [
        await client.post(f"{place}/restore", headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["Idempotency-Replayed"] == "true"
