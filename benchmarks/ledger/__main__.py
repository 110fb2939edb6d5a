"""Answers as deals grow, from the ledger and with deals looked at one by one; what posting costs.

uv run python -m benchmarks.ledger [--deals 10_000 100_000] [--rounds 9]
"""

import argparse
import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any
from unittest.mock import patch
from uuid import UUID

import httpx2 as httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain import inflow, replay
from app.domain.access import home
from app.domain.ledger import folding, posting
from app.main import create_app
from benchmarks.bench import by_turns, ratio, record, table
from benchmarks.house import House, house
from benchmarks.world import World, fill, tidy

ASKED = {
    "lights": "/v1/lights?process=sales",
    "lights of the year": f"/v1/lights?process=sales&period={datetime.now(UTC):%Y}",
    "lights of all people": "/v1/lights/people?process=sales",
    "milestones": "/v1/milestones?process=sales",
}
_CHANGE = """
INSERT INTO events (workspace_id, id, opportunity_id, kind, occurred_at, recorded_at, actor, source,
  reconstructed, correction, value, currency)
SELECT workspace_id, gen_random_uuid(), id, 'value_changed', now(), now(), 'bench', 'bench', false,
  true, coalesce(value, 0) + 1, 'EUR'
FROM opportunities WHERE workspace_id = :w AND id {chosen}"""
SINGLE, BULK, WRITERS, WARM = 60, 4_000, 4, 8


async def grown(place: House, deals: int, rounds: int) -> tuple[World, list[Sequence[str]]]:
    """A row for each question: its median in ms from the ledger, and one by one."""
    world = await fill(place, deals)
    app = create_app(place.settings, place.database, clock=lambda: datetime.now(UTC))
    async with app.router.lifespan_context(app):
        async with workspace_transaction(app.state.engine, world.workspace_id) as db:
            await folding.fold(db, world.workspace_id)
        await tidy(place.database)
        reached: Mapping[str, Any] = {
            "transport": httpx.ASGITransport(app),
            "base_url": "http://bench",
            "headers": {"Authorization": f"Bearer {world.key}"},
        }
        async with httpx.AsyncClient(**reached) as client:
            rows = [
                (name, f"{deals:,}", *(await _asked(place, client, path, rounds)))
                for name, path in ASKED.items()
            ]
    return world, rows


async def _asked(
    place: House, client: httpx.AsyncClient, path: str, rounds: int
) -> tuple[str, str, str]:
    ledger = await _times(place, client, path, rounds)
    with patch.object(inflow, "_days", lambda *_: None):
        single = await _times(place, client, path, rounds)
    return f"{ledger[0]:.1f}", f"{ledger[1]:.1f}", f"{single[1]:.1f}"


async def _times(
    place: House, client: httpx.AsyncClient, path: str, rounds: int
) -> tuple[float, float]:
    """The median of wall clock, and CPU of one request on both sides, in ms."""
    for _ in range(WARM):
        await client.get(path)
    walls, before = [], place.meter.spent()
    for _ in range(rounds):
        began = perf_counter()
        answer = await client.get(path)
        assert answer.is_success, answer.text
        walls.append(perf_counter() - began)
    return median(walls) * 1000, (place.meter.spent() - before) / rounds * 1000


@contextmanager
def without_ledger() -> Iterator[None]:
    """What is derived is written, and nothing posted."""
    nothing = {"arrivals": lambda _: "a AS (SELECT 1)", "stock": lambda _: "b AS (SELECT 1)"}
    with patch.multiple(posting, **nothing):
        replay._statements.cache_clear()  # noqa: SLF001 - the statement is made anew
        yield
    replay._statements.cache_clear()  # noqa: SLF001


