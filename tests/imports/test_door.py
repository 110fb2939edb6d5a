from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain import jobs
from app.domain.access import Scope, home
from app.domain.imports import register
from app.domain.imports.run import import_file
from app.schemas.imports import ImportIn
from app.schemas.jobs import JobKind
from tests.conftest import CLOCK
from tests.deals import make_process
from tests.imports.support import bring, counts, finished, make, send, until

KILL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database()"
    " AND (application_name = 'backcast worker' OR application_name LIKE 'backcast job %')"
)
FILE = "name,country\na,x\nb,x\n"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/problems"),
        ("GET", "/results/failed.csv"),
        ("PUT", "/content"),
        ("POST", "/start"),
        ("POST", "/cancel"),
    ],
)
async def test_another_workspace_finds_what_a_random_id_finds(client, neighbour, method, path):
    made = await make(client, "accounts")
    headers = {"Content-Type": "text/csv"} if method == "PUT" else {}
    answers = []
    for id in (made["id"], str(uuid4())):
        answer = await neighbour.request(method, f"/v1/imports/{id}{path}", headers=headers)
        body = answer.json() | {"request_id": None, "instance": None}
        answers.append((answer.status_code, str(body).replace(id, "ID")))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


async def test_a_process_of_another_workspace_is_not_found(client, neighbour):
    process = await make_process(neighbour)
    body = {"object": "events", "source": "crm", "process_id": process["id"]}
    assert (await client.post("/v1/imports", json=body)).status_code == 404


async def test_without_a_key_or_the_scope_nobody_imports(stranger, limited):
    reader = await limited(Scope.OPPORTUNITIES_READ)
    id = uuid4()
    for caller, status in ((stranger, 401), (reader, 403)):
        assert (await caller.get("/v1/imports")).status_code == status
        answer = await caller.put(
            f"/v1/imports/{id}/content", content=b"x", headers={"Content-Type": "text/csv"}
        )
        assert answer.status_code == status
        assert (await caller.get(f"/v1/imports/{id}/results/failed.csv")).status_code == status


@pytest.mark.parametrize(
    ("object", "mapping", "pointer", "code"),
    [
        ("accounts", {"columns": {"a": "nome"}}, "/mapping/columns/a", "unknown_field"),
        (
            "accounts",
            {"columns": {"a/b": "name", "b": "name"}},
            "/mapping/columns/a~1b",
            "field_twice",
        ),
        ("accounts", {"columns": {"a": "country"}}, "/mapping/columns", "missing"),
        ("accounts", {"timezone": "Mars/Base"}, "/mapping/timezone", "unknown_time_zone"),
        ("accounts", {"stages": {"x": {}}}, "/mapping/stages/x", "one_meaning"),
        ("opportunities", {}, "/process_id", "missing"),
    ],
)
async def test_a_mapping_that_cannot_be_meant_is_refused_at_once(
    client, object, mapping, pointer, code
):
    body = {"object": object, "source": "crm", "mapping": mapping}
    answer = await client.post("/v1/imports", json=body)
    assert answer.status_code == 422
    assert (answer.json()["errors"][0]["pointer"], answer.json()["errors"][0]["code"]) == (
        pointer,
        code,
    )


