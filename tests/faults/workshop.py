"""A workshop of its own for each test that breaks it: server, database, workspace, workers."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree

import pytest

from app import boot
from app.core.database import Database, driven, workspace_transaction
from app.core.postgres import running
from app.core.roles import APP, WORKER
from app.core.settings import Settings
from app.core.work import Work
from app.domain import processes
from app.domain.access import home
from app.domain.imports import register, results, upload
from app.domain.ledger import recounting
from app.domain.ledger.kinds import KINDS
from app.domain.workspaces import create_workspace
from app.migrate import migrate
from app.schemas.imports import ImportIn, ResultFile
from app.schemas.processes import ProcessIn
from tests.postgres.conftest import QUICK, ROOT, postmaster, sql, until

LONG = "BACKCAST_LONG" in os.environ
CHUNK_ROWS = 5_000 if LONG else 400
RUN = "import sys; from app.cli import main; sys.exit(main())"
COMMANDS = {"worker": ["worker"], "serve": ["serve", "--port", "0"]}


class Workshop:
    def __init__(self, place: Path, **options: str) -> None:
        self.place = place
        self.options = {**QUICK, **options}
        self.stack = ExitStack()
        self.server = self.stack.enter_context(running(place, options=self.options))
        self.database = Database(
            driven(self.server.url(WORKER, boot.NAME)),
            driven(self.server.url("postgres", boot.NAME)),
            APP,
        )
        asyncio.run(boot.prepare(self.server, self.database, migrate))
        self.workers: dict[int, subprocess.Popen[bytes]] = {}

    def ask(self, statement: str) -> str:
        return sql(self.server, statement, boot.NAME)

    def worker(self, kind: str = "worker", **knobs: object) -> "subprocess.Popen[bytes]":
        """One more that does jobs, in a process of its own; `serve` answers beside it."""
        said = {f"BACKCAST_{name.upper()}": str(value) for name, value in knobs.items()}
        env = (
            os.environ
            | said
            | {
                "BACKCAST_DATABASE_URL": self.server.url(WORKER, boot.NAME),
                "BACKCAST_OWNER_URL": self.server.url("postgres", boot.NAME),
                "BACKCAST_IMPORT_CHUNK_ROWS": str(CHUNK_ROWS),
            }
        )
        command = [sys.executable, "-c", RUN, *COMMANDS[kind]]
        started = subprocess.Popen(command, cwd=ROOT, env=env)  # noqa: S603 - ours
        self.workers[started.pid] = started
        return started

    def knobs(self) -> dict[str, str]:
        return {
            "database_url": self.server.url(WORKER, boot.NAME),
            "owner_url": self.server.url("postgres", boot.NAME),
            "import_chunk_rows": str(CHUNK_ROWS),
        }

    def holder(self) -> int | None:
        """The process that holds the lease of the import, if one does."""
        held = self.ask("SELECT worker FROM jobs WHERE kind = 'import' AND state = 'running'")
        return int(held.rpartition(":")[2]) if held else None

    def kill(self, started: "subprocess.Popen[bytes]") -> None:
        """kill -9. A lease it held is not waited for, unless there is time for everything."""
        started.kill()
        started.wait()
        if not LONG:
            own = f"state = 'running' AND worker LIKE '%:{started.pid}'"
            self.ask(f"UPDATE jobs SET lease_until = now() WHERE {own}")  # noqa: S608 - ours

    def crash(self) -> None:
        """kill -9 for the server, and up again."""
        os.kill(postmaster(self.place), signal.SIGKILL)
        self.stack.close()
        self.server = self.stack.enter_context(running(self.place, options=self.options))

    def inside(self, act):
        """`act(engine, work)` in a transaction of the workspace."""

        async def go():
            engine = self.database.patient_engine(Settings(_env_file=None))
            try:
                async with workspace_transaction(engine, self.workspace) as db:
                    own = await home(db, self.workspace)
                    work = Work(db, self.workspace, own, datetime.now(UTC), "test")
                    return await act(engine, work)
            finally:
                await engine.dispose()

        return asyncio.run(go())

    def settle(self) -> None:
        async def go():
            engine = self.database.patient_engine(Settings(_env_file=None))
            self.workspace = await create_workspace(engine, datetime.now(UTC), name="Home")
            await engine.dispose()

        asyncio.run(go())

        async def process(_, work):
            wanted = ProcessIn(key="sales", name="Sales", template="milestone-selling-5")
            await processes.create(work, wanted)

        self.inside(process)

    def start(self, file: bytes) -> str:
        """The id of an import of deals that is queued."""
        spec = {"object": "opportunities", "process_id": "sales", "source": "crm"}

        async def made(_, work):
            return (await register.create(work, ImportIn.model_validate(spec))).id

        id = self.inside(made)

        async def pieces():
            yield file

        async def sent(engine, _):
            await upload.store(engine, self.workspace, id, pieces())

        self.inside(sent)
        self.inside(lambda _, work: register.start(work, id))
        return str(id)

    def state(self, id: str) -> str:
        return self.ask(f"SELECT state FROM imports WHERE id = '{id}'")  # noqa: S608

    def chunks(self, id: str) -> int:
        return int(self.ask(f"SELECT count(*) FROM import_chunks WHERE import_id = '{id}'"))  # noqa: S608

    def lines(self, id: str, file: ResultFile) -> list[str]:
        async def read(engine, work):
            result = await results.result(work, id, file)
            return b"".join([piece async for piece in results.written(engine, result)])

        return self.inside(read).decode().splitlines()[1:]

    def differences(self):
        """Between the ledger and what it sums up."""

        async def found(_, work):
            kinds = [await recounting.differences(work, table) for table in KINDS]
            return [each for kind in kinds for each in kind]

        return self.inside(found)

    def close(self) -> None:
        for each in self.workers.values():
            each.kill()
            each.wait()
        self.stack.close()


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    place = Path(tempfile.mkdtemp(prefix="backcast-fault-", dir="/tmp"))
    place.chmod(0o711)
    workshop = Workshop(place / "pg")
    workshop.settle()
    yield workshop
    workshop.close()
    rmtree(place)


__all__ = ["LONG", "Workshop", "until"]
