from decimal import Decimal

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from app.tables import CurrencyRate
from tests.deals import eur, make_deal, make_process, tell

PATH = "/v1/milestones"


async def standing(client, process="new-business"):
    """(count, value, missing) by milestone key."""
    answer = await client.get(PATH, params={"process": process})
    assert answer.status_code == 200, answer.text
    return {
        one["key"]: (
            one["open_count"],
            one["open_value"] and one["open_value"]["amount"],
            one["missing_value_count"],
        )
        for one in answer.json()["data"]
    }


async def make_reached(client, milestone, **deal):
    return await tell(client, await make_deal(client, **deal), "reach", milestone=milestone)


async def test_every_milestone_is_there_in_order_with_what_it_asks(client):
    process = await make_process(client)
    found = (await client.get(PATH, params={"process": process["id"]})).json()
    assert [one["key"] for one in found["data"]] == [
        "interest",
        "invited",
        "need",
        "concept",
        "order",
    ]
    first = found["data"][0]
    assert (first["position"], first["name"], first["target_rate"]) == (1, "Interest", "0.5")
    assert first["customer_act"] == "asks for more"
    assert (first["process_id"], first["process_version"]) == (process["id"], 1)
    assert found["next_cursor"] is None


async def test_what_stands_is_counted_where_it_stands(client):
    await make_process(client)
    await make_deal(client, value=eur("7.00"))
    await make_reached(client, "interest", value=eur("100.00"))
    await make_reached(client, "need", value=eur("200.50"))
    await make_reached(client, "need", value=eur("300.00"))
    found = await standing(client)
    assert found["interest"] == (1, "100.00", 0)
    assert found["invited"] == (0, "0.00", 0)
    assert found["need"] == (2, "500.50", 0)


async def test_an_unknown_value_counts_in_number_and_is_never_nothing(client):
    await make_process(client)
    await make_reached(client, "interest")
    await make_reached(client, "need")
    await make_reached(client, "need", value=eur("0.00"))
    found = await standing(client)
    assert found["interest"] == (1, None, 1)
    assert found["need"] == (2, "0.00", 1)


async def test_what_is_won_out_or_on_hold_does_not_stand_open(client, clock):
    await make_process(client)
    held, lost, won = [await make_reached(client, "need", value=eur("10.00")) for _ in range(3)]
    await tell(client, held, "hold", until="2026-08-01T00:00:00Z", reason="budget")
    await tell(client, lost, "exit", kind="lost")
    await tell(client, won, "reach", milestone="order", amount=eur("10.00"))
    assert (await standing(client))["need"] == (0, "0.00", 0)
    clock.forward(days=30)
    assert (await standing(client))["need"] == (1, "10.00", 0)


async def test_foreign_money_is_worth_what_it_is_worth_today(client, work):
    await make_process(client)
    await make_reached(client, "need", value={"amount": "100.00", "currency": "USD"})
    assert (await standing(client))["need"] == (1, None, 1)
    for days, rate in ((-10, "0.5"), (-1, "0.9"), (1, "7")):
        day = work.today.replace(day=work.today.day + days)
        values = {"currency": "USD", "day": day, "rate": Decimal(rate), "source": "test"}
        await work.add(CurrencyRate, **values, recorded_at=work.now)
    await work.db.commit()
    assert (await standing(client))["need"] == (1, "90.00", 0)


async def test_opportunities_in_an_older_version_count_by_lineage(client):
    process = await make_process(client)
    await make_reached(client, "need", value=eur("10.00"))
    steps = [
        {"key": "demand", "name": "D", "customer_act": "names a need", "equivalent_to": "need"},
        {"key": "concept", "name": "C", "customer_act": "wants it", "equivalent_to": None},
        {"key": "order", "name": "O", "customer_act": "orders"},
    ]
    await client.post("/v1/processes/new-business/versions", json={"milestones": steps})
    await make_reached(client, "demand", value=eur("5.00"))
    assert await standing(client) == {
        "demand": (2, "15.00", 0),
        "concept": (0, "0.00", 0),
        "order": (0, "0.00", 0),
    }
    old = process["milestones"][2]["id"]
    seen = (await client.get(f"{PATH}/{old}")).json()
    assert (seen["key"], seen["process_version"], seen["open_count"]) == ("need", 1, 2)


async def test_one_milestone_is_read_as_it_is_in_the_list(client):
    await make_process(client)
    listed = (await client.get(PATH, params={"process": "new-business"})).json()["data"][1]
    assert (await client.get(f"{PATH}/{listed['id']}")).json() == listed


async def test_the_list_is_paged_like_every_other(client):
    await make_process(client)
    asked = {"process": "new-business", "limit": 3}
    first = (await client.get(PATH, params=asked)).json()
    second = (await client.get(PATH, params=asked | {"cursor": first["next_cursor"]})).json()
    assert [one["position"] for one in first["data"] + second["data"]] == [1, 2, 3, 4, 5]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE", "POST"])
async def test_a_published_milestone_cannot_be_changed(client, method):
    process = await make_process(client)
    path = f"{PATH}/{process['milestones'][0]['id']}"
    answer = await client.request(method, path, json={"name": "Other"})
    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")


async def test_a_deleted_process_takes_its_milestones_along(client):
    process = await make_process(client)
    await client.delete(f"/v1/processes/{process['id']}", headers={"If-Match": '"1"'})
    assert (await client.get(PATH, params={"process": process["id"]})).status_code == 404
    answer = await client.get(f"{PATH}/{process['milestones'][0]['id']}")
    assert answer.status_code == 404


async def test_the_list_costs_the_same_for_many(client, statements):
    await make_process(client)
    await standing(client)
    statements.clear()
    await standing(client)
    cost = len(statements)
    for milestone in ("interest", "need", "need"):
        await make_reached(client, milestone, value=eur("1.00"))
    statements.clear()
    await standing(client)
    assert len(statements) == cost


async def test_a_neighbour_sees_a_milestone_no_more_than_a_random_id(client, neighbour):
    process = await make_process(client)
    id, other = process["milestones"][0]["id"], str(uuid7())
    theirs = await neighbour.get(f"{PATH}/{id}")
    random = await neighbour.get(f"{PATH}/{other}")
    assert theirs.status_code == random.status_code == 404
    assert theirs.json()["detail"].replace(id, other) == random.json()["detail"]
    listed = await neighbour.get(PATH, params={"process": process["id"]})
    assert listed.status_code == 404


async def test_milestones_need_a_key_with_the_scope(client, stranger, limited):
    await make_process(client)
    asked = {"process": "new-business"}
    other = await limited(Scope.OPPORTUNITIES_READ)
    assert (await stranger.get(PATH, params=asked)).status_code == 401
    assert (await other.get(PATH, params=asked)).status_code == 403


@pytest.mark.parametrize(
    "asked", [{}, {"process": "new-business", "limit": 0}, {"process": "new-business", "page": 1}]
)
async def test_a_list_without_a_process_or_with_strange_parameters_is_refused(client, asked):
    await make_process(client)
    assert (await client.get(PATH, params=asked)).status_code == 422
