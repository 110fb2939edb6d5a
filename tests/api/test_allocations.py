"""Allocations: one target shared out, exactly."""

import pytest

from tests.aims import arrive, ask, make_target, make_team, refused
from tests.deals import eur, make_person, make_process


@pytest.fixture
async def process(client):
    return await make_process(client)


async def patch(client, target, **body):
    path = f"/v1/targets/{target['id']}"
    current = await client.get(path)
    answer = await client.patch(path, json=body, headers={"If-Match": current.headers["etag"]})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def periods(client, target, **parameters):
    return (await ask(client, f"/v1/targets/{target['id']}/periods", **parameters))["data"]


async def amounts(client, target, **parameters):
    found = await periods(client, target, **parameters)
    return {one["period"]: one["amount"]["amount"] for one in found}


async def set_period(client, target, period, **body):
    answer = await client.put(f"/v1/targets/{target['id']}/periods/{period}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def allocate(client, target, **body):
    answer = await client.post(f"/v1/targets/{target['id']}/allocate", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_equal_shares_add_up_to_the_last_cent(client, process):
    target = await make_target(client, amount=eur("100.00"), count=4)
    people = [await make_person(client, name) for name in ("Ada", "Ben", "Cem")]
    to = [{"scope": f"owner:{person['id']}"} for person in people]
    found = await allocate(client, target, by="equal", to=to)
    shares = [(one["amount"]["amount"], one["count"]) for one in found["children"]]
    assert shares == [("33.34", 2), ("33.33", 1), ("33.33", 1)]
    assert {one["parent_id"] for one in found["children"]} == {target["id"]}
    assert found["target"]["overassignment"] is None


async def test_weights_and_a_ramp_shape_the_shares(client, process):
    target = await make_target(client, amount=eur("100.00"))
    ada, ben = [f"owner:{(await make_person(client, name))['id']}" for name in ("Ada", "Ben")]
    to = [{"scope": ada, "weight": "1.5"}, {"scope": ben, "weight": 1}]
    found = await allocate(client, target, by="weights", to=to, ramp={ben: "0.5"})
    assert [one["amount"]["amount"] for one in found["children"]] == ["75.00", "25.00"]


async def test_history_shares_by_what_was_ordered(client, process):
    target = await make_target(client, amount=eur("100.00"))
    team = await make_team(client)
    ada = await make_person(client, "Ada")
    ben = await make_person(client, "Ben", team_id=team["id"])
    await arrive(client, "order", "3000.00", owner_id=ada["id"])
    await arrive(client, "order", "1000.00", owner_id=ben["id"])
    to = [{"scope": f"owner:{ada['id']}"}, {"scope": f"team:{team['id']}"}]
    found = await allocate(client, target, by="history", to=to)
    assert [one["amount"]["amount"] for one in found["children"]] == ["75.00", "25.00"]


async def test_a_second_allocation_changes_the_children_of_the_first(client, process):
    target = await make_target(client, amount=eur("100.00"))
    to = [{"scope": f"owner:{(await make_person(client))['id']}"}]
    [first] = (await allocate(client, target, by="equal", to=to))["children"]
    await patch(client, target, amount=eur("300.00"))
    [second] = (await allocate(client, target, by="equal", to=to))["children"]
    assert (second["id"], second["amount"]) == (first["id"], eur("300.00"))


async def test_a_month_of_its_own_is_shared_out_too(client, process):
    target = await make_target(client, amount=eur("100.00"))
    await set_period(client, target, "2026-08", amount=eur("30.01"))
    to = [{"scope": f"owner:{(await make_person(client, name))['id']}"} for name in "ab"]
    found = await allocate(client, target, by="equal", to=to)
    span = {"from": "2026-08", "to": "2026-08"}
    shares = [await amounts(client, child, **span) for child in found["children"]]
    assert shares == [{"2026-08": "15.01"}, {"2026-08": "15.00"}]


async def test_children_that_ask_for_more_than_their_parent_are_told_of(client, process):
    target = await make_target(client, amount=eur("100.00"), count=4)
    to = [{"scope": f"owner:{(await make_person(client, name))['id']}"} for name in "ab"]
    found = await allocate(client, target, by="equal", to=to)
    await patch(client, found["children"][0], amount=eur("80.00"))
    parent = await ask(client, f"/v1/targets/{target['id']}")
    assert parent["overassignment"] == {"amount": eur("30.00"), "count": None}


@pytest.mark.parametrize(
    ("by", "share", "fault"),
    [
        ("equal", {"scope": "all"}, ("/to/0/scope", "scope_refused")),
        ("equal", {"weight": 1}, ("/to/0/weight", "weight_refused")),
        ("weights", {}, ("/to/0/weight", "weight_refused")),
        ("weights", {"weight": 0}, ("/to", "no_weights")),
        ("weights", {"weight": -1}, ("/to/0/weight", "weight_malformed")),
        ("weights", {"weight": 0.5}, ("/to/0/weight", "weight_malformed")),
        ("history", {}, ("/to", "no_weights")),
        ("luck", {}, ("/by", "not_one_of")),
    ],
)
async def test_an_allocation_that_does_not_add_up_is_pointed_at(client, process, by, share, fault):
    target = await make_target(client)
    scope = f"owner:{(await make_person(client))['id']}"
    body = {"by": by, "to": [{"scope": scope} | share]}
    assert await refused(client, "POST", f"/v1/targets/{target['id']}/allocate", json=body) == fault


async def test_a_share_cannot_go_back_to_the_target_it_came_from(client, process):
    team = f"team:{(await make_team(client))['id']}"
    ada = f"owner:{(await make_person(client))['id']}"
    target = await make_target(client, scope=team)
    [child] = (await allocate(client, target, by="equal", to=[{"scope": ada}]))["children"]
    body = {"by": "equal", "to": [{"scope": team}]}
    found = await refused(client, "POST", f"/v1/targets/{child['id']}/allocate", json=body)
    assert found == ("/to", "scope_refused")
