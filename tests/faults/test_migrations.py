"""A migration beside traffic: down and up again on a database with something in it, and no 5xx.

The last few of them; `BACKCAST_LONG=1` asks for all.
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
from app.migrate import run
from tests import databases
from tests.conftest import SERVER, new_workspace
from tests.deals import make_deal, make_process
from tests.faults.conftest import caller, service

REVISIONS = sorted(path.stem for path in (folder() / "versions").glob("*.py"))
COUNT = len(REVISIONS) - 1 if "BACKCAST_LONG" in os.environ else 3
ATTEMPTS = 20
LOCKED = "55P03"
# What may be asked, if the release of the test can ask it of the tables as they were before.
ASKED = ("/v1/me", "/v1/products", "/v1/teams", "/v1/people", "/v1/accounts", "/v1/processes")
TABLES = (
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname <> 'alembic_version'"
    " AND relnamespace = 'public'::regnamespace"
)


@pytest.fixture
async def filled(worker_id):
    """A database of its own with a little of everything, and a service on it."""
    server = driven(os.environ[SERVER])
    name = f"backcast_moving_{os.getpid()}_{worker_id}"
    await databases.make_migrated(server, name)
    url = server.set(database=name)
    database = Database(url, url, APP)
    owner = database.owner_engine()
    async with service(database) as app:
        _, key = await new_workspace(app.state.engine)
        async with caller(app, key) as client:
            await make_process(client)
            for number in range(3):
                await make_deal(client, f"Deal {number}")
            yield app, client, owner
    await owner.dispose()
    await databases.drop(server, name)


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


def looking(engine, tables):
    """What any release does: look into a table, and wait for it no longer than a service does."""
    turn = cycle(sorted(tables))

    async def look():
        async with engine.connect() as db:
            await db.execute(text(f"SELECT FROM {next(turn)} LIMIT 1"))

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


async def test_up_and_down_again_beside_traffic_breaks_nothing(filled):
    """What could be asked before a migration can be asked during it, and afterwards."""
    app, client, owner = filled
    before = (await client.get("/v1/opportunities")).json()
    for _ in range(COUNT):
        await move(owner, lambda config: command.downgrade(config, "-1"))
        paths = await answerable(client)
        async with owner.connect() as db:
            tables = list(await db.scalars(text(TABLES)))
        askers = [looking(app.state.engine, tables)]
        askers += [reading(client, paths), writing(client)] if len(paths) == len(ASKED) else []
        async with traffic(*askers) as answers:
            await move(owner, lambda config: command.upgrade(config, "+1"))
            await move(owner, lambda config: command.downgrade(config, "-1"))
        said = [
            (a.request.url.path, a.text) for a in answers if a is not None and a.is_server_error
        ]
        assert said == []
        assert answers
    await move(owner, lambda config: command.upgrade(config, "head"))
    assert (await client.get("/readyz")).status_code == 200
    assert (await client.get("/v1/opportunities")).json() == before


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
