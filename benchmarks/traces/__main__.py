"""What a change costs more because others are told of it, and because it is written down.

uv run python -m benchmarks.traces [--rounds 9] [--times 200]

The same change by turns in one run, with its trace and without: news are drafts in the statement
that makes a deal, the audit log is a row in the statement that makes an account. CPU of the
service and of PostgreSQL; numbering the drafts and sending them is the worker's, and not in it.
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any
from unittest.mock import patch

import httpx2 as httpx
from sqlalchemy import text

from app.core.database import workspace_transaction
from app.domain import opportunity_entry
from app.main import create_app
from app.tables import Account
from benchmarks.bench import Spread, by_turns, ratio, record, table
from benchmarks.house import House, house, workspace

# The last set of the statement that makes a deal.
NEWS = "outbox AS ("
NUMBER = count()
COUNTED = "SELECT (SELECT count(*) FROM outbox_drafts), (SELECT count(*) FROM audit_log)"


def without_news() -> Any:
    statement = opportunity_entry.CREATE
    begin = statement.index(NEWS) + len(NEWS)
    bare = statement[:begin] + "SELECT 1" + statement[statement.index("\n)", begin) :]
    return patch.object(opportunity_entry, "CREATE", bare)


def without_log() -> Any:
    return patch.object(Account, "audited", frozenset())


async def making(client: httpx.AsyncClient) -> None:
    deal = {"name": f"Deal {next(NUMBER)}", "process_id": "sales"}
    (await client.post("/v1/opportunities", json=deal)).raise_for_status()


async def adding(client: httpx.AsyncClient) -> None:
    account = {"name": f"Account {next(NUMBER)}"}
    (await client.post("/v1/accounts", json=account)).raise_for_status()


async def measured(place: House, rounds: int, times: int) -> list[tuple[str, ...]]:
    app = create_app(place.settings, place.database, clock=lambda: datetime.now(UTC))
    async with app.router.lifespan_context(app):
        id, key = await workspace(app.state.engine)
        reached: dict[str, Any] = {
            "transport": httpx.ASGITransport(app),
            "base_url": "http://bench",
            "headers": {"Authorization": f"Bearer {key}"},
        }
        async with httpx.AsyncClient(**reached) as client:
            process = {"key": "sales", "name": "Sales", "template": "milestone-selling-5"}
            (await client.post("/v1/processes", json=process)).raise_for_status()
            ways: dict[str, tuple[Callable[[], Awaitable[None]], Callable[[], Any]]] = {
                "making a deal, news": (partial(making, client), without_news),
                "making an account, audit log": (partial(adding, client), without_log),
            }
            rows = []
            for name, (change, without) in ways.items():
                spent = await _spent(place, change, without, rounds, times)
                await _left_out(app, id, change, without)
                rows.append(_row(name, spent, times))
            return rows


async def _spent(
    place: House,
    change: Callable[[], Awaitable[None]],
    without: Callable[[], Any],
    rounds: int,
    times: int,
) -> dict[str, list[float]]:
    async def one(way: Callable[[], Any]) -> float:
        with way():
            before = place.meter.spent()
            for _ in range(times):
                await change()
            return place.meter.spent() - before

    return await by_turns(
        {"with": partial(one, nullcontext), "without": partial(one, without)}, rounds
    )


async def _left_out(
    app: Any, id: Any, change: Callable[[], Awaitable[None]], without: Callable[[], Any]
) -> None:
    """That what is compared differs in a row, and in nothing else that can be counted."""
    counts = []
    for way in (nullcontext, without):
        before = await _rows(app, id)
        with way():
            await change()
        counts.append((await _rows(app, id)) - before)
    if counts[0] != counts[1] + 1:
        raise RuntimeError(f"rows of traces: {counts}")


async def _rows(app: Any, id: Any) -> int:
    async with workspace_transaction(app.state.engine, id) as db:
        return sum((await db.execute(text(COUNTED))).one())


def _row(name: str, spent: dict[str, list[float]], times: int) -> tuple[str, ...]:
    more = [a - b for a, b in zip(spent["with"], spent["without"], strict=True)]
    per = 1e6 / times
    return (
        name,
        ratio(spent["with"], spent["without"]).text(),
        Spread.of(more).text(".0f", per),
        Spread.of(spent["with"]).text(".0f", per),
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.traces", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--times", type=int, default=200)
    asked = parser.parse_args()
    with house() as place:
        rows = asyncio.run(measured(place, asked.rounds, asked.times))
    head = ("change", "CPU with it, of the same without", "what it adds, µs", "the whole, µs")
    record("traces", table(head, rows))


if __name__ == "__main__":
    main()
