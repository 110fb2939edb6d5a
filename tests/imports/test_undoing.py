"""Undoing as a job: it is told honestly how far it is, and it takes its turn among imports."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from app.core.database import workspace_transaction
from app.core.ids import uuid7
from app.domain import jobs
from app.domain.duties import DUTIES
from app.domain.imports import handing_on, turns
from app.domain.jobs import Held
from app.schemas.jobs import JobKind
from app.tables import Import, Job
from tests.imports.support import bring, until
from tests.imports.test_revert import purged, undone

FILE = "name\nAcme\nBeta\n"


async def revert_of(client, job):
    return (await client.get(f"/v1/imports/{job['id']}")).json()["revert"]


async def job_of(client, job):
    found = (await client.get("/v1/jobs", params={"kind": "import_revert"})).json()["data"]
    return next(each for each in found if each["subject"] == job["id"])


async def asked(client, job, **how):
    answer = await client.post(f"/v1/imports/{job['id']}/revert", params=how)
    assert answer.status_code == 202, answer.text
    assert answer.json()["revert"]["state"] == "queued"


@pytest.fixture
def failing(monkeypatch):
    """Undoing goes wrong, until it is mended."""
    duty = DUTIES[JobKind.IMPORT_REVERT]

    async def broken(*_):
        raise RuntimeError("on purpose")

    monkeypatch.setitem(DUTIES, JobKind.IMPORT_REVERT, broken)
    return lambda: monkeypatch.setitem(DUTIES, JobKind.IMPORT_REVERT, duty)


async def hurry(engine, workspace, **values):
    """Let what waits be due, as if its patience were over."""
    own = (Job.workspace_id == workspace[0], Job.kind == JobKind.IMPORT_REVERT.value)
    waits = update(Job).where(*own, Job.state == "queued")
    async with workspace_transaction(engine, workspace[0]) as db:
        await db.execute(waits.values(run_at=func.clock_timestamp(), **values))
        await db.execute(select(func.pg_notify(jobs.CHANNEL, str(workspace[0]))))


async def until_failed(client, engine, workspace, job):
    async def failed():
        await hurry(engine, workspace)
        return (await revert_of(client, job))["state"] == "failed"

    await until(failed)


async def test_an_undoing_that_is_given_up_says_so_and_why(client, engine, workspace, failing):
    job = await bring(client, "accounts", FILE)
    await asked(client, job)
    await until_failed(client, engine, workspace, job)
    told, dead = await revert_of(client, job), await job_of(client, job)
    assert (told["problem"]["code"], told["removed"], told["undone"]) == ("internal", None, None)
    assert (dead["state"], dead["attempts"]) == ("dead", jobs.MOST_FAILURES)
    failing()
    again = await client.post(f"/v1/jobs/{dead['id']}/retry")
    assert again.status_code == 202

    async def ready():
        return (await revert_of(client, job))["state"] == "completed"

    await until(ready)
    told = await revert_of(client, job)
    assert (told["removed"]["accounts"], told["problem"]) == (2, None)


async def test_one_that_was_given_up_is_not_tried_again_when_there_is_no_way_back(
    client, engine, workspace, failing
):
    """It would undo nothing, and say that it had."""
    job = await bring(client, "accounts", FILE)
    await asked(client, job)
    await until_failed(client, engine, workspace, job)
    failing()
    await purged(engine, workspace, days=731)
    answer = await client.post(f"/v1/jobs/{(await job_of(client, job))['id']}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "import-state")
    assert "no longer kept" in answer.json()["detail"]
    assert (await job_of(client, job))["state"] == "dead"
    assert (await revert_of(client, job))["state"] == "failed"
    assert len((await client.get("/v1/accounts")).json()["data"]) == 2


async def test_one_that_broke_at_its_very_end_has_done_nothing_and_is_done_again(
    client, engine, workspace, monkeypatch
):
    job = await bring(client, "accounts", FILE)
    close, broken = handing_on.close, []

    async def breaks(work, id):
        await close(work, id)
        if not broken:
            broken.append(len((await client.get("/v1/accounts")).json()["data"]))
            raise RuntimeError("on purpose")

    monkeypatch.setattr(handing_on, "close", breaks)
    await asked(client, job)

    async def waits():
        return (await job_of(client, job))["problem"] is not None

    await until(waits)
    assert (await revert_of(client, job))["state"] == "queued"
    assert len((await client.get("/v1/accounts")).json()["data"]) == 2
    await hurry(engine, workspace)

    async def ready():
        return (await revert_of(client, job))["state"] == "completed"

    await until(ready)
    assert broken == [2]
    assert (await revert_of(client, job))["removed"]["accounts"] == 2
    assert (await job_of(client, job))["attempts"] == 2


async def test_one_that_was_given_up_can_be_asked_for_again(client, engine, workspace, failing):
    job = await bring(client, "accounts", FILE)
    await asked(client, job, dry_run=True)
    await until_failed(client, engine, workspace, job)
    assert (await revert_of(client, job))["dry_run"]
    failing()
    assert (await undone(client, job))["removed"]["accounts"] == 2


@pytest.mark.parametrize("kind", ["import", "import_revert", "purge"])
async def test_workers_that_die_over_a_job_are_attempts_as_well(
    client, app, engine, workspace, kind
):
    """It is given up, whatever it is, and what it belongs to says so."""
    job = await bring(client, "accounts", FILE)
    died = {
        "state": "running",
        "failures": jobs.MOST_FAILURES,
        "lease_until": func.clock_timestamp() - timedelta(seconds=1),
    }
    subject = "2020-01-01" if kind == "purge" else job["id"]
    async with workspace_transaction(engine, workspace[0]) as db:
        own = (Job.workspace_id == workspace[0], Job.kind == "import")
        if kind == "import":
            here = (Import.workspace_id == workspace[0], Import.id == job["id"])
            await db.execute(update(Import).where(*here).values(state="running"))
        else:
            waits = {"state": "queued", "dry_run": False, "undone": None}
            await db.execute(
                update(Import).where(Import.workspace_id == workspace[0]).values(revert=waits)
            )
        await db.execute(update(Job).where(*own).values(kind=kind, subject=subject, **died))
    app.state.worker.serve(workspace[0])

    async def given_up():
        found = (await client.get("/v1/jobs", params={"kind": kind, "state": "dead"})).json()
        return bool(found["data"])

    await until(given_up)
    found = (await client.get(f"/v1/imports/{job['id']}")).json()
    if kind == "import":
        assert (found["state"], found["problem"]["code"]) == ("failed", "internal")
    if kind == "import_revert":
        assert found["revert"]["state"] == "failed"
        assert "never came forward" in found["revert"]["problem"]["detail"]


async def test_what_was_undone_is_told_whatever_is_asked_since(client):
    job = await bring(client, "accounts", FILE)
    told = await undone(client, job, dry_run=True)
    assert told["undone"] is None
    first = await undone(client, job)
    assert first["undone"]["removed"]["accounts"] == 2
    later = await undone(client, job, dry_run=True)
    assert (later["removed"]["accounts"], later["undone"]) == (0, first["undone"])


async def test_undoing_stands_in_the_log_of_changes_and_a_dry_run_does_not(client):
    job = await bring(client, "accounts", FILE)
    await undone(client, job, dry_run=True)
    await undone(client, job)
    asked_for = {"object": job["id"], "action": "reverted"}
    [entry] = (await client.get("/v1/audit", params=asked_for)).json()["data"]
    assert (entry["actor_kind"], entry["actor_id"]) == ("import", job["id"])
    assert (entry["after"]["removed"]["accounts"], entry["after"]["left"]) == (2, 0)


async def test_an_import_that_was_undone_takes_nothing_more_of_its_file(client, engine, workspace):
    job = await bring(client, "accounts", "name\nAcme\n\n")
    await undone(client, job)
    async with workspace_transaction(engine, workspace[0]) as db:
        own = (Import.workspace_id == workspace[0], Import.id == job["id"])
        await db.execute(update(Import).where(*own).values(state="failed"))
        of_it = (Job.workspace_id == workspace[0], Job.kind == "import")
        await db.execute(update(Job).where(*of_it).values(state="dead"))
    [dead] = (await client.get("/v1/jobs", params={"kind": "import"})).json()["data"]
    answer = await client.post(f"/v1/jobs/{dead['id']}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "import-state")
    assert "new import" in answer.json()["detail"]


async def test_undoing_waits_for_the_turn_of_an_import(client, app, workspace):
    job = await bring(client, "accounts", FILE)
    turn = "SELECT pg_advisory_xact_lock(hashtextextended('import:' || :ws, 0))"
    waiting = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    async with workspace_transaction(app.state.engine, workspace[0]) as db:
        await db.execute(text(turn), {"ws": str(workspace[0])})
        await asked(client, job)

        async def waits():
            return await db.scalar(text(waiting)) > 0

        await until(waits)
        assert (await revert_of(client, job))["state"] == "queued"
        assert len((await client.get("/v1/accounts")).json()["data"]) == 2

    async def ready():
        return (await revert_of(client, job))["state"] == "completed"

    await until(ready)
    assert (await client.get("/v1/accounts")).json()["data"] == []


async def test_who_wakes_up_late_ends_no_session_of_a_later_attempt(app, workspace):
    held = Held(workspace[0], uuid7(), JobKind.IMPORT, "", attempt=2, failures=2)
    engine = app.state.engine
    async with engine.connect() as before, engine.connect() as after:
        for db, attempt in ((before, 1), (after, 3)):
            await db.execute(text(f"SET application_name = 'backcast job {held.id} {attempt}'"))
            await db.commit()
        await turns.follow(engine, held)
        assert await after.scalar(text("SELECT 1")) == 1
        with pytest.raises(DBAPIError):
            await before.scalar(text("SELECT 1"))
        await after.invalidate()
