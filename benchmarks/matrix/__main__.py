"""Fills a matrix of 10,000 customers and 50 products and asks for it, as a caller would.

uv run python -m benchmarks.matrix [--accounts N] [--times N]
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import httpx2 as httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.database import Database, workspace_transaction
from app.core.postgres import running
from app.core.roles import APP, OWNER, prepare_roles
from app.core.settings import Settings
from app.core.work import Work
from app.domain import cell_rows
from app.domain.access import Scope, create_key, home
from app.domain.imports import sql
from app.domain.ledger import recounting
from app.domain.workspaces import create_workspace
from app.main import create_app
from app.migrate import migrate

PRODUCTS, SEGMENTS, KNOWN = 50, 10, 40  # of a hundred cells so many are known
TICKS = os.sysconf("SC_CLK_TCK")

ACCOUNTS = """
INSERT INTO accounts (workspace_id, id, name, segment, source, attributes, version, created_at,
  updated_at)
SELECT :ws, {uuid7}, 'Customer ' || to_char(n, 'FM00000'), 'segment ' || n % :segments, 'bench',
  '{}', 1, :now, :now FROM generate_series(1, :accounts) n"""
GOODS = """
INSERT INTO products (workspace_id, id, key, name, active, attributes, version, created_at,
  updated_at)
SELECT :ws, {uuid7}, 'p' || n, 'Product ' || to_char(n, 'FM00'), true, '{}', 1, :now, :now
FROM generate_series(1, :products) n"""
# One of five cells that are known is bought, one competed for, one needed, two are not needed.
CELLS = """
INSERT INTO cells (workspace_id, account_id, product_id, version, created_at, updated_at, ours,
  ours_annual_value, ours_currency, ours_source, ours_confirmed, ours_by, ours_at, competitors,
  competitors_source, competitors_confirmed, competitors_by, competitors_at, need, need_value,
  need_currency, need_source, need_confirmed, need_by, need_at, aware, applicable)
SELECT :ws, a.id, p.id, 1, :now, :now,
  CASE kind WHEN 0 THEN 'yes' ELSE 'unknown' END,
  CASE kind WHEN 0 THEN 1200.00 END, CASE kind WHEN 0 THEN 'EUR' END,
  CASE kind WHEN 0 THEN 'order' END, CASE kind WHEN 0 THEN false END,
  CASE kind WHEN 0 THEN 'bench' END, CASE kind WHEN 0 THEN :now END,
  CASE kind WHEN 1 THEN CAST('[{"name": "Rival", "annual_value": {"amount": "900.00",'
    ' "currency": "EUR"}, "contract_end": null, "since": null}]' AS jsonb) ELSE '[]' END,
  CASE kind WHEN 1 THEN 'manual' END, CASE kind WHEN 1 THEN true END,
  CASE kind WHEN 1 THEN 'bench' END, CASE kind WHEN 1 THEN :now END,
  CASE kind WHEN 2 THEN 'yes' WHEN 3 THEN 'no' WHEN 4 THEN 'no' ELSE 'unknown' END,
  CASE kind WHEN 2 THEN 700.00 END, CASE kind WHEN 2 THEN 'EUR' END,
  CASE WHEN kind > 1 THEN 'manual' END, CASE WHEN kind > 1 THEN true END,
  CASE WHEN kind > 1 THEN 'bench' END, CASE WHEN kind > 1 THEN :now END, 'unknown', true
FROM (SELECT id, row_number() OVER (ORDER BY name) AS n FROM accounts WHERE workspace_id = :ws) a
CROSS JOIN (SELECT id, row_number() OVER (ORDER BY name) AS n FROM products
  WHERE workspace_id = :ws) p
