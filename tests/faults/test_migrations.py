"""A migration beside traffic: down and up again on a database with something in it, and no 5xx.

The last few of them; `BACKCAST_LONG=1` asks for all, with twenty thousand deals.
"""

import asyncio
import os
from contextlib import asynccontextmanager
from itertools import count, cycle

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.database import Database, driven
from app.core.migrations import folder, head
from app.core.refusals import state_of
from app.core.roles import APP
from app.domain.imports.run import import_file
from app.migrate import run
from app.schemas.imports import ImportIn
from tests import databases
from tests.conftest import CLOCK, SERVER, new_workspace
from tests.deals import make_deal, make_process
from tests.faults.conftest import caller, service
from tests.faults.deals_file import as_file, deals
from tests.faults.workshop import LONG

REVISIONS = sorted(path.stem for path in (folder() / "versions").glob("*.py"))
FEW, ALL = 3, len(REVISIONS) - 1
ROWS = 24_000 if LONG else 0
ATTEMPTS = 20
LOCKED = "55P03"
# What may be asked, if the release of the test can ask it of the tables as they were before.
ASKED = ("/v1/me", "/v1/products", "/v1/teams", "/v1/people", "/v1/accounts", "/v1/processes")
TABLES = (
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname <> 'alembic_version'"
    " AND relnamespace = 'public'::regnamespace"
)


@pytest.fixture
async def filled(worker_id, tmp_path):
    """A database of its own with a little of everything, and a service on it."""
    server = driven(os.environ[SERVER])
    name = f"backcast_moving_{os.getpid()}_{worker_id}"
    await databases.make_migrated(server, name)
    url = server.set(database=name)
    database = Database(url, url, APP)
    owner = database.owner_engine()
    async with service(database) as app:
        workspace_id, key = await new_workspace(app.state.engine)
        async with caller(app, key) as client:
            process = await make_process(client)
            for number in range(3):
                await make_deal(client, f"Deal {number}")
            if ROWS:
                await bring_many(app, workspace_id, process, tmp_path / "deals.csv")
            yield app, client, owner
    await owner.dispose()
    await databases.drop(server, name)


async def bring_many(app, workspace_id, process, path):
    """So many that a table which is looked at or written anew takes its time."""
    path.write_bytes(as_file(deals(ROWS)))
    spec = ImportIn(object="opportunities", process_id=process["id"], source="crm")
    engine = app.state.worker.engine
    done = await import_file(engine, workspace_id, path=path, spec=spec, clock=CLOCK)
    assert done.counts.created > ROWS // 2


@asynccontextmanager
async def traffic(*askers):
    """Each asks again and again, beside the others, until the block ends; gives the answers."""
    answers, over = [], asyncio.Event()

    async def ask(asker):
        while not over.is_set():
            answers.append(await asker())

    asking = [asyncio.create_task(ask(asker)) for asker in askers]
    try:
        yield answers
    finally:
        over.set()
        await asyncio.gather(*asking)


def reading(client, paths):
    """One path after the other."""
    turn = cycle(paths)
    return lambda: client.get(next(turn))


def writing(client):
    number = count()
    return lambda: client.post("/v1/products", json={"key": f"p{next(number)}", "name": "P"})


def looking(engine, tables, waited):
    """What any release does: look into a table, and wait for it no longer than a service does.

    Where it waited in vain, which a service would answer with 409, the table is added to `waited`.
    """
    turn = cycle(sorted(tables))

    async def look():
        table = next(turn)
        try:
            async with engine.connect() as db:
                await db.execute(text(f"SELECT FROM {table} LIMIT 1"))
        except DBAPIError as error:
            if state_of(error) != LOCKED:
                raise
            waited.append(table)

    return look


async def answerable(client):
    """What this release can ask of the tables as they are now."""
    return [path for path in ASKED if (await client.get(path)).status_code == 200]


async def move(engine, step):
    """A migration that met somebody else's lock has done nothing and is simply started again."""
    for _ in range(ATTEMPTS):
        try:
            return await run(engine, step)
        except DBAPIError as error:
            if state_of(error) != LOCKED:
                raise
    raise AssertionError


async def rows(owner):
    """Table → how many rows it has."""
    async with owner.connect() as db:
        tables = await db.scalars(text(TABLES))
        return {
            table: await db.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608 - ours
            for table in tables
        }


async def up_and_down(filled):
    """Down by one; then up and down again beside traffic, which hears nothing of it.

    Gives the tables for which somebody waited in vain.
    """
    app, client, owner = filled
    waited = []
    await move(owner, lambda config: command.downgrade(config, "-1"))
    paths, before = await answerable(client), await rows(owner)
    askers = [looking(app.state.engine, before, waited)]
    askers += [reading(client, paths), writing(client)] if len(paths) == len(ASKED) else []
    async with traffic(*askers) as answers:
        await move(owner, lambda config: command.upgrade(config, "+1"))
        await move(owner, lambda config: command.downgrade(config, "-1"))
    assert answers
    assert [(a.request.url.path, a.text) for a in answers if a and a.is_server_error] == []
    after = await rows(owner)
    assert {table: many for table, many in before.items() if after[table] < many} == {}
    return waited


async def test_up_and_down_again_beside_traffic_breaks_nothing(filled):
    """What could be asked before a migration can be asked during it, and afterwards."""
    _, client, owner = filled
    before = (await client.get("/v1/opportunities")).json()
    for _ in range(FEW):
        assert await up_and_down(filled) == []
    await move(owner, lambda config: command.upgrade(config, "head"))
    assert (await client.get("/readyz")).status_code == 200
    assert (await client.get("/v1/opportunities")).json() == before


@pytest.mark.skipif(not LONG, reason="BACKCAST_LONG=1 asks for all migrations")
@pytest.mark.timeout(1800)
async def test_every_migration_goes_down_and_up_beside_traffic(filled):
    """Tables go with the migration that made them; no other loses a row.

    Migrations before the first release may hold a filled table for longer than a request waits:
    which do is shown by `pytest -s`.
    """
    _, client, owner = filled
    for number in range(ALL):
        waited = await up_and_down(filled)
        print(REVISIONS[-1 - number], "waited for", sorted(set(waited)))  # noqa: T201 - `pytest -s`
    await move(owner, lambda config: command.upgrade(config, "head"))
    assert (await client.get("/readyz")).status_code == 200


async def test_a_column_that_is_added_meanwhile_breaks_no_prepared_statement(filled):
    """Every connection has its statements prepared for the table as it was."""
    _, client, owner = filled
    async with traffic(reading(client, ASKED), writing(client)) as answers:
        for table in ("api_keys", "products", "workspaces"):
            async with owner.begin() as db:
                await db.execute(text(f"ALTER TABLE {table} ADD COLUMN later text"))
            seen = len(answers)
            while len(answers) < seen + 20:
                await asyncio.sleep(0.01)
    assert {a.status_code for a in answers} == {200, 201}


def test_the_revisions_are_those_of_the_folder():
    assert REVISIONS[-1] == head()
