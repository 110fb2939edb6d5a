"""What keeping workspaces apart costs: reading one opportunity with both walls, and with neither.

The same statement by turns: bound to its workspace by `set_config` under row-level security, as the
product asks it; and with the workspace as a plain value, as a role that no policy stops. The key is
looked up in both, since that is no matter of tenancy.
"""

import asyncio
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median
from typing import Any

import asyncpg

from app.core.database import Database
from app.core.keys import digest
from app.core.lane import WALL, Caller, Lane
from app.core.settings import Settings
from app.domain.access import Scope
from app.domain.opportunity_bytes import PLAIN_ONE
from benchmarks.bench import ratio, table
from benchmarks.doors.ground import Ground
from benchmarks.doors.measuring import spent

BARE = PLAIN_ONE.replace(WALL, "wall AS MATERIALIZED (SELECT CAST($1 AS uuid) AS workspace_id)")
TIMES = 5  # as often as the doors are called, so that a round is long enough


@dataclass(frozen=True, slots=True)
class Walls:
    """µs of CPU for a read, round by round."""

    both: list[float]
    neither: list[float]


def measured(ground: Ground, rounds: int, calls: int) -> Walls:
    return asyncio.run(_measured(ground, rounds, calls * TIMES))


async def _measured(ground: Ground, rounds: int, calls: int) -> Walls:
    own = ground.database
    bare = replace(own, app=own.owner, app_role="")
    walled, unwalled = await _asked(own, PLAIN_ONE), await _asked(bare, BARE)
    found = Walls([], [])
    for number in range(-1, rounds):
        costs = [await _cost(each, ground, calls) for each in (walled, unwalled)]
        if number >= 0:
            found.both.append(costs[0])
            found.neither.append(costs[1])
    for connection, _ in (walled, unwalled):
        await connection.close()
    return found


async def _asked(database: Database, statement: str) -> tuple[Any, Any]:
    connection = await asyncpg.connect(**Lane(database, Settings(_env_file=None)).options)
    return connection, await connection.prepare(statement)


async def _cost(way: tuple[Any, Any], ground: Ground, calls: int) -> float:
    connection, asked = way
    pid, key = connection.get_server_pid(), digest(ground.key)
    caller = Caller(ground.workspace, key, datetime.now(UTC), Scope.OPPORTUNITIES_READ.value)
    before = spent(pid) + time.process_time_ns()
    for n in range(calls):
        assert await asked.fetchrow(*caller, ground.deals[n % len(ground.deals)]) is not None
    return (spent(pid) + time.process_time_ns() - before) / calls / 1000


def told(walls: Walls, whole: float) -> str:
    """`whole`: what the request costs in all."""
    added = [both - neither for both, neither in zip(walls.both, walls.neither, strict=True)]
    rows = [
        ("reading one with both walls, of the same with neither", "-",
         ratio(walls.both, walls.neither).text()),
        ("what the walls add, µs", "-", f"{median(added):.0f}"),
        ("the same, of the whole request", "≤ 0.10", f"{median(added) / whole:.2f}"),
    ]  # fmt: skip
    return table(("tenancy", "goal", "found"), rows)
