"""What every computed answer costs as deals grow.

uv run python -m benchmarks.growth [--deals 10_000 100_000] [--rounds 3] [--folder DIR]

What the past teaches is learnt first, as it is every night where there is much of it. Asked is the
same question again and again; of some also right after a deal moved, without what the move costs.
CPU is that of the service and of PostgreSQL together. A folder is kept with its worlds, so that a
large one is filled once and measured often.
"""

import argparse
import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import isnan
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID

import httpx2 as httpx

from app.core.database import steady, workspace_transaction
from app.core.work import Work
from app.domain.access import home
from app.domain.ledger import folding
from app.domain.lessons import learning
from app.main import create_app
from benchmarks.bench import record, table
from benchmarks.house import House, house
from benchmarks.world import fill, tidy

ASKED = {
    "forecast of six months": "/v1/forecast?process=sales",
    "observed rates": "/v1/rates?process=sales",
    "leaks": "/v1/leaks?process=sales",
    "stale": "/v1/stale?process=sales",
    "pipeline": "/v1/pipeline?process=sales",
    "lights": "/v1/lights?process=sales",
    "milestones": "/v1/milestones?process=sales",
    "cascade of a target": "/v1/targets/{target}/cascade",
    "list of 50": "/v1/opportunities?limit=50",
    "one": "/v1/opportunities/{deal}",
}
AFTER_A_MOVE = ("forecast of six months", "observed rates", "leaks", "stale", "pipeline")
LEARNING = "learning all that is usual, once a night"
Found = dict[str, tuple[float, float]]  # by question the median in ms, and CPU in ms


# What has just been learnt is in force then.
LATER = learning.MARGIN + timedelta(minutes=1)


async def learnt(place: House, workspace_id: UUID) -> float:
    """Seconds of CPU that a worker needs to learn all that is usually asked."""
    engine, before = place.database.patient_engine(place.settings), place.meter.spent()
    try:
        async with workspace_transaction(steady(engine), workspace_id) as db:
            own = await home(db, workspace_id)
            await learning.at_once(Work(db, workspace_id, own, datetime.now(UTC), "worker"))
    finally:
        await engine.dispose()
    return place.meter.spent() - before


async def measured(place: House, workspace_id: UUID, key: str, rounds: int) -> Found:
    spent = await learnt(place, workspace_id)
    app = create_app(place.settings, place.database, clock=lambda: datetime.now(UTC) + LATER)
    async with app.router.lifespan_context(app):
        async with workspace_transaction(app.state.engine, workspace_id) as db:
            await folding.fold(db, workspace_id)
        await tidy(place.database)
        reached: Mapping[str, Any] = {
            "transport": httpx.ASGITransport(app),
            "base_url": "http://bench",
            "headers": {"Authorization": f"Bearer {key}"},
            "timeout": 600,
        }
        async with httpx.AsyncClient(**reached) as client:
            there = {
                name: (await client.get(f"/v1/{kind}?limit=1")).json()["data"][0]["id"]
                for name, kind in (("target", "targets"), ("deal", "opportunities"))
            }
            found = {
                name: await _times(place, client, path.format(**there), rounds)
                for name, path in ASKED.items()
            }
            for name in AFTER_A_MOVE:
                moves = await _moves(client, rounds)
                found[after(name)] = await _times(place, client, ASKED[name], rounds, moves)
            return found | {LEARNING: (float("nan"), spent * 1000)}


def after(name: str) -> str:
    return f"{name}, a deal moved"


async def _moves(client: httpx.AsyncClient, rounds: int) -> list[tuple[str, str]]:
    """So many open deals at the second milestone, and the one after it."""
    process = (await client.get("/v1/processes/sales")).json()
    _, there, then, *_ = [each["key"] for each in process["milestones"]]
    asked = f"/v1/opportunities?process=sales&limit={rounds}&status=open&milestone={there}"
    deals = (await client.get(asked)).json()["data"]
    assert len(deals) == rounds
    return [(one["id"], then) for one in deals]


async def _times(
    place: House,
    client: httpx.AsyncClient,
    path: str,
    rounds: int,
    moves: Sequence[tuple[str, str]] = (),
) -> tuple[float, float]:
    await client.get(path)
    walls, spent = [], 0.0
    for number in range(rounds):
        if moves:
            deal, milestone = moves[number]
            where = f"/v1/opportunities/{deal}/reach"
            moved = await client.post(where, json={"milestone": milestone})
            assert moved.is_success, moved.text
        began, before = perf_counter(), place.meter.spent()
        answer = await client.get(path)
        assert answer.is_success, answer.text
        walls.append(perf_counter() - began)
        spent += place.meter.spent() - before
    return median(walls) * 1000, spent / rounds * 1000


async def worlds(place: House, folder: Path | None, sizes: Sequence[int]) -> dict[int, list[str]]:
    """Workspace and key of a world of each size; those that were kept are not filled again."""
    kept = None if folder is None else folder / "worlds.json"
    known = json.loads(kept.read_text()) if kept is not None and kept.exists() else {}
    for size in sizes:
        if str(size) not in known:
            world = await fill(place, size)
            known[str(size)] = [str(world.workspace_id), world.key]
    if kept is not None:
        kept.write_text(json.dumps(known))
    return {size: known[str(size)] for size in sizes}


def _told(figure: float) -> str:
    return "-" if isnan(figure) else f"{figure:,.1f}"


def rows(found: Mapping[int, Found]) -> list[Sequence[str]]:
    smallest = min(found)
    return [
        (
            name,
            *(
                cell
                for size in sorted(found)
                for cell in (_told(found[size][name][0]), _told(found[size][name][1]))
            ),
            f"{found[max(found)][name][1] / max(found[smallest][name][1], 0.1):.1f}",
        )
        for name in (*ASKED, *map(after, AFTER_A_MOVE), LEARNING)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--deals", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keep it here; default: thrown away")
    asked = parser.parse_args()
    with house(asked.folder) as place:
        filled = asyncio.run(worlds(place, asked.folder, asked.deals))
        found = {
            size: asyncio.run(measured(place, UUID(id), key, asked.rounds))
            for size, (id, key) in filled.items()
        }
    sizes = [f"{each} at {size:,}" for size in sorted(found) for each in ("p50 in ms", "CPU in ms")]
    record("growth", table(("answer", *sizes, "CPU, largest per smallest"), rows(found)))


if __name__ == "__main__":
    main()
