"""Jobs: seen by their workspace, tried again with patience, given up where everybody can see it."""

from sqlalchemy import text

from app.core.database import workspace_transaction
from app.core.ids import uuid7
from app.core.work import Work
from app.domain import jobs, purges, rounds
from app.domain.access import Scope, home
from app.schemas.jobs import JobKind
from tests.conftest import CLOCK
from tests.imports.support import bring, make, send, until


async def listed(client, **asked):
    return (await client.get("/v1/jobs", params=asked)).json()["data"]


async def test_an_import_is_a_job(client):
    done = await bring(client, "accounts", "name\na\n")
    [job] = await listed(client, kind="import")
    assert (job["subject"], job["state"], job["attempts"]) == (done["id"], "completed", 1)
    assert (await client.get(f"/v1/jobs/{job['id']}")).json() == job
    assert await listed(client, state="dead") == []


async def test_a_job_that_was_given_up_is_seen_and_tried_again(client):
    made = await make(client, "accounts", {"columns": {"Name": "name"}})
    await send(client, made["id"], "title\na\n")
    await client.post(f"/v1/imports/{made['id']}/start")

    async def dead():
        return bool(await listed(client, state="dead"))

    await until(dead)
    [job] = await listed(client)
    assert job["problem"]["code"] == "column-missing"
    answer = await client.post(f"/v1/jobs/{job['id']}/retry")
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    await until(dead)
    assert (await client.get(f"/v1/jobs/{job['id']}")).json()["attempts"] == 2


async def test_only_what_was_given_up_is_tried_again(client):
    await bring(client, "accounts", "name\na\n")
    [job] = await listed(client)
    answer = await client.post(f"/v1/jobs/{job['id']}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


async def test_jobs_of_another_workspace_are_not_there(client, neighbour, stranger, limited):
    await bring(client, "accounts", "name\na\n")
    [job] = await listed(client)
    assert await listed(neighbour) == []
    reader = await limited(Scope.ACCOUNTS_READ)
    for method, path in (("GET", ""), ("POST", "/retry")):
        place = f"/v1/jobs/{job['id']}{path}"
        foreign = await neighbour.request(method, place)
        absent = await neighbour.request(method, f"/v1/jobs/{uuid7()}{path}")
        assert (foreign.status_code, absent.status_code) == (404, 404)
        assert foreign.json()["code"] == absent.json()["code"]
        assert (await stranger.request(method, place)).status_code == 401
        assert (await reader.request(method, place)).status_code == 403


async def test_a_list_costs_the_same_however_many_there_are(client, statements):
    sent = []
    for _ in range(2):
        await bring(client, "accounts", "name\na\n")
        statements.clear()
        await listed(client)
        sent.append(len(statements))
    assert sent[0] == sent[1]


async def test_a_day_is_queued_once_and_done(client, app, workspace, clock):
    engine = app.state.worker.engine
    for _ in range(2):
        memory = {id: CLOCK.now.date() for id in await everywhere(engine) - {workspace[0]}}
        await rounds.call(engine, clock, memory)

    async def done():
        found = await listed(client, state="completed")
        return len(found) == 4

    await until(done)
    found = {(job["kind"], job["subject"]) for job in await listed(client)}
    assert found == {(kind, "2026-07-20") for kind in ("snapshots", "stale", "lessons", "purge")}


async def everywhere(engine):
    async with engine.begin() as db:
        return set(await db.scalars(text("SELECT id FROM workspaces")))


async def test_what_is_asked_for_while_it_is_being_done_is_done_once_more(
    client, engine, workspace, clock
):
    """Whoever is at it may have looked already at what was changed since."""

    async def wanted():
        async with workspace_transaction(engine, workspace[0]) as db:
            work = Work(db, workspace[0], await home(db, workspace[0]), clock.now, "test")
            await jobs.enqueue(work, JobKind.PURGE, "later")

    async with workspace_transaction(engine, workspace[0]) as db:
        work = Work(db, workspace[0], await home(db, workspace[0]), clock.now, "test")
        await jobs.enqueue(work, JobKind.PURGE, "later")
        first = await jobs.take(db, workspace[0], JobKind.PURGE, "later")
    for _ in range(2):
        await wanted()
    [job] = await listed(client)
    assert (job["state"], job["attempts"]) == ("running", 1)
    async with workspace_transaction(engine, workspace[0]) as db:
        assert await jobs.complete(db, first, clock.now)
        assert await db.scalar(text("SELECT state FROM jobs")) == "queued"

    async def done():
        [job] = await listed(client)
        return (job["state"], job["attempts"]) == ("completed", 2)

    await until(done)


async def test_what_went_wrong_waits_longer_each_time(client, engine, workspace, clock):
    async with workspace_transaction(engine, workspace[0]) as db:
        work = Work(db, workspace[0], await home(db, workspace[0]), clock.now, "test")
        await jobs.enqueue(work, JobKind.PURGE, "later")
        held = await jobs.take(db, workspace[0], JobKind.PURGE, "later")
    await jobs.try_later(engine, held, {"code": "internal"})
    [job] = await listed(client)
    assert (job["state"], job["problem"]) == ("queued", {"code": "internal"})
    assert await jobs.claim(engine, workspace[0]) is None


async def test_what_has_served_its_time_is_taken_away(client, work, clock):
    key = {"Idempotency-Key": "once"}
    await client.post("/v1/accounts", json={"name": "a"}, headers=key)
    later = clock.forward(days=31)
    old = Work(work.db, work.workspace_id, work.home, later, "test")
    assert await purges.purge(old) == 1
    assert await purges.purge(old) == 0
