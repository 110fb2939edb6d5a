"""The outbox: what is told is what happened, if and only if it did, and nobody misses any of it."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text

from app.core.database import workspace_transaction
from app.core.event_types import EventObject, EventType
from app.core.work import Work
from app.domain.access import Scope, home
from app.domain.outbox import publishing
from app.domain.outbox.telling import Told, tell
from tests.aims import ask, refused
from tests.deals import change, eur, make_deal, make_process
from tests.deals import tell as say
from tests.events.log import here, told, types
from tests.imports.support import bring

DEALS = "Id,Name,Asked\n" + "".join(f"{n},Deal {n},2026-06-0{n + 1}\n" for n in range(3))


@pytest.fixture
async def process(client):
    return await make_process(client)


async def test_a_deal_is_told_as_it_moves(client, process, clock):
    deal = await make_deal(client, value=eur("100.00"))
    for verb, said in (
        ("reach", {"milestone": "need"}),
        ("hold", {"until": "2026-09-01T08:00:00Z"}),
        ("resume", {}),
        ("regress", {"milestone": "interest", "reason": "no"}),
        ("void", {"milestone": "need", "reason": "wrong"}),
        ("exit", {"kind": "no_decision", "reason": "postponed"}),
        ("reopen", {"reason": "by mistake"}),
        ("reach", {"milestone": "order", "amount": eur("90.00")}),
    ):
        clock.forward(minutes=1)
        await say(client, deal, verb, **said)
    events, _ = await told(client)
    assert [each["type"].removeprefix("opportunity.") for each in events] == [
        "created",
        "milestone_reached",
        "held",
        "resumed",
        "regressed",
        "voided",
        "exited",
        "reopened",
        "milestone_reached",
        "won",
    ]
    assert {each["object"]["id"] for each in events} == {deal["id"]}
    versions = [each["object"]["version"] for each in events]
    assert versions == sorted(versions)
    assert events[1]["data"]["milestone"] == "need"
    assert events[6]["data"] == {"kind": "no_decision", "reason": "postponed"}
    last = await ask(client, f"/v1/opportunities/{deal['id']}")
    assert versions[-1] == last["version"]


async def test_what_is_stated_and_deleted_and_restored_is_told(client, process):
    deal = await make_deal(client)
    deal = await change(client, deal, name="Other")
    place, seen = f"/v1/opportunities/{deal['id']}", {"If-Match": f'"{deal["version"]}"'}
    assert (await client.delete(place, headers=seen)).status_code == 204
    assert (await client.post(f"{place}/restore")).status_code == 200
    assert await types(client) == [
        f"opportunity.{each}" for each in ("created", "updated", "deleted", "restored")
    ]


async def test_the_ordinary_way_tells_what_the_short_one_does(client, process):
    short = await make_deal(client)
    await say(client, short, "reach", milestone="interest", act="said", what="wants a talk")
    slow = {"Idempotency-Key": "1"}
    body = {"name": "Slow", "process_id": "new-business"}
    answer = await client.post("/v1/opportunities", json=body, headers=slow)
    place = f"/v1/opportunities/{answer.json()['id']}/reach"
    said = {"milestone": "interest", "act": "said", "what": "wants a talk"}
    await client.post(place, json=said, headers={"Idempotency-Key": "2"})
    events, _ = await told(client)
    plain = [
        (each["type"], each["object"]["version"], each["bulk"], each["data"]) for each in events
    ]
    assert plain[:2] == plain[2:]


async def test_what_did_not_change_is_not_told(client, process):
    deal = await make_deal(client)
    at = await here(client)
    refusal = await client.post(f"/v1/opportunities/{deal['id']}/resume", json={})
    assert refusal.status_code == 409
    place = "/v1/opportunities/by-external-id/crm/7"
    body = {"name": "Put", "process_id": "new-business"}
    for _ in range(2):
        assert (await client.put(place, json=body)).is_success
    assert await types(client, at) == ["opportunity.created"]


async def test_a_change_that_is_taken_back_was_never_told(client, process):
    items = [
        {"name": "Good", "process_id": "new-business"},
        {"name": "Bad", "process_id": "nowhere"},
    ]
    body = {"mode": "all_or_nothing", "items": items}
    assert (await client.post("/v1/opportunities/batch", json=body)).status_code == 404
    body = {"mode": "per_item", "items": items}
    assert (await client.post("/v1/opportunities/batch", json=body)).status_code == 200
    assert await types(client) == ["opportunity.created"]


async def test_a_file_is_told_in_one_word_for_each_deal(client, process):
    mapping = {"columns": {"Id": "external_id", "Name": "name", "Asked": "reached:interest"}}
    job = await bring(client, "opportunities", DEALS, mapping, process_id="new-business")
    assert job["counts"]["created"] == 3, job
    events, _ = await told(client)
    assert [(each["type"], each["bulk"]) for each in events] == [
        *[("opportunity.created", True)] * 3,
        ("import.finished", False),
    ]
    assert events[-1]["object"]["id"] == job["id"]
    assert events[-1]["data"]["state"] == "completed"


async def test_a_cell_is_told_with_the_facets_that_changed(client, process):
    account = (await client.post("/v1/accounts", json={"name": "Alder"})).json()
    product = (await client.post("/v1/products", json={"name": "Press"})).json()
    place = {"account_id": account["id"], "product_id": product["id"]}
    for _ in range(2):
        answer = await client.put("/v1/matrix/cells", json=[place | {"need": "yes"}])
        assert answer.status_code == 200, answer.text
    [event], _ = await told(client)
    assert event["type"] == "matrix.cell_changed"
    assert event["data"] == place | {"facets": ["need"]}


async def test_reading_goes_on_where_it_stopped(client, process):
    for number in range(5):
        await make_deal(client, f"Deal {number}")
    found = await ask(client, "/v1/events", limit=2)
    seen = list(found["data"])
    while found["more"]:
        found = await ask(client, "/v1/events", limit=2, after=found["next_cursor"])
        seen += found["data"]
    assert [each["id"] for each in seen] == [each["id"] for each in (await told(client))[0]]
    assert len(seen) == 5
    assert (await told(client, seen[2]["cursor"]))[0] == seen[3:]
    assert await types(client, seen[2]["cursor"], types="opportunity.won") == []
    assert await types(client, found["next_cursor"]) == []


async def test_the_object_comes_along_for_who_may_read_it(client, limited, process):
    deal = await make_deal(client)
    [event], _ = await told(client, include="object")
    assert event["data"]["object"] == await ask(client, f"/v1/opportunities/{deal['id']}")
    only_events = await limited(Scope.EVENTS_READ)
    assert await types(only_events) == ["opportunity.created"]
    await ask(only_events, "/v1/events", 403, include="object")


async def test_a_cursor_is_of_one_workspace_and_grants_nothing(client, neighbour, process):
    await make_deal(client)
    at = await here(client)
    assert await types(neighbour) == []
    for cursor in (at, f"{at[:-2]}AA", "x", "é"):
        found = await refused(neighbour, "GET", "/v1/events", params={"after": cursor})
        assert found == ("after", "invalid_cursor")


async def test_what_is_committed_late_is_not_skipped(client, engine, workspace, clock):
    """The classic: A writes first and commits last; who reads in between must still see A."""
    id = workspace[0]

    async def one(name):
        db = await stack.enter_async_context(workspace_transaction(engine, id))
        work = Work(db, id, await home(db, id), clock.now, "test")
        await tell(work, Told(EventType.IMPORT_FINISHED, EventObject.IMPORT, data={"name": name}))
        return db

    async def names(after=None):
        events, cursor = await told(client, after)
        return [each["data"]["name"] for each in events], cursor

    async with AsyncExitStack() as stack:
        first = await one("A")
        second = await one("B")
        await second.commit()
        seen, at = await names()
        assert seen == ["B"]
        await first.commit()
        assert (await names(at))[0] == ["A"]
        assert (await names())[0] == ["B", "A"]


async def test_many_writers_and_readers_miss_nothing(client, process, engine, workspace, clock):
    deals = [await make_deal(client, f"Deal {n}") for n in range(6)]
    heard, at, done = [], await here(client), asyncio.Event()

    async def listen():
        nonlocal at
        while True:
            last = done.is_set()
            events, at = await told(client, at)
            heard.extend(events)
            if last and not events:
                return

    async def move(deal):
        for milestone in ("interest", "need", "concept"):
            await say(client, deal, "reach", milestone=milestone)

    listener = asyncio.create_task(listen())
    await asyncio.gather(*(move(deal) for deal in deals))
    done.set()
    await listener
    assert len({each["id"] for each in heard}) == len(heard) == 18
    for deal in deals:
        versions = [e["object"]["version"] for e in heard if e["object"]["id"] == deal["id"]]
        assert versions == sorted(versions)
    async with workspace_transaction(engine, workspace[0]) as db:
        seqs = list(await db.scalars(text("SELECT seq FROM outbox_events ORDER BY seq")))
    assert seqs == list(range(1, len(seqs) + 1))


async def test_old_events_go_and_who_stopped_before_them_is_told_so(
    client, process, engine, workspace, clock
):
    await make_deal(client, "Old")
    _, old = await told(client, limit=1)
    await make_deal(client, "Old as well")
    clock.forward(days=20)
    await make_deal(client, "Young")
    await here(client)
    clock.forward(days=11)
    async with workspace_transaction(engine, workspace[0]) as db:
        await publishing.forget(db, workspace[0], clock.now)
    problem = await ask(client, "/v1/events", 410, after=old)
    assert problem["code"] == "cursor-expired"
    assert len(await types(client)) == 1
    assert await types(client, "now") == []


async def test_the_log_is_read_in_a_fixed_number_of_statements(client, process, statements):
    await make_deal(client)
    await here(client)
    statements.clear()
    await told(client, include="object")
    few = len(statements)
    for number in range(4):
        await make_deal(client, f"Deal {number}")
    await here(client)
    statements.clear()
    assert len((await told(client, include="object"))[0]) == 5
    assert len(statements) == few
