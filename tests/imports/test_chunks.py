"""Large imports, cut into chunks: the same as in one piece, and nothing is lost or done twice."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from app.core.database import workspace_transaction
from app.domain import jobs
from app.domain.imports import chunks
from app.domain.imports.run import run
from app.schemas.jobs import JobKind
from tests.conftest import CLOCK
from tests.deals import make_process
from tests.imports.support import bring, counts, finished, make, result, send

HEADER = "external_id,account,owner,value,created_at,status,closed_at\n"


@pytest.fixture
def small(app):
    """A worker that writes some forty rows at once."""
    desk = app.state.worker.desk
    app.state.worker.desk = replace(desk, chunk_rows=40)
    yield
    app.state.worker.desk = desk


def deals(many: int) -> str:
    """Orders of a few accounts, the older ones told last; every tenth row has no date."""
    rows = []
    for i in range(many):
        closed = "never" if i % 10 == 7 else f"20{25 - i % 4}-03-04"
        rows.append(f"D{i},A{i % 9},P{i % 3},{i}.50,20{24 - i % 4}-01-01,won,{closed}\n")
    return HEADER + "".join(rows)


async def started(client, process, file):
    made = await make(client, "opportunities", process_id=process["id"])
    await send(client, made["id"], file)
    answer = await client.post(f"/v1/imports/{made['id']}/start")
    assert answer.status_code == 202
    return made["id"]


async def types(client):
    found = await client.get("/v1/opportunities", params={"limit": 200})
    return {
        (row["external_id"], row["business_type"], row["account_id"] is None)
        for row in found.json()["data"]
    }


async def test_an_import_in_chunks_is_the_same_as_in_one_piece(client, neighbour, small):
    process = await make_process(client)
    job = await bring(client, "opportunities", deals(150), process_id=process["id"])
    assert (job["state"], job["chunks"]) == ("completed_with_errors", 4)
    assert counts(job) == {"read": 150, "created": 135, "rejected": 15}
    assert job["reconciliation"]["source"]["rows"] == 150
    assert job["reconciliation"]["ours"]["rows"] == 135
    assert job["placeholders"]["accounts"] == [f"A{i}" for i in range(9)]
    whole = await make_process(neighbour)
    other = await make(neighbour, "opportunities", process_id=whole["id"], dry_run=True)
    await send(neighbour, other["id"], deals(150))
    await neighbour.post(f"/v1/imports/{other['id']}/start")
    dry = await finished(neighbour, other["id"])
    assert dry["chunks"] == 1
    assert (dry["counts"], dry["reconciliation"]) == (job["counts"], job["reconciliation"])


async def test_the_type_of_business_does_not_depend_on_where_a_file_is_cut(client, neighbour, app):
    desk = app.state.worker.desk
    found = []
    for caller, rows in ((client, 40), (neighbour, 10_000)):
        app.state.worker.desk = replace(desk, chunk_rows=rows)
        process = await make_process(caller)
        await bring(caller, "opportunities", deals(150), process_id=process["id"])
        found.append(await types(caller))
    app.state.worker.desk = desk
    assert found[0] == found[1]
    assert {type for _, type, _ in found[0]} == {"new", "existing"}


async def test_the_three_files_share_out_the_rows_of_a_large_file(client, small):
    process = await make_process(client)
    job = await bring(client, "opportunities", deals(150), process_id=process["id"])
    good, bad, rest = [
        (await result(client, job, file)).splitlines()[1:]
        for file in ("successful", "failed", "unprocessed")
    ]
    assert (len(good), len(bad), rest) == (135, 15, [])
    assert bad[0].endswith(",9,closed_at: not_a_date")


async def held(app, workspace, id):
    async with workspace_transaction(app.state.worker.engine, workspace[0]) as db:
        found = await jobs.take(db, workspace[0], JobKind.IMPORT, id)
    assert found is not None
    return found


@pytest.fixture
def away(app):
    """The worker of the server looks elsewhere; the test is the worker."""
    serve = app.state.worker.serve
    app.state.worker.serve = lambda _: None
    yield
    app.state.worker.serve = serve


async def test_what_died_between_chunks_goes_on_where_it_was(
    client, app, workspace, away, monkeypatch
):
    process = await make_process(client)
    id = await started(client, process, deals(150))
    engine, begin, written = app.state.worker.engine, chunks.begin, []

    async def dying(work, import_id, number):
        if len(written) == 2:
            raise OSError("the power went")
        written.append(number)
        return await begin(work, import_id, number)

    monkeypatch.setattr(chunks, "begin", dying)
    first = await held(app, workspace, id)
    with pytest.raises(OSError, match="power"):
        await run(engine, CLOCK, first, rows=40)
    monkeypatch.setattr(chunks, "begin", begin)
    found = (await client.get(f"/v1/imports/{id}")).json()
    assert (found["state"], found["chunks"]) == ("running", 4)
    halfway = found["counts"]["read"]
    assert 0 < halfway < 150
    rest = (await result(client, found, "unprocessed")).splitlines()[1:]
    assert len(rest) == 150 - halfway
    await jobs.release(engine, first)
    await run(engine, CLOCK, await held(app, workspace, id), rows=7)  # cut as it was
    done = (await client.get(f"/v1/imports/{id}")).json()
    assert (done["chunks"], counts(done)) == (4, {"read": 150, "created": 135, "rejected": 15})


async def test_a_zombie_writes_nothing(client, app, workspace, away):
    """It held the lease, was taken for dead, and goes on after another has taken over."""
    process = await make_process(client)
    id = await started(client, process, deals(150))
    engine = app.state.worker.engine
    zombie = await held(app, workspace, id)
    expired = "UPDATE jobs SET lease_until = now() - interval '1 s' WHERE workspace_id = :ws"
    async with workspace_transaction(engine, workspace[0]) as db:
        await db.execute(text(expired), {"ws": workspace[0]})
    heir = await held(app, workspace, id)
    await run(engine, CLOCK, zombie, rows=40)
    found = (await client.get(f"/v1/imports/{id}")).json()
    assert (found["state"], counts(found)) == ("running", {})
    assert (await client.get("/v1/opportunities")).json()["data"] == []
    await run(engine, CLOCK, heir, rows=40)
    assert counts(await finished(client, id))["created"] == 135


async def test_two_imports_of_the_same_deals_in_opposite_order_do_not_meet(
    client, app, workspace, away
):
    process = await make_process(client)
    rows = deals(150).splitlines(keepends=True)[1:]
    files = (HEADER + "".join(rows), HEADER + "".join(reversed(rows)).replace(".50", ".75"))
    ids = [await started(client, process, file) for file in files]
    both = [await held(app, workspace, id) for id in ids]
    engine = app.state.worker.engine
    await asyncio.gather(*(run(engine, CLOCK, one, rows=40) for one in both))
    ended = [(await client.get(f"/v1/imports/{id}")).json() for id in ids]
    assert [job["state"] for job in ended] == ["completed_with_errors"] * 2
    assert sum(job["counts"]["created"] for job in ended) == 135
    assert len(await types(client)) == 135


async def test_what_is_cancelled_halfway_keeps_its_chunks_and_says_which_rows_are_left(
    client, app, workspace, away, monkeypatch
):
    process = await make_process(client)
    id = await started(client, process, deals(150))
    begin, written = chunks.begin, []

    async def cancelling(work, import_id, number):
        if len(written) == 2:
            assert (await client.post(f"/v1/imports/{id}/cancel")).status_code == 200
        written.append(number)
        return await begin(work, import_id, number)

    monkeypatch.setattr(chunks, "begin", cancelling)
    await run(app.state.worker.engine, CLOCK, await held(app, workspace, id), rows=40)
    found = (await client.get(f"/v1/imports/{id}")).json()
    sizes = [
        len((await result(client, found, file)).splitlines()) - 1
        for file in ("successful", "failed", "unprocessed")
    ]
    assert found["state"] == "cancelled"
    assert sum(sizes) == 150
    assert sizes[0] == found["counts"]["created"] > 0
    assert sizes[2] == 150 - found["counts"]["read"] > 0


async def test_two_ways_to_write_an_id_are_one_deal_wherever_they_stand(client, small):
    """The mapping says that they are one; the last line of the file wins, as without chunks."""
    process = await make_process(client)
    ways = [f"D{i},A,P,1.00,2024-01-01,open,\n" for i in range(60)]
    others = [f"Deal {i},A,P,2.00,2024-01-01,open,\n" for i in range(60)]
    fix = {"external_id": {f"Deal {i}": f"D{i}" for i in range(60)}}
    file = HEADER + "".join(ways + others)
    job = await bring(client, "opportunities", file, {"fix": fix}, process_id=process["id"])
    assert (job["chunks"], counts(job)) == (4, {"read": 120, "created": 60, "rejected": 60})
    found = (await client.get("/v1/opportunities", params={"limit": 200})).json()["data"]
    assert {row["value"]["amount"] for row in found} == {"2.00"}
    good, bad, rest = [
        (await result(client, job, file)).splitlines()[1:]
        for file in ("successful", "failed", "unprocessed")
    ]
    assert (good, rest) == ([row.rstrip() for row in others], [])
    assert all(row.endswith("duplicate_in_file") for row in bad)
