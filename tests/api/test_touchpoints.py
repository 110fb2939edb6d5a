"""Touchpoints: sent again without harm, stitched later without a raw row being lost."""

import pytest

from app.core.ids import uuid7
from app.domain.access import Scope
from tests.aims import ask
from tests.deals import make_deal, make_process, post
from tests.flows import on
from tests.sources import make_source, stitch, touch

LEAD = {"lead": "visitor-7"}


@pytest.fixture(autouse=True)
async def fair(client):
    return await make_source(client)


async def found(client, **asked):
    return (await ask(client, "/v1/touchpoints", **asked))["data"]


async def leads(client, **asked):
    return [one["lead"] for one in await found(client, **asked)]


async def test_a_touchpoint_is_kept_as_it_came_in(client, fair):
    account = (await post(client, "/v1/accounts", name="Alder & Sons"))["id"]
    told = {
        "external_id": "t-1",
        "medium": "stand",
        "campaign": "spring",
        "content": "press 200",
        "lead": "badge-12",
        "account_id": account,
        "effort_minutes": 20,
    }
    answer = await touch(client, told)
    assert (answer["created"], answer["unchanged"], answer["failed"]) == (1, 0, 0)
    [one] = await found(client)
    assert told.items() <= one.items()
    assert (one["source"], one["source_id"], one["direction"]) == (
        "fair-2026",
        fair["id"],
        "received",
    )
    assert one["id"] == answer["results"][0]["id"]


async def test_what_is_sent_again_is_there_already(client):
    first = await touch(client, LEAD | {"external_id": "1"}, LEAD | {"external_id": "2"})
    again = await touch(client, LEAD | {"external_id": "2"}, LEAD | {"external_id": "3"})
    assert (again["created"], again["unchanged"]) == (1, 1)
    assert [one["status"] for one in again["results"]] == [200, 201]
    assert again["results"][0]["id"] == first["results"][1]["id"]
    assert len(await found(client)) == 3


async def test_twice_in_one_batch_is_once(client):
    answer = await touch(client, *[LEAD | {"external_id": "1"}] * 2)
    assert len({one["id"] for one in answer["results"]}) == 1
    assert len(await found(client)) == 1


async def test_another_source_may_give_the_same_id(client):
    await make_source(client, "webinar", "event")
    both = [{"source": key, "external_id": "1"} | LEAD for key in ("fair-2026", "webinar")]
    assert (await touch(client, *both))["created"] == 2


async def test_each_alone_or_none_at_all(client):
    good = LEAD | {"external_id": "1"}
    bad = [LEAD | {"source": "nowhere"}, {"occurred_at": on(0)}, LEAD | {"occurred_at": on(999)}]
    answer = await touch(client, good, *bad, status=404)
    assert answer["code"] == "not-found"
    assert [one["pointer"] for one in answer["errors"]] == [
        "/items/1",
        "/items/2",
        "/items/3/occurred_at",
    ]
    assert await found(client) == []
    answer = await touch(client, *bad, good, mode="per_item")
    assert [one["status"] for one in answer["results"]] == [404, 422, 422, 201]
    assert (answer["created"], answer["failed"]) == (1, 3)
    assert len(await found(client)) == 1


async def test_what_it_refers_to_must_be_here(client, neighbour):
    foreign = (await post(neighbour, "/v1/accounts", name="Theirs"))["id"]
    for id in (foreign, str(uuid7())):
        for name in ("account_id", "opportunity_id"):
            assert (await touch(client, {name: id}, status=404))["code"] == "not-found"
            answer = await client.post("/v1/touchpoints/stitch", json=LEAD | {name: id})
            assert answer.status_code == 404


async def test_a_lead_is_stitched_and_its_touchpoints_stay_as_they_were(client):
    await make_process(client)
    account = (await post(client, "/v1/accounts", name="Alder & Sons"))["id"]
    deal = (await make_deal(client, account_id=account))["id"]
    await touch(client, LEAD, {"lead": "somebody-else"})
    [raw] = await found(client, lead="visitor-7")
    assert raw["resolved"] == {"account_id": None, "opportunity_id": None}
    answer = await stitch(client, "visitor-7", account_id=account)
    assert (answer["account_id"], answer["touchpoints"]) == (account, 1)
    await stitch(client, "visitor-7", account_id=account, opportunity_id=deal)
    await touch(client, LEAD | {"occurred_at": on(1)})
    known = {"account_id": account, "opportunity_id": deal}
    for asked in ({"account": account}, {"opportunity": deal}):
        seen = await found(client, **asked)
        assert [one["resolved"] for one in seen] == [known, known]
    assert seen[1] == raw | {"resolved": known}


async def test_the_last_word_about_a_lead_holds(client):
    first, second = [(await post(client, "/v1/accounts", name=name))["id"] for name in "AB"]
    await touch(client, LEAD)
    for account in (first, second):
        await stitch(client, "visitor-7", account_id=account)
    assert await leads(client, account=first) == []
    assert await leads(client, account=second) == ["visitor-7"]


async def test_touchpoints_are_filtered_and_come_latest_first(client, fair):
    await make_source(client, "webinar", "event")
    await touch(
        client,
        {"lead": "a", "occurred_at": on(1)},
        {"lead": "b", "occurred_at": on(2), "source": "webinar"},
        {"lead": "c", "occurred_at": on(3), "direction": "given"},
    )
    assert await leads(client) == ["c", "b", "a"]
    assert (
        await leads(client, source="fair-2026")
        == ["c", "a"]
        == await leads(client, source=fair["id"])
    )
    assert await leads(client, direction="given") == ["c"]
    assert await leads(client, occurred_since=on(2), occurred_before=on(3)) == ["b"]


async def test_pages_and_batches_cost_the_same_whatever_their_length(client, statements):
    statements.clear()
    await touch(client, LEAD | {"external_id": "0"})
    alone = len(statements)
    statements.clear()
    await touch(client, *[LEAD | {"external_id": str(n)} for n in range(1, 60)])
    assert len(statements) == alone
    statements.clear()
    page = await ask(client, "/v1/touchpoints", limit=40)
    once = len(statements)
    rest = await ask(client, "/v1/touchpoints", limit=40, cursor=page["next_cursor"])
    assert len(statements) == 2 * once
    assert len({one["id"] for one in page["data"] + rest["data"]}) == 60


@pytest.mark.parametrize("number", [0, 1001])
async def test_a_batch_has_one_to_a_thousand(client, number):
    await touch(client, *[LEAD] * number, status=422)


async def test_others_see_nothing_of_it(client, neighbour):
    await touch(client, LEAD)
    assert await found(neighbour) == []
    assert (await touch(neighbour, LEAD, status=404))["code"] == "not-found"
    account = (await post(neighbour, "/v1/accounts", name="Theirs"))["id"]
    assert (await stitch(neighbour, "visitor-7", account_id=account))["touchpoints"] == 0


async def test_reading_and_writing_need_their_scopes(limited):
    reader, writer = await limited(Scope.ACCOUNTS_READ), await limited(Scope.ACCOUNTS_WRITE)
    assert (await writer.get("/v1/touchpoints")).status_code == 403
    for place in ("batch", "stitch"):
        assert (await reader.post(f"/v1/touchpoints/{place}", json={})).status_code == 403
