"""What comes along with opportunities: a closed list, one level, a fixed number of statements."""

import pytest

from app.domain.access import Scope
from tests.deals import eur, make_deal, make_person, make_process, post, tell

ALL = "account,owner,milestones,events"


@pytest.fixture(autouse=True)
async def process(client):
    return await make_process(client)


async def seen(client, deal, include, status=200):
    answer = await client.get(f"/v1/opportunities/{deal['id']}", params={"include": include})
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_nothing_comes_along_unasked(client):
    deal = await make_deal(client, account={"name": "Acme"})
    answer = await client.get(f"/v1/opportunities/{deal['id']}")
    assert answer.json() == deal
    assert not set(ALL.split(",")) & answer.json().keys()


async def test_account_and_owner_come_as_they_are_read_alone(client):
    account = await post(client, "/v1/accounts", name="Acme", segment="machines")
    ada = await make_person(client)
    deal = await make_deal(client, account_id=account["id"], owner_id=ada["id"])
    assert await seen(client, deal, "account,owner") == deal | {"account": account, "owner": ada}


async def test_what_is_not_there_is_null_and_not_missing(client):
    deal = await make_deal(client)
    assert await seen(client, deal, "account,owner") == deal | {"account": None, "owner": None}


async def test_a_deleted_account_does_not_come_back_this_way(client):
    account = await post(client, "/v1/accounts", name="Acme")
    deal = await make_deal(client, account_id=account["id"])
    await client.delete(f"/v1/accounts/{account['id']}", headers={"If-Match": '"1"'})
    found = await seen(client, deal, "account")
    assert (found["account_id"], found["account"]) == (account["id"], None)


async def test_milestones_are_the_whole_way_with_what_was_reached(client):
    deal = await make_deal(client, value=eur("7.00"))
    await tell(client, deal, "reach", milestone="need", evidence=[{"type": "mail"}])
    steps = (await seen(client, deal, "milestones"))["milestones"]
    assert [step["key"] for step in steps] == ["interest", "invited", "need", "concept", "order"]
    assert [step["implied"] for step in steps] == [True, True, False, None, None]
    assert (steps[2]["verified"], steps[2]["value"]) == (True, eur("7.00"))
    assert (steps[3]["reached_at"], steps[3]["value"]) == (None, None)


async def test_events_are_those_of_the_history_and_no_others(client):
    deal, other = await make_deal(client), await make_deal(client)
    await tell(client, deal, "reach", milestone="need")
    await tell(client, other, "exit", kind="lost")
    history = (await client.get(f"/v1/opportunities/{deal['id']}/events")).json()["data"]
    assert (await seen(client, deal, "events"))["events"] == history


async def test_of_a_long_history_the_end_comes_along(client):
    deal = await make_deal(client)
    for _ in range(11):
        await tell(client, deal, "ball", ball="us")
        await tell(client, deal, "ball", ball="customer")
    history = (await client.get(f"/v1/opportunities/{deal['id']}/events")).json()["data"]
    assert (await seen(client, deal, "events"))["events"] == history[-20:]


async def test_a_list_brings_to_each_its_own(client):
    for name in "abc":
        ada = await make_person(client, name)
        await make_deal(client, name, account={"name": name}, owner_id=ada["id"])
    page = (await client.get("/v1/opportunities", params={"include": ALL})).json()
    for deal in page["data"]:
        assert deal["name"] == deal["account"]["name"] == deal["owner"]["name"]
        assert (len(deal["milestones"]), len(deal["events"])) == (5, 1)


async def test_however_many_there_are_it_takes_the_same_statements(client, statements):
    for name in "abcd":
        ada = await make_person(client, name)
        await make_deal(client, name, account={"name": name}, owner_id=ada["id"])
    counts = []
    first = {"limit": 1, "sort": "name"}  # with a question, so that it goes the ordinary way
    for asked in (first, {"limit": 1, "include": ALL}, {"limit": 4, "include": ALL}):
        statements.clear()
        assert (await client.get("/v1/opportunities", params=asked)).status_code == 200
        counts.append(len(statements))
    assert counts[1] == counts[2] == counts[0] + 4


@pytest.mark.parametrize("include", ["nonsense", "account.parent", "credits", "", "account,team"])
async def test_only_what_is_on_the_list_comes_along(client, include):
    deal = await make_deal(client)
    for path in ("/v1/opportunities", f"/v1/opportunities/{deal['id']}"):
        answer = await client.get(path, params={"include": include})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["parameter"] == "include"


async def test_an_object_has_no_total_count(client):
    deal = await make_deal(client)
    assert (await seen(client, deal, "total_count", status=422))["code"] == "validation-failed"


@pytest.mark.parametrize(
    ("include", "scope"),
    [
        ("account", Scope.ACCOUNTS_READ),
        ("owner", Scope.ACCOUNTS_READ),
        ("milestones", Scope.PROCESSES_READ),
    ],
)
async def test_nothing_comes_along_that_the_key_could_not_read_alone(
    client, limited, include, scope
):
    deal = await make_deal(client, account={"name": "Acme"})
    poor = await limited(Scope.OPPORTUNITIES_READ)
    for path in ("/v1/opportunities", f"/v1/opportunities/{deal['id']}"):
        answer = await poor.get(path, params={"include": include})
        assert (answer.status_code, answer.json()["scope"]) == (403, scope)
    rich = await limited(Scope.OPPORTUNITIES_READ, scope)
    assert include in await seen(rich, deal, include)


async def test_including_does_not_look_over_the_wall(client, neighbour):
    deal = await make_deal(client, account={"name": "Acme"})
    await seen(neighbour, deal, ALL, status=404)
    page = await neighbour.get("/v1/opportunities", params={"include": ALL})
    assert page.json()["data"] == []
