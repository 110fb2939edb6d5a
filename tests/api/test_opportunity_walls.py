"""Opportunities refer to nothing beyond their workspace, nor to what is deleted, and show none."""

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from tests.aims import make_team
from tests.deals import eur, make_deal, make_person, make_process, post, tell

MOVES = {
    "reach": {"milestone": "need"},
    "meet": {"criterion": "budget"},
    "exit": {"kind": "lost"},
    "regress": {"milestone": "interest", "reason": "-"},
    "void": {"milestone": "need", "reason": "-"},
    "verify": {"milestone": "need"},
    "hold": {"until": "2026-12-01T00:00:00Z"},
    "resume": {},
    "reopen": {"reason": "-"},
    "revive": {"act": "did", "what": "-"},
    "move": {"process_id": "new-business"},
}
PATHS = [
    ("GET", "", None),
    ("PATCH", "", {"name": "Mine"}),
    ("DELETE", "", None),
    ("GET", "/events", None),
    *(("POST", f"/{event}", body) for event, body in MOVES.items()),
]


async def tried(caller, method, path, id, body):
    """The answer without what is particular to the request."""
    more = {} if body is None else {"json": body}
    place = f"/v1/opportunities/{id}{path}"
    answer = await caller.request(method, place, headers={"If-Match": '"1"'}, **more)
    seen = answer.text.replace(answer.headers["x-request-id"], "?").replace(str(id), "?")
    return answer.status_code, seen, answer.headers.get("etag")


@pytest.mark.parametrize(("method", "path", "body"), PATHS)
async def test_a_foreign_opportunity_looks_like_none(client, neighbour, method, path, body):
    await make_process(client)
    await make_process(neighbour)
    mine = await make_deal(client)
    foreign = await tried(neighbour, method, path, mine["id"], body)
    assert foreign == await tried(neighbour, method, path, uuid7(), body)
    assert foreign[0] == 404
    assert (await client.get(f"/v1/opportunities/{mine['id']}")).json() == mine


@pytest.mark.parametrize(("method", "path", "body"), PATHS)
async def test_a_deleted_opportunity_looks_like_none(client, method, path, body):
    await make_process(client)
    deal = await make_deal(client)
    gone = await client.delete(f"/v1/opportunities/{deal['id']}", headers={"If-Match": '"1"'})
    assert gone.status_code == 204
    found = await tried(client, method, path, deal["id"], body)
    assert found == await tried(client, method, path, uuid7(), body)


async def things(client):
    """One of everything an opportunity can refer to."""
    return {
        "account": await post(client, "/v1/accounts", name="Acme"),
        "person": await make_person(client),
        "product": await post(client, "/v1/products", name="Press"),
        "process": await make_process(client, key=f"k-{uuid7()}"),
    }


def referring(kind, id, owner_id):
    shares = [{"person_id": owner_id, "percent": "50"}, {"person_id": id, "percent": "50"}]
    return {
        "account": [{"account_id": id}],
        "person": [{"owner_id": id}, {"owner_id": owner_id, "credits": shares}],
        "product": [{"product_ids": [id]}],
        "process": [{"process_id": id}],
    }[kind]


@pytest.mark.parametrize("kind", ["account", "person", "product", "process"])
async def test_what_is_foreign_cannot_be_referred_to(client, neighbour, kind):
    await make_process(neighbour)
    owner, deal = await make_person(neighbour), await make_deal(neighbour)
    foreign, absent = (await things(client))[kind]["id"], str(uuid7())
    for body, other in zip(
        referring(kind, foreign, owner["id"]), referring(kind, absent, owner["id"]), strict=True
    ):
        mine, none = (
            await refused(neighbour, body, foreign),
            await refused(neighbour, other, absent),
        )
        assert mine == none
        if kind != "process":
            assert await refused(neighbour, body, foreign, deal) == mine
    assert (await neighbour.get(f"/v1/opportunities/{deal['id']}")).json() == deal


