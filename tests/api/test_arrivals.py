"""Arrivals: the deals behind a light."""

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from tests.aims import arrive, ask, make_team, refused
from tests.deals import change, eur, make_deal, make_person, make_process, post, tell


@pytest.fixture
async def process(client):
    return await make_process(client)


@pytest.fixture
def at(process):
    return {one["key"]: one["id"] for one in process["milestones"]}


async def behind(client, milestone, **more):
    return await ask(
        client, f"/v1/milestones/{milestone}/arrivals", **({"period": "2026-07"} | more)
    )


async def test_an_arrival_shows_the_deal_its_value_and_its_evidence(client, at):
    ada = await make_person(client)
    deal = await arrive(client, "need", "100.00", owner_id=ada["id"])
    found = await behind(client, at["need"])
    assert (found["key"], found["period"], found["next_cursor"]) == ("need", "2026-07", None)
    assert found["data"] == [
        {
            "opportunity_id": deal["id"],
            "name": "need 100.00",
            "account_id": None,
            "owner_id": ada["id"],
            "arrived_at": "2026-07-10T08:00:00Z",
            "value": eur("100.00"),
            "reporting_value": eur("100.00"),
            "fx": None,
            "credited_value": eur("100.00"),
            "evidence": [{"type": "mail"}],
            "act": "said",
            "what": "about need",
            "implied": False,
            "verified": True,
            "ordinal": 1,
            "counts": True,
            "counts_in_value": True,
        }
    ]


async def test_an_implied_arrival_says_so(client, at):
    await arrive(client, "need")
    [only] = (await behind(client, at["interest"]))["data"]
    assert (only["implied"], only["what"]) == (True, "about need")


async def test_arrivals_of_other_months_are_not_there(client, at):
    await arrive(client, "interest", at="2026-06-30T21:59:00Z")
    assert (await behind(client, at["interest"]))["data"] == []
    assert len((await behind(client, at["interest"], period="2026-06"))["data"]) == 1


async def test_the_value_is_the_one_at_the_arrival_with_the_rate_of_its_day(client, at, clock):
    await post(client, "/v1/currency_rates", currency="USD", day="2026-01-01", rate="0.90")
    deal = await make_deal(client, value={"amount": "100.00", "currency": "USD"})
    await tell(client, deal, "reach", milestone="interest")
    clock.forward(hours=1)
    await change(client, deal, value={"amount": "700.00", "currency": "USD"})
    [only] = (await behind(client, at["interest"]))["data"]
    assert only["value"] == {"amount": "100.00", "currency": "USD"}
    assert only["reporting_value"] == eur("90.00")
    assert only["fx"] == {"rate": "0.90", "date": "2026-01-01", "source": "api"}


async def test_each_partial_order_is_there_and_only_the_first_counts(client, at):
    deal = await arrive(client, "order", "100.00")
    await tell(client, deal, "reach", milestone="order", amount=eur("50.00"))
    found = (await behind(client, at["order"]))["data"]
    shown = [(one["ordinal"], one["counts"], one["value"]["amount"]) for one in found]
    assert shown == [(1, True, "100.00"), (2, False, "50.00")]


async def test_a_person_sees_the_part_that_is_credited(client, at):
    ada, ben = [await make_person(client, name) for name in ("Ada", "Ben")]
    shares = [{"person_id": ada["id"], "percent": "60"}, {"person_id": ben["id"], "percent": "40"}]
    await arrive(client, "interest", "100.00", owner_id=ada["id"], credits=shares)
    await arrive(client, "interest", "7.00")
    [only] = (await behind(client, at["interest"], scope=f"owner:{ben['id']}"))["data"]
    assert (only["reporting_value"], only["credited_value"]) == (eur("100.00"), eur("40.00"))
    assert only["counts"] is False


async def test_a_team_sees_a_shared_deal_once_with_all_its_shares(client, at):
    team = await make_team(client)
    ada, ben = [await make_person(client, name, team_id=team["id"]) for name in ("Ada", "Ben")]
    shares = [{"person_id": ada["id"], "percent": "60"}, {"person_id": ben["id"], "percent": "40"}]
    await arrive(client, "interest", "100.00", owner_id=ada["id"], credits=shares)
    [only] = (await behind(client, at["interest"], scope=f"team:{team['id']}"))["data"]
    assert (only["credited_value"], only["counts"]) == (eur("100.00"), True)


async def test_business_is_told_apart(client, at):
    await arrive(client, "interest", business_type="new")
    await arrive(client, "interest", business_type="existing")
    assert len((await behind(client, at["interest"], business_type="new"))["data"]) == 1


async def test_what_was_known_then(client, at, clock):
    then = clock.now.isoformat()
    clock.forward(hours=1)
    await arrive(client, "interest")
    assert (await behind(client, at["interest"], as_of=then))["data"] == []
    assert len((await behind(client, at["interest"], effective_at=then))["data"]) == 1


async def test_pages_follow_the_arrivals_with_one_statement_each(client, at, statements):
    for day in ("03", "01", "02", "02"):
        await arrive(client, "interest", at=f"2026-07-{day}T08:00:00Z")
    seen, cursor = [], {}
    while cursor is not None:
        statements.clear()
        found = await behind(client, at["interest"], limit=3, **cursor)
        assert len(statements) == 4, statements
        seen += [one["arrived_at"][8:10] for one in found["data"]]
        cursor = {"cursor": found["next_cursor"]} if found["next_cursor"] else None
    assert seen == ["01", "02", "02", "03"]


async def test_arrivals_are_found_at_the_milestone_of_a_newer_version(client, process, at):
    await arrive(client, "interest")
    body = {"milestones": [{"key": k, "name": k, "customer_act": "says so"} for k in at]}
    newer = await post(client, f"/v1/processes/{process['id']}/versions", **body)
    assert len((await behind(client, newer["milestones"][0]["id"]))["data"]) == 1


async def test_a_cursor_of_another_question_is_refused(client, at):
    for _ in range(2):
        await arrive(client, "interest")
    cursor = (await behind(client, at["interest"], limit=1))["next_cursor"]
    path = f"/v1/milestones/{at['interest']}/arrivals"
    parameters = {"cursor": cursor, "period": "2026-06"}
    assert await refused(client, "GET", path, params=parameters) == ("cursor", "invalid_cursor")


async def test_arrivals_are_for_those_who_may_see_them(client, neighbour, stranger, limited, at):
    path = f"/v1/milestones/{at['need']}/arrivals"
    assert (await stranger.get(path)).status_code == 401
    other = await limited(Scope.PROCESSES_READ)
    assert (await other.get(path)).status_code == 403
    nobodys = await neighbour.get(f"/v1/milestones/{uuid7()}/arrivals")
    assert (await neighbour.get(path)).status_code == nobodys.status_code == 404