CROSS JOIN LATERAL (SELECT (a.n * 31 + p.n * 17) % 100 AS draw, (a.n + p.n) % 5 AS kind) d
WHERE d.draw < :known"""


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Server:
    """The CPU time of the database: its processes are the children of one."""

    def __init__(self, folder: Path) -> None:
        self.pid = int(next(folder.rglob("postmaster.pid")).read_text().split()[0])

    def seconds(self) -> float:
        return sum(self._ticks()) / TICKS

    def _ticks(self) -> Iterator[int]:
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[1]) == self.pid:
                yield int(fields[11]) + int(fields[12])


async def main(accounts: int, times: int) -> None:
    with TemporaryDirectory(prefix="backcast-matrix-") as folder:
        place = Path(folder)
        place.chmod(0o755)  # noqa: ASYNC240 - before anything runs
        with running(place / "pg") as server:
            database = await _made(server.url("postgres", "postgres"))
            await _asked(database, Server(place / "pg"), accounts, times)


async def _made(url: str) -> Database:
    found = Database.of(url, url, APP)
    engine = create_async_engine(found.owner, isolation_level="AUTOCOMMIT")
    await prepare_roles(engine)
    async with engine.connect() as db:
        await db.execute(text(f"CREATE DATABASE bench OWNER {OWNER}"))
    await engine.dispose()
    place = found.owner.set(database="bench")
    made = Database(place, place, APP)
    await asyncio.to_thread(lambda: asyncio.run(migrate(made)))
    return made


async def _asked(database: Database, server: Server, accounts: int, times: int) -> None:
    many = {name: 1_000_000 for name in Settings.model_fields if name.startswith("limit_")}
    settings = Settings(_env_file=None, rounds=False, **(many | {"limit_seconds": 60}))
    app = create_app(settings, database)
    async with app.router.lifespan_context(app):
        key, segment = await _filled(database, settings, accounts), "segment 3"
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://bench",
            headers={"Authorization": f"Bearer {key}", "Accept-Encoding": "identity"},
        )
        say("| question | p50 ms | CPU ms, service | CPU ms, database | kB |")
        say("|---|---|---|---|---|")
        await _timed(client, server, "the smallest question", ("/v1/me", {}), times)
        for name, asked in {
            "first page, 50 customers": {},
            "first page, 10 customers": {"limit": 10},
            "first page of a segment": {"segment": segment},
            "customers with a white spot": {"status": "unknown"},
        }.items():
            await _timed(client, server, f"matrix: {name}", ("/v1/matrix", asked), times)
        for by in ("product", "segment", "competitor"):
            question = ("/v1/matrix/stats", {"by": by})
            if (await client.get(question[0], params=question[1])).status_code == 200:  # noqa: PLR2004 - OK
                await _timed(client, server, f"stats by {by}", question, times)


async def _filled(database: Database, settings: Settings, accounts: int) -> str:
    engine = database.patient_engine(settings)
    now = datetime.now(UTC)
    id = await create_workspace(engine, now, name="Bench", currency="EUR")
    async with workspace_transaction(engine, id) as db:
        work = Work(db, id, await home(db, id), now, "bench")
        await sql.change(work, ACCOUNTS, accounts=accounts, segments=SEGMENTS)
        await sql.change(work, GOODS, products=PRODUCTS)
        await sql.change(work, CELLS, known=KNOWN)
        mine = text("SELECT id FROM accounts WHERE workspace_id = :ws")
        await cell_rows.count(work, list(await db.scalars(mine, {"ws": id})))
        await recounting.rebuild(work)
        _, secret = await create_key(work, "bench", list(Scope), None)
    await engine.dispose()
    owner = database.owner_engine().execution_options(isolation_level="AUTOCOMMIT")
    async with owner.connect() as db:
        await db.execute(
            text("VACUUM (ANALYZE) cells, cell_counts, matrix_sums, accounts, products")
        )
    await owner.dispose()
    return secret


async def _timed(
    client: httpx.AsyncClient, server: Server, name: str, question: tuple[str, Any], times: int
) -> None:
    path, asked = question
    for _ in range(5):
        await client.get(path, params=asked)
    theirs, ours, spent = server.seconds(), time.process_time(), []
    for _ in range(times):
        began = time.perf_counter()
        answer = await client.get(path, params=asked)
        spent.append(time.perf_counter() - began)
    own, size = time.process_time() - ours, len(answer.content)
    cpu = [own / times * 1000, (server.seconds() - theirs) / times * 1000]
    shown = (median(spent) * 1000, *cpu, size / 1000)
    say(f"| {name} | {' | '.join(f'{each:.1f}' for each in shown)} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=50)
    given = parser.parse_args()
    asyncio.run(main(given.accounts, given.times))
