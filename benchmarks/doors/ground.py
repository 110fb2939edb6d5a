"""A durable PostgreSQL with a workspace of many opportunities, brought there by SQL."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from uuid import UUID

from sqlalchemy import text

from app import boot
from app.core.database import Database, workspace_transaction
from app.core.settings import Settings
from app.core.work import Work
from app.domain import processes, replay
from app.domain.access import Scope, create_key, home
from app.domain.workspaces import create_workspace
from app.migrate import migrate
from app.schemas.processes import ProcessIn

MILESTONES = [
    {"key": key, "name": key.title(), "customer_act": f"shows {key}", "target_rate": "0.5"}
    for key in ("interest", "invited", "need", "concept")
] + [{"key": "order", "name": "Order", "customer_act": "orders"}]

_DEALS = """
INSERT INTO opportunities (workspace_id, id, version, created_at, updated_at, name, process_id,
  version_id, source, attributes, business_chosen, status, position, clock_from, clock_held_days,
  owner_id)
SELECT :workspace, gen_random_uuid(), 0, at, at, 'Deal ' || n, :process, :version, 'benchmark',
  '{}', false, 'open', 0, at, 0, :owner
FROM generate_series(1, :many) n
CROSS JOIN LATERAL (SELECT CAST(:now AS timestamptz) - n * interval '5 minutes' AS at) made"""
_CREATED = """
INSERT INTO events (workspace_id, id, opportunity_id, kind, occurred_at, recorded_at, actor,
  source, reconstructed, correction, version_id, value, currency, owner_id)
SELECT workspace_id, gen_random_uuid(), id, 'created', created_at, created_at, 'benchmark',
  'benchmark', false, false, version_id, 100 * (1 + random() * 1000)::int, 'EUR', owner_id
FROM opportunities WHERE workspace_id = :workspace"""
_REACHED = """
INSERT INTO events (workspace_id, id, opportunity_id, kind, occurred_at, recorded_at, actor,
  source, reconstructed, correction, milestone_id)
SELECT o.workspace_id, gen_random_uuid(), o.id, 'reached', o.created_at + interval '1 day',
  o.created_at + interval '1 day', 'benchmark', 'benchmark', false, false, m.id
FROM opportunities o
JOIN milestones m ON m.workspace_id = o.workspace_id AND m.version_id = o.version_id
WHERE o.workspace_id = :workspace AND m.position = ascii(right(o.name, 1)) % 3
  AND o.created_at < CAST(:now AS timestamptz) - interval '2 days'"""
_ALL = "CREATE TEMPORARY TABLE loaded ON COMMIT DROP AS SELECT id AS opportunity_id FROM {}"
# So many of them are called by name; the oldest, which stand at the first milestones.
CALLED = 2_000


@dataclass(frozen=True, slots=True)
class Ground:
    """What the callers need to know."""

    database: Database
    workspace: UUID
    key: str
    process: str
    deals: Sequence[UUID]


@contextmanager
def ground(many: int) -> Iterator[Ground]:
    """PostgreSQL as it comes, fsync on, for as long as the block lasts."""
    folder = Path(mkdtemp(prefix="backcast-doors-"))
    folder.chmod(0o755)
    knobs = Settings(_env_file=None, data_dir=folder / "pg", database_url="")  # type: ignore[call-arg, arg-type]  # pydantic's own
    try:
        with boot.database(knobs, migrate) as database:
            yield asyncio.run(_filled(database, knobs, many))
    finally:
        rmtree(folder, ignore_errors=True)


async def _filled(database: Database, knobs: Settings, many: int) -> Ground:
    engine = database.patient_engine(knobs)
    now = datetime.now(UTC) - timedelta(minutes=1)
    workspace = await create_workspace(engine, now, name="Benchmark")
    async with workspace_transaction(engine, workspace) as db:
        work = Work(db, workspace, await home(db, workspace), now, "benchmark")
        _, key = await create_key(work, "benchmark", list(Scope), None)
        wanted = ProcessIn.model_validate(
            {"key": "sales", "name": "Sales", "milestones": MILESTONES}
        )
        process = await processes.create(work, wanted)
        version = (await processes.current_version(work, process.id)).id
        given = {"workspace": workspace, "process": process.id, "version": version}
        await db.execute(text(_DEALS), given | {"many": many, "now": now, "owner": None})
        for told in (_CREATED, _REACHED):
            await db.execute(text(told), {"workspace": workspace} | _named(told, now))
        await db.execute(text(_ALL.format("opportunities")))
        await replay.derive(work, table="loaded")
        oldest = text("SELECT id FROM opportunities ORDER BY created_at LIMIT :called")
        deals = (await db.scalars(oldest, {"called": CALLED})).all()
    await engine.dispose()
    await _settled(database)
    return Ground(database, workspace, key, "sales", deals)


def _named(statement: str, now: datetime) -> dict[str, datetime]:
    return {"now": now} if ":now" in statement else {}


async def _settled(database: Database) -> None:
    """Statistics and visibility as after a night, and no vacuum in the middle of a round."""
    engine = database.owner_engine().execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text("VACUUM ANALYZE"))
        await connection.execute(text("CHECKPOINT"))
    await engine.dispose()
