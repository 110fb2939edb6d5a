"""Undoing an import: what it made and changed, as far as nobody has touched it since."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain import purges
from app.domain.access import home
from app.tables import ImportChange
from tests.conftest import NOW
from tests.deals import make_process
from tests.imports.support import a_job_has_ended, bring, counts, finished, make, send, until

HEADER = "external_id,account,owner,value,stage,created_at\n"
STAGES = {"stages": {"A": {"reached": "invited"}, "B": {"reached": "need"}}}
FIRST = HEADER + "1,Acme,Ann,100,A,2026-01-05\n2,Beta,Ann,200,A,2026-01-05\n"
SECOND = (
    HEADER + "1,Acme,Bob,150,B,2026-01-05\n2,Beta,Ann,200,A,2026-01-05\n3,Ceta,Bob,9,A,2026-02-01\n"
)


async def undone(client, job, **asked):
    answer = await client.post(f"/v1/imports/{job['id']}/revert", params=asked)
    assert answer.status_code == 202, answer.text
    async with asyncio.timeout(60):
        while True:
            told = (await client.get(f"/v1/imports/{job['id']}")).json()["revert"]
            if told["state"] == "completed":
                return told
            await a_job_has_ended()


async def left(client, job):
    found = await client.get(f"/v1/imports/{job['id']}/left")
    return sorted((one["object"], one["reason"]) for one in found.json()["data"])


async def seen(client):
    found = (await client.get("/v1/opportunities")).json()["data"]
    return {
        row["external_id"]: (row["value"]["amount"], row["owner_id"], row["milestone"])
        for row in found
    }


async def names(client, what):
    return sorted(row["name"] for row in (await client.get(f"/v1/{what}")).json()["data"])


@pytest.fixture
async def process(client):
    return await make_process(client)


async def test_everything_an_import_made_goes_with_it(client, process):
    job = await bring(client, "opportunities", FIRST, STAGES, process_id=process["id"])
    told = await undone(client, job)
    assert (told["removed"]["opportunities"], told["left"]) == (2, 0)
    assert (told["removed"]["accounts"], told["removed"]["people"]) == (2, 1)
    assert await seen(client) == {}
    assert (await names(client, "accounts"), await names(client, "people")) == ([], [])
    again = await bring(client, "opportunities", FIRST, STAGES, process_id=process["id"])
    assert counts(again) == {"read": 2, "created": 2}


async def test_what_it_changed_is_as_it_was(client, process):
    await bring(client, "opportunities", FIRST, STAGES, process_id=process["id"])
    before = await seen(client)
    job = await bring(client, "opportunities", SECOND, STAGES, process_id=process["id"])
    assert (await seen(client)) != before
    told = await undone(client, job)
    assert (told["removed"]["opportunities"], told["restored"]["opportunities"]) == (1, 1)
    assert await seen(client) == before
    assert await names(client, "accounts") == ["Acme", "Beta"]


async def test_a_dry_run_says_the_same_and_keeps_nothing(client, process):
    job = await bring(client, "opportunities", FIRST, STAGES, process_id=process["id"])
    before = await seen(client)
    told = await undone(client, job, dry_run=True)
    assert (told["dry_run"], told["removed"]["opportunities"]) == (True, 2)
    assert await seen(client) == before
    assert (await undone(client, job))["removed"] == told["removed"]


async def test_what_was_touched_since_is_left_and_listed(client, process):
    job = await bring(client, "opportunities", FIRST, STAGES, process_id=process["id"])
    found = await client.get("/v1/opportunities", params={"external_id": "1"})
    [deal] = found.json()["data"]
    answer = await client.post(f"/v1/opportunities/{deal['id']}/reach", json={"milestone": "need"})
    assert answer.status_code in (200, 201), answer.text
    told = await undone(client, job)
    assert (told["removed"]["opportunities"], told["left"]) == (1, 3)
    assert await left(client, job) == [
        ("accounts", "in_use"),
        ("opportunities", "changed_since"),
        ("people", "in_use"),
    ]
    assert list(await seen(client)) == ["1"]


async def test_accounts_and_their_owners_come_back(client):
    file = "external_id,name,country,owner\n1,Acme,DE,ann@acme.de\n"
    await bring(client, "accounts", file)
    [before] = (await client.get("/v1/accounts")).json()["data"]
    other = file.replace("DE,ann@acme.de", "FR,bob@acme.de") + "2,Beta,DE,\n"
    job = await bring(client, "accounts", other)
    assert counts(job) == {"read": 2, "created": 1, "updated": 1}
    told = await undone(client, job)
    assert (told["removed"]["accounts"], told["restored"]["accounts"]) == (1, 1)
    [after] = (await client.get("/v1/accounts")).json()["data"]
    assert (after["country"], after["owner_id"]) == (before["country"], before["owner_id"])


async def test_only_what_has_ended_is_undone_and_only_once_at_a_time(client, neighbour):
    made = await make(client, "accounts")
    await send(client, made["id"], "name\na\n")
    answer = await client.post(f"/v1/imports/{made['id']}/revert")
    assert (answer.status_code, answer.json()["code"]) == (409, "import-state")
    for method, path in (("POST", "revert"), ("GET", "left"), ("GET", "held")):
        foreign = await neighbour.request(method, f"/v1/imports/{made['id']}/{path}")
        assert foreign.status_code == 404


async def test_held_rows_are_released_without_another_file(client, process):
    mapping = {"stages": {"A": {"reached": "invited"}}}
    job = await bring(client, "opportunities", SECOND, mapping, process_id=process["id"])
    assert counts(job) == {"read": 3, "created": 2, "held": 1}
    held = (await client.get(f"/v1/imports/{job['id']}/held")).json()
    assert held == {"stages": [{"column": "stage", "stage": "B", "rows": 1, "first_line": 2}]}
    wrong = {"stages": {"B": {"reached": "nowhere"}}}
    answer = await client.post(f"/v1/imports/{job['id']}/release", json=wrong)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_milestone")
    right = {"stages": {"B": {"reached": "need"}}}
    answer = await client.post(f"/v1/imports/{job['id']}/release", json=right)
    assert answer.status_code == 202, answer.text

    async def ready():
        return (await client.get(f"/v1/imports/{job['id']}")).json()["state"] == "completed"

    await until(ready)
    done = (await client.get(f"/v1/imports/{job['id']}")).json()
    assert counts(done) == {"read": 3, "created": 3}
    assert done["reconciliation"]["matches"]
    assert (await client.get(f"/v1/imports/{job['id']}/held")).json() == {"stages": []}
    again = await client.post(f"/v1/imports/{job['id']}/release", json=right)
    assert again.status_code == 409


async def test_a_deal_that_a_released_row_says_more_about_goes_with_its_import(client, process):
    mapping = {"stages": {"A": {"reached": "invited"}}}
    file = HEADER + "1,Acme,Ann,100,A,2026-01-05\n1,Acme,Bob,150,B,2026-01-05\n"
    job = await bring(client, "opportunities", file, mapping, process_id=process["id"])
    assert counts(job) == {"read": 2, "created": 1, "held": 1}
    right = {"stages": {"B": {"reached": "need"}}}
    answer = await client.post(f"/v1/imports/{job['id']}/release", json=right)
    assert answer.status_code == 202, answer.text

    async def ready():
        return (await client.get(f"/v1/imports/{job['id']}")).json()["state"] == "completed"

    await until(ready)
    assert [milestone for _, _, milestone in (await seen(client)).values()] == ["need"]
    told = await undone(client, job)
    assert (told["removed"]["opportunities"], told["left"]) == (1, 0)
    assert await seen(client) == {}


async def test_without_its_file_nothing_is_released_and_no_result_looks_empty(
    client, process, engine, workspace
):
    mapping = {"stages": {"A": {"reached": "invited"}}}
    job = await bring(client, "opportunities", SECOND, mapping, process_id=process["id"])
    async with workspace_transaction(engine, workspace[0]) as db:
        own = await home(db, workspace[0])
        late = Work(db, workspace[0], own, NOW + timedelta(days=91), "test")
        assert await purges.purge(late) > 0
    here = f"/v1/imports/{job['id']}"
    release = await client.post(f"{here}/release", json={"stages": {"B": {"reached": "need"}}})
    for answer in (release, await client.get(f"{here}/results/failed.csv")):
        assert (answer.status_code, answer.json()["code"]) == (409, "import-state")
        assert "make another import" in answer.json()["detail"]
    assert (await client.get(here)).json()["state"] == "completed_with_errors"
    assert (await undone(client, job))["left"] == 0


async def purged(engine, workspace, keeping=purges.USUAL, **later):
    async with workspace_transaction(engine, workspace[0]) as db:
        own = await home(db, workspace[0])
        work = Work(db, workspace[0], own, NOW + timedelta(**later), "test")
        return await purges.purge(work, keeping)


async def test_what_nobody_started_loses_its_file_and_asks_for_it_again(client, engine, workspace):
    made = await make(client, "accounts")
    await send(client, made["id"], "name\na\n")
    assert await purged(engine, workspace, days=89) == 0
    assert await purged(engine, workspace, days=91) == 1
    here = f"/v1/imports/{made['id']}"
    seen = (await client.get(here)).json()
    assert (seen["state"], seen["size"], seen["dialect"]) == ("open", None, None)
    assert (await client.post(f"{here}/start")).status_code == 409
    await send(client, made["id"], "name\na\n")
    assert (await client.post(f"{here}/start")).status_code == 202
    assert counts(await finished(client, made["id"])) == {"read": 1, "created": 1}


async def test_after_two_years_the_way_back_is_gone_and_undoing_says_so(
    client, process, engine, workspace
):
    for file in (FIRST, SECOND):
        job = await bring(client, "opportunities", file, STAGES, process_id=process["id"])
    stood = await seen(client)
    await purged(engine, workspace, days=729)
    assert (await undone(client, job, dry_run=True))["left"] == 0
    assert await purged(engine, workspace, days=731) > 0
    answer = await client.post(f"/v1/imports/{job['id']}/revert")
    assert (answer.status_code, answer.json()["code"]) == (409, "import-state")
    assert "no longer kept" in answer.json()["detail"]
    assert await seen(client) == stood


async def ways_back(engine, workspace):
    own = select(func.count()).where(ImportChange.workspace_id == workspace[0])
    async with workspace_transaction(engine, workspace[0]) as db:
        return await db.scalar(own)


async def test_what_is_released_when_the_way_back_is_gone_leaves_nothing_that_is_kept_for_good(
    client, process, engine, workspace
):
    files = purges.Keeping(file=timedelta(days=1000))
    some = {"stages": {"A": {"reached": "invited"}}}
    job = await bring(client, "opportunities", SECOND, some, process_id=process["id"])
    assert await purged(engine, workspace, files, days=731) > 0
    here = f"/v1/imports/{job['id']}"
    answer = await client.post(f"{here}/release", json={"stages": {"B": {"reached": "need"}}})
    assert answer.status_code == 202, answer.text
    assert (await finished(client, job["id"]))["state"] == "completed"
    assert (await client.post(f"{here}/revert")).status_code == 409
    assert await ways_back(engine, workspace) > 0
    await purged(engine, workspace, files, days=731)
    assert await ways_back(engine, workspace) == 0