async def test_a_stage_can_only_mean_a_milestone_of_the_process(client):
    process = await make_process(client)
    mapping = {"stages": {"Won": {"reached": "cheers"}}}
    body = {"object": "events", "source": "x", "process_id": process["key"], "mapping": mapping}
    answer = await client.post("/v1/imports", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "unknown_milestone"


async def test_a_file_may_be_replaced_until_the_import_is_started(client):
    made = await make(client, "accounts")
    await send(client, made["id"], "name\nold\n" * 1000)
    seen = await send(client, made["id"], FILE)
    assert (seen["size"], seen["state"]) == (len(FILE), "open")
    answer = await client.post(f"/v1/imports/{made['id']}/start")
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/imports/{made['id']}"
    assert counts(await finished(client, made["id"])) == {"read": 2, "created": 2}
    late = await client.put(
        f"/v1/imports/{made['id']}/content", content=b"x", headers={"Content-Type": "text/csv"}
    )
    assert (late.status_code, late.json()["code"]) == (409, "import-state")


async def test_an_import_without_a_file_cannot_be_started(client):
    made = await make(client, "accounts")
    answer = await client.post(f"/v1/imports/{made['id']}/start")
    assert (answer.status_code, answer.json()["code"]) == (409, "import-state")


async def test_a_cancelled_import_never_runs(client):
    made = await make(client, "accounts")
    await send(client, made["id"], FILE)
    answer = await client.post(f"/v1/imports/{made['id']}/cancel")
    assert answer.json()["state"] == "cancelled"
    assert (await client.post(f"/v1/imports/{made['id']}/start")).status_code == 409
    assert (await client.post(f"/v1/imports/{made['id']}/cancel")).status_code == 409


async def test_imports_are_listed_newest_first_and_by_state(client, clock, statements):
    for _ in range(3):
        clock.forward(minutes=1)
        await make(client, "accounts")
    statements.clear()
    answer = await client.get("/v1/imports", params={"limit": 2, "state": "open"})
    assert len(statements) < 8
    page = answer.json()
    assert len(page["data"]) == 2
    more = await client.get(
        "/v1/imports", params={"limit": 2, "state": "open", "cursor": page["next_cursor"]}
    )
    dates = [row["created_at"] for row in page["data"] + more.json()["data"]]
    assert dates == sorted(dates, reverse=True)
    assert (await client.get("/v1/imports", params={"state": "failed"})).json()["data"] == []


async def test_problems_come_page_by_page(client):
    job = await bring(client, "accounts", "name,country\n" + ",x\n" * 5)
    found, cursor = [], None
    while True:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(f"/v1/imports/{job['id']}/problems", params=asked)).json()
        found += [problem["line"] for problem in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == [2, 3, 4, 5, 6]
    bad = await client.get(f"/v1/imports/{job['id']}/problems", params={"cursor": "abc"})
    assert bad.json()["code"] == "invalid-cursor"


async def test_details_are_in_the_language_of_the_reader(client):
    job = await bring(client, "accounts", "name,country\n,x\n")
    german = {"Accept-Language": "de"}
    answer = await client.get(f"/v1/imports/{job['id']}/problems", headers=german)
    assert answer.json()["data"][0]["detail"] == "hier wird ein Wert gebraucht"


async def test_the_number_of_statements_does_not_grow_with_the_rows(client, app):
    """Counted on the import's own connection: progress and leases follow the clock."""
    seen: dict[object, list[str]] = {}

    def remember(connection: object, _: object, statement: str, *__: object) -> None:
        seen.setdefault(connection, []).append(statement)

    engine = app.state.worker.engine.sync_engine
    event.listen(engine, "before_cursor_execute", remember)
    sent = []
    process = await make_process(client)
    header = "external_id,account,owner,value,status,closed_at\n"
    for rows in (10, 1000):
        seen.clear()
        file = header + "".join(f"{rows}-{i},A{i},P{i},{i},won,2026-03-04\n" for i in range(rows))
        job = await bring(client, "opportunities", file, process_id=process["id"])
        assert counts(job) == {"read": rows, "created": rows}
        sent += [len(told) for told in seen.values() if any("staged_raw" in one for one in told)]
    event.remove(engine, "before_cursor_execute", remember)
    assert len(sent) == 2
    assert sent[0] == sent[1]


async def _expire(app, workspace_id, id):
    """As if the worker that runs it had not been heard of for a while."""
    statements = (
        "UPDATE jobs SET state = 'running', lease_until = now() - interval '1 s'"
        " WHERE workspace_id = :ws AND subject = :id",
        "UPDATE imports SET state = 'running' WHERE workspace_id = :ws AND id = CAST(:id AS uuid)",
    )
    async with workspace_transaction(app.state.worker.engine, workspace_id) as db:
        for statement in statements:
            await db.execute(text(statement), {"ws": workspace_id, "id": str(id)})


async def test_what_a_dead_worker_left_is_taken_up_again(client, app, workspace):
    made = await make(client, "accounts")
    await send(client, made["id"], FILE)
    await client.post(f"/v1/imports/{made['id']}/start")
    first = await finished(client, made["id"])
    await _expire(app, workspace[0], first["id"])
    assert workspace[0] in await jobs.due(app.state.worker.engine)
    await app.state.worker.wake(workspace[0])
    again = await finished(client, made["id"])
    assert counts(again) == {"read": 2, "created": 2}  # its chunk was written already


async def test_a_lease_is_held_by_one_and_lost_when_cancelled(client, app, workspace):
    made = await make(client, "accounts")
    await send(client, made["id"], FILE)
    engine, id = app.state.worker.engine, UUID(made["id"])
    async with workspace_transaction(engine, workspace[0]) as db:
        work = Work(db, workspace[0], await home(db, workspace[0]), CLOCK.now, "test")
        await register.start(work, id)
        job = await jobs.take(db, workspace[0], JobKind.IMPORT, id)
    assert job is not None
    assert await jobs.claim(engine, workspace[0]) is None
    assert await jobs.beat(engine, job)
    assert (await client.post(f"/v1/imports/{made['id']}/cancel")).status_code == 200
    assert not await jobs.beat(engine, job)


async def test_a_file_can_be_imported_without_a_server(app, client, workspace, tmp_path):
    path = tmp_path / "accounts.csv"
    path.write_text(FILE)
    phases = []
    job = await import_file(
        app.state.worker.engine,
        workspace[0],
        path=path,
        spec=ImportIn.model_validate({"object": "accounts", "source": "crm"}),
        clock=CLOCK,
        progress=lambda *told: phases.append(told[2]),
    )
    assert (job.state, job.counts.created) == ("completed", 2)
    assert phases[0] == "waiting"
    assert phases[-1] == "finishing"


async def _under_way(client, rows: int) -> str:
    """The id of a large import that is being written."""
    made = await make(client, "accounts")
    lines = "".join(f"{i},Account {i},{i % 7}\n" for i in range(rows))
    await send(client, made["id"], "external_id,name,country\n" + lines)
    await client.post(f"/v1/imports/{made['id']}/start")

    async def writing() -> bool:
        found = (await client.get(f"/v1/imports/{made['id']}")).json()
        return found["progress"]["phase"] == "writing"

    await until(writing)
    return made["id"]


async def _idle(app, workspace_id) -> None:
    async def idle() -> bool:
        return workspace_id not in app.state.worker.busy

    await until(idle)


async def test_an_import_cancelled_under_way_leaves_nothing(client, app, workspace):
    id = await _under_way(client, 60_000)
    assert (await client.post(f"/v1/imports/{id}/cancel")).json()["state"] == "cancelled"
    await _idle(app, workspace[0])
    assert (await client.get("/v1/accounts")).json()["data"] == []
    found = (await client.get(f"/v1/imports/{id}")).json()
    assert (found["state"], counts(found)) == ("cancelled", {})


async def test_a_lost_connection_leaves_the_import_to_the_next_worker(
    client, app, workspace, database
):
    administration = create_async_engine(database.owner)
    async with administration.connect() as db:  # ready before there is anything to break
        id = await _under_way(client, 60_000)
        await db.execute(text(KILL))
    await administration.dispose()
    await _idle(app, workspace[0])
    assert (await client.get(f"/v1/imports/{id}")).json()["state"] == "running"
    await _expire(app, workspace[0], id)
    await app.state.worker.wake(workspace[0])
    assert counts(await finished(client, id)) == {"read": 60_000, "created": 60_000}
