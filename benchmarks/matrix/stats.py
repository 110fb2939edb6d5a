"""Asks the questions that are answered from all cells, of 10,000 customers and 50 products.

uv run python -m benchmarks.matrix.stats [--accounts N] [--times N]
"""

import argparse
import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2 as httpx
from sqlalchemy import text

from app.core.database import Database, workspace_transaction
from app.core.postgres import running
from app.core.settings import Settings
from app.main import create_app
from benchmarks.matrix.__main__ import Server, _filled, _made, _timed, say

QUESTIONS = {
    "stats by product": ("stats", {"by": "product"}),
    "stats by segment": ("stats", {"by": "segment"}),
    "stats by owner": ("stats", {"by": "owner"}),
    "stats by competitor": ("stats", {"by": "competitor"}),
    "stats of an owner": ("stats", {"owner": ""}),
    "value": ("value", {}),
    "coverage": ("coverage", {}),
    "potential of all, 50 of it": ("opportunities", {}),
    "potential of an owner": ("opportunities", {"owner": ""}),
    "questions of an owner": ("next-questions", {"owner": ""}),
    "questions of everybody": ("next-questions", {}),
    "at risk": ("at-risk", {}),
    "scores of 50 accounts": ("accounts", {}),
    "next products of an account": ("accounts/{account}/next-products", {}),
}
# A hundred people look after a hundred accounts each.
PEOPLE = """
WITH people_made AS (
  INSERT INTO people (workspace_id, id, name, active, source, version, created_at, updated_at)
  SELECT w.id, gen_random_uuid(), 'Person ' || n, true, 'bench', 1, now(), now()
  FROM workspaces w, generate_series(1, 100) n RETURNING workspace_id, id
), numbered AS (SELECT *, row_number() OVER (ORDER BY id) AS n FROM people_made)
UPDATE accounts a SET owner_id = p.id
FROM numbered p, (SELECT id, row_number() OVER (ORDER BY id) AS n FROM accounts) m
WHERE a.id = m.id AND p.n = m.n % 100 + 1"""


async def main(accounts: int, times: int) -> None:
    with TemporaryDirectory(prefix="backcast-matrix-") as folder:
        place = Path(folder)
        place.chmod(0o755)  # noqa: ASYNC240 - before anything runs
        with running(place / "pg") as server:
            database = await _made(server.url("postgres", "postgres"))
            await _asked(database, Server(place / "pg"), accounts, times)


async def _asked(database: Database, server: Server, accounts: int, times: int) -> None:
    many = {name: 1_000_000 for name in Settings.model_fields if name.startswith("limit_")}
    settings = Settings(_env_file=None, rounds=False, **(many | {"limit_seconds": 60}))
    app = create_app(settings, database)
    async with app.router.lifespan_context(app):
        key = await _filled(database, settings, accounts)
        account, owner = await _looked_after(database)
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://bench",
            headers={"Authorization": f"Bearer {key}", "Accept-Encoding": "identity"},
        )
        say("| question | p50 ms | CPU ms, service | CPU ms, database | kB |")
        say("|---|---|---|---|---|")
        for name, (path, asked) in QUESTIONS.items():
            question = {each: value or owner for each, value in asked.items()}
            place = f"/v1/matrix/{path.replace('{account}', account)}"
            await _timed(client, server, name, (place, question), times)


async def _looked_after(database: Database) -> tuple[str, str]:
    """Somebody's account, and whose it is."""
    engine = database.owner_engine()
    async with engine.begin() as db:
        id = await db.scalar(text("SELECT id FROM workspaces"))
    async with workspace_transaction(engine, id) as db:
        await db.execute(text(PEOPLE))
        row = (await db.execute(text("SELECT id, owner_id FROM accounts ORDER BY name"))).first()
    await engine.dispose()
    assert row is not None
    return str(row.id), str(row.owner_id)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=20)
    given = parser.parse_args()
    asyncio.run(main(given.accounts, given.times))
