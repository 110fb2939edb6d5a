"""Sources and what they cost: named, dated, corrected and never rewritten."""

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from tests.aims import ask, refused
from tests.deals import eur, post
from tests.sources import make_source, spend


async def costs(client, source):
    found = await ask(client, f"/v1/sources/{source['id']}/costs")
    return [(one["from"], one["amount"]["amount"], one["note"]) for one in found["data"]]


async def codes(client, place, body):
    answer = await client.post(place, json=body)
    assert answer.status_code == 422, answer.text
    return [fault["code"] for fault in answer.json()["errors"]]


async def keys(client, **asked):
    return [one["key"] for one in (await ask(client, "/v1/sources", **asked))["data"]]


async def test_a_source_is_answered_with_place_and_etag(client):
    answer = await client.post("/v1/sources", json={"name": "Große Messe", "kind": "fair"})
    source = answer.json()
    assert answer.headers["location"] == f"/v1/sources/{source['id']}"
    assert (answer.headers["etag"], source["key"]) == ('"1"', "grosse-messe")
    assert (source["kind"], source["active"], source["account_id"]) == ("fair", True, None)
    assert (await client.get(answer.headers["location"])).json() == source


async def test_a_key_belongs_to_one_source_until_it_is_deleted(client):
    source = await make_source(client)
    again = {"key": "fair-2026", "name": "Another", "kind": "event"}
    answer = await client.post("/v1/sources", json=again)
    assert (answer.status_code, answer.json()["code"]) == (409, "key-taken")
    place = f"/v1/sources/{source['id']}"
    assert (await client.delete(place, headers={"If-Match": '"1"'})).status_code == 204
    other = await post(client, "/v1/sources", **again)
    assert (await client.post(f"{place}/restore")).status_code == 409
    await client.delete(f"/v1/sources/{other['id']}", headers={"If-Match": '"1"'})
    assert (await client.post(f"{place}/restore")).json()["key"] == "fair-2026"


async def test_only_a_partner_has_an_account_behind_it(client):
    account = (await post(client, "/v1/accounts", name="Alder & Sons"))["id"]
    partner = await make_source(client, "alder", "partner", account_id=account)
    assert partner["account_id"] == account
    body = {"name": "Fair", "kind": "fair", "account_id": account}
    assert await codes(client, "/v1/sources", body) == ["not_a_partner"]
    place, tag = f"/v1/sources/{partner['id']}", {"If-Match": '"1"'}
    answer = await client.patch(place, json={"kind": "fair"}, headers=tag)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation-failed")


