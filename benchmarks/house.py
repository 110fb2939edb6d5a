"""A PostgreSQL of its own with Backcast's tables, durable as in production, and a way to serve it.

Without a folder it is made for one run and thrown away. A folder is kept, so that a large world
is filled once and measured often.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from app.boot import NAME, prepare
from app.core.database import Database, driven, workspace_transaction
from app.core.postgres import Server, running
from app.core.roles import APP, WORKER
from app.core.settings import Settings
from app.core.work import Work
from app.domain.access import Scope, create_key, home
from app.domain.workspaces import create_workspace
from app.migrate import migrate
from benchmarks.bench import Meter

NO_OPTIONS: Mapping[str, str] = {}
# Nobody is counted out during a measurement.
LIMITS = {name for name in Settings.model_fields if name.startswith("limit_")} - {"limit_seconds"}


@dataclass(frozen=True, slots=True)
class House:
    server: Server
    database: Database
    settings: Settings
    postmaster: int

    @property
    def meter(self) -> Meter:
        """This process and PostgreSQL."""
        return Meter([self.postmaster])

    def environment(self) -> dict[str, str]:
        """For a server in a process of its own: `backcast serve` on this database."""
        limits = {f"BACKCAST_{name.upper()}": "100000000" for name in LIMITS}
        return limits | {
            "BACKCAST_DATABASE_URL": self.server.url(WORKER, NAME),
            "BACKCAST_ROUNDS": "false",
        }


@contextmanager
def house(folder: Path | None = None, options: Mapping[str, str] = NO_OPTIONS) -> Iterator[House]:
    """`options`: settings of PostgreSQL; without any it is started as the product starts it."""
    place = folder or Path(mkdtemp(prefix="backcast-bench-"))
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o755)
    try:
        with running(place / "pg", options=options) as server:
            found = Database(
                driven(server.url(WORKER, NAME)), driven(server.url("postgres", NAME)), APP
            )
            asyncio.run(prepare(server, found, migrate))
            yield House(server, found, _settings(), _postmaster(server))
    finally:
        if folder is None:
            rmtree(place, ignore_errors=True)


async def workspace(engine: AsyncEngine, name: str = "Bench") -> tuple[UUID, str]:
    """(id, key for everything) of a new workspace in Berlin that counts in euros."""
    now = datetime.now(UTC)
    id = await create_workspace(engine, now, name=name, time_zone="Europe/Berlin", currency="EUR")
    async with workspace_transaction(engine, id) as db:
        work = Work(db, id, await home(db, id), now, "benchmark")
        _, key = await create_key(work, name, list(Scope), None)
    return id, key


def _settings() -> Settings:
    many = dict.fromkeys(LIMITS, 100_000_000)
    return Settings(_env_file=None, rounds=False, **many)


def _postmaster(server: Server) -> int:
    lock = server.socket_dir / f".s.PGSQL.{server.port}.lock"
    return int(lock.read_text().splitlines()[0])