async def refused(client, body, id, deal=None):
    place = "/v1/opportunities" + (f"/{deal['id']}" if deal else "")
    whole = body if deal else {"name": "D", "process_id": "new-business"} | body
    method = "PATCH" if deal else "POST"
    answer = await client.request(method, place, json=whole, headers={"If-Match": '"1"'})
    problem = answer.json() | {"request_id": "?", "instance": "?"}
    assert answer.status_code == 404, answer.text
    return {name: str(value).replace(id, "?") for name, value in problem.items()}


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("account", "accounts"),
        ("person", "people"),
        ("product", "products"),
        ("process", "processes"),
    ],
)
async def test_what_is_deleted_cannot_be_referred_to(client, kind, path):
    await make_process(client)
    owner, found = await make_person(client), (await things(client))[kind]
    gone = await client.delete(f"/v1/{path}/{found['id']}", headers={"If-Match": '"1"'})
    assert gone.status_code == 204
    for body in referring(kind, found["id"], owner["id"]):
        await refused(client, body, found["id"])


async def test_an_opportunity_outlives_what_it_refers_to(client):
    await make_process(client)
    thing = await things(client)
    said = {"account_id": thing["account"]["id"], "owner_id": thing["person"]["id"]}
    deal = await make_deal(client, product_ids=[thing["product"]["id"]], **said)
    for path, kind in (("accounts", "account"), ("people", "person"), ("products", "product")):
        place = f"/v1/{path}/{thing[kind]['id']}"
        assert (await client.delete(place, headers={"If-Match": '"1"'})).status_code == 204
    deal = await tell(client, deal, "reach", milestone="order", amount=eur("5.00"))
    assert (deal["status"], deal["owner_id"]) == ("won", thing["person"]["id"])


async def test_a_process_with_an_open_opportunity_cannot_be_deleted(client):
    process = await make_process(client)
    deal = await make_deal(client)
    place = f"/v1/processes/{process['id']}"
    refused = await client.delete(place, headers={"If-Match": '"1"'})
    assert (refused.status_code, refused.json()["code"]) == (409, "in-use")
    await tell(client, deal, "exit", kind="lost")
    assert (await client.delete(place, headers={"If-Match": '"1"'})).status_code == 204
    assert (await client.get(f"/v1/opportunities/{deal['id']}")).json()["status"] == "exited"


@pytest.mark.parametrize("name", ["owner", "account", "team"])
async def test_a_foreign_id_filters_to_nothing_like_a_random_one(client, neighbour, name):
    await make_process(client)
    account, person = await post(client, "/v1/accounts", name="A"), await make_person(client)
    team = await make_team(client)
    await make_deal(client, account_id=account["id"], owner_id=person["id"])
    await make_process(neighbour)
    await make_deal(neighbour)
    foreign = {"owner": person, "account": account, "team": team}[name]["id"]
    for id in (foreign, str(uuid7())):
        answer = await neighbour.get("/v1/opportunities", params={name: id})
        assert (answer.status_code, answer.json()["data"]) == (200, [])


async def test_a_foreign_process_is_not_found_in_a_filter(client, neighbour):
    process = await make_process(client, key="secret")
    for name in (process["id"], "secret", str(uuid7())):
        answer = await neighbour.get("/v1/opportunities", params={"process": name})
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_no_cursor_opens_another_workspace(client, neighbour):
    await make_process(client)
    for name in "abc":
        await make_deal(client, name)
    page = (await client.get("/v1/opportunities", params={"limit": 1})).json()
    asked = {"limit": 1, "cursor": page["next_cursor"]}
    answer = await neighbour.get("/v1/opportunities", params=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-cursor")


async def test_two_workspaces_may_use_the_same_external_id(client, neighbour):
    for caller in (client, neighbour):
        await make_process(caller)
        await make_deal(caller, external_id="7", source="crm")


async def test_reading_and_writing_need_their_scopes(client, limited):
    await make_process(client)
    reader = await limited(Scope.OPPORTUNITIES_READ)
    writer = await limited(Scope.OPPORTUNITIES_WRITE)
    deal = await make_deal(writer)
    assert (await reader.get(f"/v1/opportunities/{deal['id']}")).status_code == 200
    assert (await writer.get("/v1/opportunities")).status_code == 403
    for path, body in MOVES.items():
        answer = await reader.post(f"/v1/opportunities/{deal['id']}/{path}", json=body)
        assert (answer.status_code, answer.json()["scope"]) == (403, "opportunities:write")
