"""Whether a refusal tells by its time that an id is somebody's.

uv run python -m benchmarks.refusals [--times 500]

A neighbour asks for things of another workspace, and for ids that nobody has, mixed by chance:
all are 404, with the same bytes. The times of both are compared by their ranks (Mann-Whitney):
z beyond ±3 would be a difference that is no chance, for a caller who sits in the same process.
"""

import argparse
import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import sqrt
from statistics import median
from typing import Any

import httpx2 as httpx

from app.core.ids import uuid7
from app.main import create_app
from benchmarks.bench import record, table
from benchmarks.house import House, house, workspace

# Kind → what makes one of it.
KINDS: dict[str, dict[str, Any]] = {
    "accounts": {"name": "Acme"},
    "api_keys": {"name": "Other", "scopes": ["accounts:read"]},
    "imports": {"object": "accounts", "source": "crm"},
    "opportunities": {"name": "Press line", "process_id": "sales"},
    "people": {"name": "Ada"},
    "processes": {"key": "sales", "name": "Sales", "template": "milestone-selling-5"},
    "products": {"key": "presses", "name": "Presses"},
    "sources": {"key": "fair", "name": "Fair", "kind": "event"},
    "teams": {"name": "North"},
    "webhook_endpoints": {"url": "https://hooks.example.com/backcast"},
}
FIRST = ("processes",)
CHANCE = random.Random(21)  # noqa: S311 - chance that can be repeated


@dataclass(frozen=True, slots=True)
class Times:
    foreign: list[float]
    nobodys: list[float]

    @property
    def z(self) -> float:
        """Of the sum of ranks; positive where the foreign ones take longer."""
        order = sorted((t, own) for own in (0, 1) for t in (self.nobodys, self.foreign)[own])
        ranks = sum(rank for rank, (_, own) in enumerate(order, 1) if own)
        n, m = len(self.foreign), len(self.nobodys)
        middle, spread = n * (n + m + 1) / 2, sqrt(n * m * (n + m + 1) / 12)
        return (ranks - middle) / spread


async def made(client: httpx.AsyncClient) -> dict[str, str]:
    """Kind → the id of one of it."""
    ids = {}
    for kind in sorted(KINDS, key=lambda kind: kind not in FIRST):
        answer = await client.post(f"/v1/{kind}", json=KINDS[kind])
        if not answer.is_success:
            raise RuntimeError(f"{kind}: {answer.text}")
        ids[kind] = answer.json()["id"]
    return ids


async def compared(client: httpx.AsyncClient, kind: str, id: str, times: int) -> Times:
    """`times` requests of each, in an order of chance."""
    found = Times([], [])
    own = [True] * times + [False] * times
    CHANCE.shuffle(own)
    for foreign in own:
        path = f"/v1/{kind}/{id if foreign else uuid7()}"
        began = time.perf_counter()
        answer = await client.get(path)
        (found.foreign if foreign else found.nobodys).append(time.perf_counter() - began)
        if answer.status_code != httpx.codes.NOT_FOUND:
            raise RuntimeError(f"{path}: {answer.status_code}")
    return found


async def measured(place: House, times: int) -> dict[str, Times]:
    app = create_app(place.settings, place.database, clock=lambda: datetime.now(UTC))
    async with app.router.lifespan_context(app):
        keys = [(await workspace(app.state.engine, name))[1] for name in ("Owner", "Neighbour")]
        owner, neighbour = [
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://bench",
                headers={"Authorization": f"Bearer {key}"},
            )
            for key in keys
        ]
        async with owner, neighbour:
            ids = await made(owner)
            for kind, id in ids.items():  # warm
                await compared(neighbour, kind, id, 20)
            return {kind: await compared(neighbour, kind, id, times) for kind, id in ids.items()}


def told(found: dict[str, Times]) -> Sequence[Sequence[str]]:
    return [
        (
            kind,
            f"{median(times.foreign) * 1000:.2f}",
            f"{median(times.nobodys) * 1000:.2f}",
            f"{times.z:+.2f}",
        )
        for kind, times in sorted(found.items())
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.refusals", description=__doc__)
    parser.add_argument("--times", type=int, default=500)
    asked = parser.parse_args()
    with house() as place:
        found = asyncio.run(measured(place, asked.times))
    head = ("404 of", "an id of another workspace, median ms", "nobody's id, median ms", "z")
    largest = max(abs(times.z) for times in found.values())
    record("refusals", f"{table(head, told(found))}\n\nLargest |z|: {largest:.2f}.")


if __name__ == "__main__":
    main()
