"""What the statements of the doors touch where there are many deals: a few blocks, by index alone.

The plan is the one that is made once for all workspaces, as the doors use it. A statement that
looks at more than its bar, or reads a table from end to end, has lost its index: the run ends.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import asyncpg

from app.core.ids import uuid7
from app.core.keys import digest
from app.core.lane import Caller, Lane
from app.core.settings import Settings
from app.domain.access import Scope
from app.domain.opportunity_advance import ADVANCE
from app.domain.opportunity_bytes import MARK_ONE, ONE, PLAIN_ONE
from app.domain.opportunity_page import MARKS, ONES, PLAIN_ONES
from benchmarks.bench import table
from benchmarks.doors.ground import Ground

PAGE = 50
# Blocks of 8 KiB that a statement may look at; a scan of 100,000 deals looks at thousands.
BARS = {
    "get one, its mark": 20,
    "get one": 25,
    "get one, all of it": 40,
    "list 50, their marks": 120,
    "list 50, those wanted": 600,
    "list 50, all of them": 1_000,
    "reach a milestone": 400,
}
LOST = {"Seq Scan", "Bitmap Heap Scan", "Hash Join", "Merge Join"}


def measured(ground: Ground) -> Mapping[str, int]:
    """Blocks touched by each statement; `RuntimeError` when one has lost its way."""
    return asyncio.run(_measured(ground))


async def _measured(ground: Ground) -> Mapping[str, int]:
    db = await asyncpg.connect(**Lane(ground.database, Settings(_env_file=None)).options)
    found: dict[str, int] = {}
    for name, statement, values in _asked(ground):
        begun = db.transaction()
        await begun.start()
        await db.execute(f"PREPARE asked AS {statement}")
        told = ", ".join(_literal(value) for value in values)
        said = await db.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE asked({told})")
        await db.execute("DEALLOCATE asked")
        plan = json.loads(said)[0]["Plan"]
        await begun.rollback()
        found[name] = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        lost = [each["Node Type"] for each in _nodes(plan) if each["Node Type"] in LOST]
        if lost or found[name] > BARS[name]:
            raise RuntimeError(f"{name}: {found[name]} blocks of at most {BARS[name]}, {lost}")
    await db.close()
    return found


def _asked(ground: Ground) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
    now = datetime.now(UTC)
    read, write = (
        Caller(ground.workspace, digest(ground.key), now, scope.value)
        for scope in (Scope.OPPORTUNITIES_READ, Scope.OPPORTUNITIES_WRITE)
    )
    one, many = ground.deals[-1], list(ground.deals[:PAGE])
    step = (one, uuid7(), "concept", now, *[None] * 5)
    yield "get one, its mark", MARK_ONE, (*read, one)
    yield "get one", PLAIN_ONE, (*read, one)
    yield "get one, all of it", ONE, (*read, one)
    yield "list 50, their marks", MARKS, (*read, PAGE)
    yield "list 50, those wanted", PLAIN_ONES, (*read, many)
    yield "list 50, all of them", ONES, (*read, many)
    yield "reach a milestone", ADVANCE, (*write, *step)


def _literal(value: object) -> str:
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    if isinstance(value, list):
        return f"'{{{','.join(str(each) for each in value)}}}'"
    return "NULL" if value is None else f"'{value}'"


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _nodes(each)


def told(found: Mapping[str, int]) -> str:
    rows = [(name, f"≤ {BARS[name]}", str(blocks)) for name, blocks in found.items()]
    return table(("statement", "blocks", "found"), rows)
