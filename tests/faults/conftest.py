"""Services behind a bad line, and as processes that can be killed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import httpx2 as httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import URL

from app.boot import NAME, prepare
from app.core.database import Database, driven
from app.core.postgres import Server, running
from app.core.roles import APP, WORKER
from app.core.settings import Settings
from app.main import create_app
from app.migrate import migrate
from tests.conftest import CLOCK, LIMITS, new_workspace
from tests.events.fixtures import loopback, patient, post_office
from tests.faults.proxy import Proxy, between
from tests.faults.workshop import workshop
from tests.postgres.conftest import QUICK

__all__ = ["loopback", "patient", "post_office", "workshop"]

ROOT = Path(__file__).parents[2]
BACKCAST = [sys.executable, "-c", "import sys; from app.cli import main; sys.exit(main())"]


def place(url: URL) -> tuple[str, int]:
    """Where the server of a database listens: a host, or the directory of a socket."""
    host = url.host or url.query.get("host", "127.0.0.1")
    return str(host), int(url.port or url.query.get("port", 5432))


def through(proxy: Proxy, url: URL) -> URL:
    """The same database, over the bad line."""
    plain = url.difference_update_query(["host", "port"])
    return plain.set(host="127.0.0.1", port=proxy.port)


@pytest.fixture
async def line(database: Database) -> AsyncIterator[Proxy]:
    """A bad line to the database of the tests."""
    async with between(*place(database.app)) as proxy:
        yield proxy


@asynccontextmanager
async def service(database: Database, **knobs: object) -> AsyncIterator[FastAPI]:
    """A service of the test's own."""
    many = dict.fromkeys(LIMITS, 1_000_000)
    settings = Settings(_env_file=None, rounds=False, **{"pool_size": 4, **many, **knobs})
    app = create_app(settings, database, clock=CLOCK)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def far(database: Database, line: Proxy) -> AsyncIterator[FastAPI]:
    """A service whose database is behind the bad line."""
    reached = Database(through(line, database.app), database.owner, database.app_role)
    async with service(reached) as app:
        yield app


@dataclass
class Process:
    """A `backcast serve` of its own."""

    popen: "subprocess.Popen[bytes]"
    log: Path

    async def address(self) -> str:
        """Where it answers, as soon as it does; the test's own lines go on meanwhile."""
        async with asyncio.timeout(60):
            while "answers at" not in (said := self.log.read_text()):
                assert self.popen.poll() is None, said
                await asyncio.sleep(0.02)
        return said.partition("answers at ")[2].split()[0]

    def tell(self, what: signal.Signals) -> None:
        self.popen.send_signal(what)

    async def gone(self, seconds: float) -> int:
        """Its exit code; it has to be gone in time."""
        return await asyncio.to_thread(self.popen.wait, seconds)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator:
    """Start `backcast serve` with these settings; what is left of it afterwards is killed."""
    started: list[Process] = []

    def start(**settings: object) -> Process:
        said = {f"BACKCAST_{name.upper()}": str(value) for name, value in settings.items()}
        log = tmp_path / f"serve-{len(started)}.log"
        with log.open("wb") as out:
            popen = subprocess.Popen(  # noqa: S603 - ours
                [*BACKCAST, "serve", "--port", "0"],
                cwd=ROOT,
                env={**os.environ, "BACKCAST_ROUNDS": "false", **said},
                stderr=out,
            )
        started.append(Process(popen, log))
        return started[-1]

    yield start
    for process in started:
        process.popen.kill()
        process.popen.wait()


def caller(app: FastAPI, key: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)


@dataclass(frozen=True)
class House:
    """An installation with an embedded database of its own, which is shut down."""

    folder: Path
    key: str

    def database(self, server: Server) -> Database:
        return Database(
            driven(server.url(WORKER, NAME)), driven(server.url("postgres", NAME)), app_role=APP
        )


@pytest.fixture(scope="session")
def ground() -> Iterator[Path]:
    """Where every user may walk; pytest's own directories are closed to the database's."""
    place = Path(mkdtemp(prefix="backcast-faults-", dir="/tmp"))
    place.chmod(0o711)
    yield place
    rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def house(ground: Path) -> House:
    """One for all tests that need one; each leaves it shut down, and in order."""
    house = House(ground / "house", "")
    with running(house.folder, options=QUICK) as server:
        return replace(house, key=asyncio.run(_furnish(house.database(server), server)))


async def _furnish(database: Database, server: Server) -> str:
    await prepare(server, database, migrate)
    engine = database.engine(Settings(_env_file=None))
    _, key = await new_workspace(engine)
    await engine.dispose()
    return key