async def costs(place: House, world: World, rounds: int) -> list[Sequence[str]]:
    """Deriving with the ledger, against deriving the same without it."""
    engine = place.database.engine(place.settings)
    ids = await _spread(engine, world)

    async def single(*, posts: bool, callers: int = 1) -> float:
        with _as(posts=posts):
            shares = [ids[n * SINGLE : (n + 1) * SINGLE] for n in range(callers)]
            before = place.meter.spent()
            await asyncio.gather(*(_one_by_one(engine, world, share) for share in shares))
            return place.meter.spent() - before

    async def bulk(*, posts: bool) -> float:
        with _as(posts=posts):
            before = place.meter.spent()
            await _at_once(engine, world, ids[:BULK])
            return place.meter.spent() - before

    found = []
    for name, way in {
        "single change": single,
        f"{WRITERS} writers at the same cells": partial(single, callers=WRITERS),
        f"{BULK:,} deals at once": bulk,
    }.items():
        ways = {"on": partial(way, posts=True), "off": partial(way, posts=False)}
        spent = await by_turns(ways, rounds)
        found.append((name, ratio(spent["on"], spent["off"]).text()))
    await engine.dispose()
    return found


@contextmanager
def _as(*, posts: bool) -> Iterator[None]:
    if posts:
        yield
    else:
        with without_ledger():
            yield


async def _spread(engine: AsyncEngine, world: World) -> list[UUID]:
    query = text(
        "SELECT id FROM opportunities WHERE workspace_id = :w AND position >= 1"
        " ORDER BY created_at DESC LIMIT :many"
    )
    async with workspace_transaction(engine, world.workspace_id) as db:
        many = max(BULK, WRITERS * SINGLE)
        return list(await db.scalars(query, {"w": world.workspace_id, "many": many}))


async def _one_by_one(engine: AsyncEngine, world: World, ids: Sequence[UUID]) -> None:
    for id in ids:
        async with workspace_transaction(engine, world.workspace_id) as db:
            await _changed(db, "= :id", {"w": world.workspace_id, "id": id})
            await replay.derive(await _work(db, world), ids=[id])


async def _at_once(engine: AsyncEngine, world: World, ids: Sequence[UUID]) -> None:
    async with workspace_transaction(engine, world.workspace_id) as db:
        values = {"w": world.workspace_id, "ids": list(ids)}
        await db.execute(
            text(
                "CREATE TEMPORARY TABLE bench_chosen ON COMMIT DROP AS"
                " SELECT unnest(CAST(:ids AS uuid[])) AS opportunity_id"
            ),
            values,
        )
        await db.execute(text("ANALYZE bench_chosen"))
        await _changed(db, "= ANY(:ids)", values)
        await replay.derive(await _work(db, world), table="bench_chosen")


async def _changed(db: Any, chosen: str, values: dict[str, Any]) -> None:
    """Something to derive: the value is corrected, and with it what arrived at that value."""
    await db.execute(text(_CHANGE.replace("{chosen}", chosen)), values)


async def _work(db: Any, world: World) -> Work:
    own = await home(db, world.workspace_id)
    return Work(db, world.workspace_id, own, datetime.now(UTC), "bench")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger", description=__doc__)
    parser.add_argument("--deals", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--answers", action="store_true", help="only the answers")
    asked = parser.parse_args()
    rows: list[Sequence[str]] = []
    with house(options={"synchronous_commit": "off"}) as place:
        for number, deals in enumerate(asked.deals):
            world, told = asyncio.run(grown(place, deals, asked.rounds))
            rows += told
            if number == 0 and not asked.answers:
                spent = asyncio.run(costs(place, world, asked.rounds))
                _record_costs(spent)
            _record_growth(rows)


def _record_growth(rows: Sequence[Sequence[str]]) -> None:
    head = ("answer", "deals", "ledger: p50 in ms", "ledger: CPU in ms", "one by one: CPU in ms")
    record("ledger", table(head, sorted(rows)))


def _record_costs(rows: Sequence[Sequence[str]]) -> None:
    record("ledger costs", table(("write", "CPU with the ledger, of the same without"), rows))


if __name__ == "__main__":
    main()
