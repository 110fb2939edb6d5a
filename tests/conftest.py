"""A real PostgreSQL for the run, a database for each worker, a workspace with keys for each test.

Tests commit like the product does. What keeps them apart is what keeps customers apart.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import httpx2 as httpx
import hypothesis
import pytest
from fastapi import FastAPI
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import Database, driven, workspace_transaction
from app.core.postgres import running
from app.core.roles import APP
from app.core.settings import Settings
from app.core.work import Work
from app.domain.access import Scope, create_key, home
from app.domain.workspaces import create_workspace
from app.main import create_app, document
from tests import databases
from tests.contract.conformance import faults
from tests.faults import elsewhere
from tests.start import settle

SERVER = "BACKCAST_TEST_SERVER"
# Where the process that started the run has written down the contract.
DESCRIBED = "BACKCAST_TEST_DOCUMENT"
NOW = datetime(2026, 7, 20, 9, 30, tzinfo=UTC)
LIMITS = {name for name in Settings.model_fields if name.startswith("limit_")} - {"limit_seconds"}
# Durable through nothing: the data of a test run is worth nothing after it.
FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


# How long an example takes says something of the machine, not of what is shown.
hypothesis.settings.register_profile(
    "backcast",
    max_examples=100 if "BACKCAST_LONG" in os.environ else 40,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("backcast")


def pytest_configure(config: pytest.Config) -> None:
    """One server for all workers: made by the process that started the run."""
    if hasattr(config, "workerinput") or SERVER in os.environ:
        return
    elsewhere.add_to(config)
    given = os.environ.pop("BACKCAST_DATABASE_URL", "")
    stack = ExitStack()
    described = Path(stack.enter_context(TemporaryDirectory())) / "openapi.json"
    described.write_text(json.dumps(DOCUMENT))
    os.environ[DESCRIBED] = str(described)
    if not given:
        folder = Path(mkdtemp(prefix="backcast-tests-"))
        stack.callback(rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        server = stack.enter_context(running(folder / "pg", options=FAST))
        given = server.url("postgres", "postgres")
    os.environ[SERVER] = given
    os.environ[databases.TEMPLATE] = template = f"backcast_template_{os.getpid()}"
    stack.callback(asyncio.run, databases.drop(driven(given), template))
    config.add_cleanup(stack.close)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several work, what takes long comes first: nobody is left alone with it at the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    settle()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def database(worker_id: str) -> Iterator[Database]:
    """A database at this release's version, gone after the run."""
    server = driven(os.environ[SERVER])
    name = f"backcast_test_{os.getpid()}_{worker_id}"
    asyncio.run(databases.make_migrated(server, name))
    yield Database(server.set(database=name), server.set(database=name), APP)
    asyncio.run(databases.drop(server, name))


class Clock:
    """The time of the service, set by the test."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **step: float) -> datetime:
        self.now += timedelta(**step)
        return self.now


def contract() -> dict[str, Any]:
    """As the code has it. To describe it takes seconds: once for a run, not for every worker."""
    described = os.environ.get(DESCRIBED)
    return json.loads(Path(described).read_text()) if described else document()


CLOCK = Clock(NOW)
DOCUMENT = contract()


@pytest.fixture
def clock() -> Iterator[Clock]:
    CLOCK.now = NOW
    yield CLOCK
    CLOCK.now = NOW


@pytest.fixture(scope="session")
def settings() -> Settings:
    # Every test calls from one address, and some call often: limits have an app of their own.
    many = dict.fromkeys(LIMITS, 1_000_000)
    return Settings(_env_file=None, pool_size=5, rounds=False, **many)


@pytest.fixture(scope="session")
async def app(database: Database, settings: Settings, anyio_backend: str) -> AsyncIterator[FastAPI]:
    app = create_app(settings, database, clock=CLOCK)
    async with app.router.lifespan_context(app):
        settle()
        yield app


@pytest.fixture(scope="session")
def engine(app: FastAPI) -> AsyncEngine:
    return app.state.engine


async def new_workspace(engine: AsyncEngine, **settings: object):
    """A workspace and a key for everything in it."""
    id = await create_workspace(engine, CLOCK.now, name="Home", **settings)
    return id, await new_key(engine, id, list(Scope))


async def new_key(engine: AsyncEngine, workspace_id, scopes, expires_at=None) -> str:
    async with workspace_transaction(engine, workspace_id) as db:
        work = Work(db, workspace_id, await home(db, workspace_id), CLOCK.now, "test")
        _, secret = await create_key(work, "test", scopes, expires_at)
    return secret


def client_with(app: FastAPI, secret: str | None) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    hooks = {"response": [keeps_the_contract]}
    return httpx.AsyncClient(
        transport=transport, base_url="http://test", headers=headers, event_hooks=hooks
    )


async def keeps_the_contract(answer: httpx.Response) -> None:
    """Every answer any test gets is one that the contract describes."""
    await answer.aread()
    method, path = answer.request.method, answer.request.url.path
    assert faults(DOCUMENT, method, path, answer) == []


@pytest.fixture
async def workspace(engine: AsyncEngine, clock: Clock):
    """(id, key) of a fresh workspace in Berlin that counts in euros."""
    return await new_workspace(engine, time_zone="Europe/Berlin", currency="EUR")


@pytest.fixture
async def client(app: FastAPI, workspace) -> AsyncIterator[httpx.AsyncClient]:
    """A caller whose key may do everything in the test's workspace."""
    async with client_with(app, workspace[1]) as client:
        yield client


@pytest.fixture
async def neighbour(app: FastAPI, engine: AsyncEngine, clock: Clock):
    """A caller with full rights in another workspace."""
    _, key = await new_workspace(engine)
    async with client_with(app, key) as client:
        yield client


@pytest.fixture
async def stranger(app: FastAPI):
    """A caller without a key."""
    async with client_with(app, None) as client:
        yield client


@pytest.fixture
async def limited(app: FastAPI, engine: AsyncEngine, workspace):
    """Callers of the test's workspace whose keys hold just the scopes named."""
    clients = []

    async def make(*scopes: Scope) -> httpx.AsyncClient:
        client = client_with(app, await new_key(engine, workspace[0], list(scopes)))
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.aclose()


@pytest.fixture
async def work(engine: AsyncEngine, workspace) -> AsyncIterator[Work]:
    """A transaction in the test's workspace, for a look into the database."""
    async with workspace_transaction(engine, workspace[0]) as db:
        yield Work(db, workspace[0], await home(db, workspace[0]), CLOCK.now, "test")


@pytest.fixture
def statements(engine: AsyncEngine) -> Iterator[list[str]]:
    """Every SQL statement the service sent since the test began (or since `.clear()`)."""
    seen: list[str] = []

    def remember(*args: object) -> None:
        seen.append(str(args[2]))

    event.listen(engine.sync_engine, "before_cursor_execute", remember)
    yield seen
    event.remove(engine.sync_engine, "before_cursor_execute", remember)