async def test_an_account_of_nobody_or_of_somebody_else_is_not_there(client, neighbour):
    foreign = (await post(neighbour, "/v1/accounts", name="Theirs"))["id"]
    for account in (foreign, str(uuid7())):
        body = {"name": "P", "kind": "partner", "account_id": account}
        answer = await client.post("/v1/sources", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_sources_are_found_in_one_statement_by_what_they_are(client, statements):
    await make_source(client, "fair-2026", "fair")
    await make_source(client, "old-fair", "fair", active=False)
    await make_source(client, "newsletter", "campaign")
    statements.clear()
    assert await keys(client, kind="fair") == ["fair-2026", "old-fair"]
    assert sum("FROM sources" in one for one in statements) == 1
    assert await keys(client, active=True, kind="fair") == ["fair-2026"]
    assert await keys(client, q="NEWS") == ["newsletter"]
    assert await keys(client, key="old-fair") == ["old-fair"]


async def test_the_list_ranks_nothing(client):
    assert await refused(client, "GET", "/v1/sources", params={"rank": "order_value"}) == (
        "rank",
        "unknown_parameter",
    )


async def test_a_cost_is_of_a_day_or_of_days(client):
    source = await make_source(client)
    cost = await spend(client, source, "4500.00", "2026-07-01", note="stand")
    assert (cost["from"], cost["to"]) == ("2026-07-01", "2026-07-02")
    await spend(client, source, "900.00", "2026-06-01", to="2026-07-01", note="advertising")
    assert await costs(client, source) == [
        ("2026-07-01", "4500.00", "stand"),
        ("2026-06-01", "900.00", "advertising"),
    ]
    body = {"from": "2026-07-01", "to": "2026-07-01", "amount": eur("1.00")}
    place = f"/v1/sources/{source['id']}/costs"
    assert await codes(client, place, body) == ["period_empty"]


async def test_a_correction_stands_in_the_place_of_one_cost_once(client):
    source, other = await make_source(client), await make_source(client, "webinar", "event")
    wrong = await spend(client, source, "4500.00", note="stand")
    right = await spend(client, source, "5400.00", note="digits", corrects_id=wrong["id"])
    assert right["corrects_id"] == wrong["id"]
    found = (await ask(client, f"/v1/sources/{source['id']}/costs"))["data"]
    assert {one["id"]: one["corrected_by_id"] for one in found} == {
        wrong["id"]: right["id"],
        right["id"]: None,
    }
    body = {"from": "2026-07-01", "amount": eur("1.00"), "corrects_id": wrong["id"]}
    answer = await client.post(f"/v1/sources/{source['id']}/costs", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    strange = body | {"corrects_id": right["id"]}
    answer = await client.post(f"/v1/sources/{other['id']}/costs", json=strange)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_a_cost_is_converted_at_the_rate_of_its_first_day_as_it_was_known(client, clock):
    source = await make_source(client)
    rate = {"currency": "USD", "day": "2026-06-01", "rate": "0.90"}
    dollars = {"amount": "100.00", "currency": "USD"}
    place = f"/v1/sources/{source['id']}/costs"
    early = await post(client, place, **{"from": "2026-05-31", "amount": dollars})
    assert (early["reporting_amount"], early["fx"]) == (None, None)
    await post(client, "/v1/currency_rates", **rate)
    cost = await post(client, place, **{"from": "2026-07-01", "amount": dollars})
    assert cost["reporting_amount"] == eur("90.00")
    assert cost["fx"] == {"rate": "0.90", "date": "2026-06-01", "source": "api"}
    clock.forward(hours=1)
    await post(client, "/v1/currency_rates", **rate | {"rate": "0.95"})
    found = (await ask(client, place))["data"]
    assert [one["reporting_amount"] for one in found] == [eur("90.00"), None]


async def test_costs_come_in_pages_bound_to_their_source_in_a_fixed_number_of_statements(
    client, statements
):
    source, other = await make_source(client), await make_source(client, "webinar", "event")
    place = f"/v1/sources/{source['id']}/costs"
    statements.clear()
    await ask(client, place)
    alone = len(statements)
    for day in ("2026-07-01", "2026-07-02", "2026-07-03"):
        await spend(client, source, day=day)
    statements.clear()
    page = await ask(client, place, limit=2)
    assert len(statements) == alone
    rest = await ask(client, place, limit=2, cursor=page["next_cursor"])
    days = [one["from"] for one in page["data"] + rest["data"]]
    assert days == ["2026-07-03", "2026-07-02", "2026-07-01"]
    stray = {"limit": 2, "cursor": page["next_cursor"]}
    answer = await client.get(f"/v1/sources/{other['id']}/costs", params=stray)
    assert answer.json()["code"] == "invalid-cursor"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_costs_of_a_foreign_source_are_not_there(client, neighbour, method):
    source = await make_source(client)
    body = {"json": {"from": "2026-07-01", "amount": eur("1.00")}} if method == "POST" else {}
    seen = [
        await neighbour.request(method, f"/v1/sources/{id}/costs", **body)
        for id in (source["id"], uuid7())
    ]
    assert [one.status_code for one in seen] == [404, 404]
    assert await costs(client, source) == []


async def test_reading_and_writing_need_their_scopes(client, limited):
    source = await make_source(client)
    reader, writer = await limited(Scope.ACCOUNTS_READ), await limited(Scope.ACCOUNTS_WRITE)
    place = f"/v1/sources/{source['id']}/costs"
    assert (await reader.get(place)).status_code == 200
    assert (await reader.post(place, json={})).status_code == 403
    assert (await writer.get(place)).status_code == 403
    assert (await writer.get("/v1/sources")).status_code == 403
