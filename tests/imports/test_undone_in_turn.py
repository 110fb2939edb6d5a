"""Imports of the same deals, undone in any order, leave what the others would have made alone."""

import os
from random import Random

import pytest
from sqlalchemy import text

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain.access import home
from app.domain.ledger import recounting
from app.domain.ledger.kinds import KINDS
from tests.conftest import NOW
from tests.deals import make_process
from tests.imports.support import bring
from tests.imports.test_revert import left, undone

SEEDS = 60 if os.environ.get("BACKCAST_LONG") else 6
HERE, IDS = (1, 2, 3), (1, 2, 3, 4, 5, 6)
STAGES = ("interest", "invited", "need", "concept")
NAMES = ("Ada", "Bob", "Cem", "Dora", "Eve", "Finn")
MAPPING = {
    "stages": {key: {"reached": key} for key in STAGES} | {"new": {"before": True}},
    "timezone": "UTC",
}
HEADER = "external_id,name,account,owner,value,stage,reached_at,created_at,attributes.said\n"

_DEALS = """
SELECT o.external_id, o.name, a.name, p.name, o.value, o.position, o.status, o.attributes::text
FROM opportunities o
JOIN accounts a ON a.workspace_id = o.workspace_id AND a.id = o.account_id
JOIN people p ON p.workspace_id = o.workspace_id AND p.id = o.owner_id
WHERE o.deleted_at IS NULL AND o.workspace_id = :ws ORDER BY 1"""
_PASSAGES = """
SELECT o.external_id, m.key, x.arrived_at, x.implied, x.value, p.name, x.left_at, x.outcome
FROM passages x
JOIN opportunities o ON o.workspace_id = x.workspace_id AND o.id = x.opportunity_id
JOIN milestones m ON m.workspace_id = x.workspace_id AND m.id = x.milestone_id
JOIN people p ON p.workspace_id = x.workspace_id AND p.id = x.owner_id
WHERE o.deleted_at IS NULL AND x.workspace_id = :ws AND o.external_id = ANY(:here)
ORDER BY 1, x.position"""
_OTHERS = "SELECT name FROM {table} WHERE deleted_at IS NULL AND workspace_id = :ws ORDER BY 1"


def file(number, ids):
    """Each says of a deal what no other does; customers and owners are shared between deals."""
    rows = [
        f"{id},{number}-{id},Customer {(id + number) % 6},{NAMES[(id * 5 + number) % 6]},"
        f"{100 * number + id},{STAGES[number - 1] if number else 'new'},"
        f"2026-02-{number + 1:02},2026-01-05,{number}"
        for id in ids
    ]
    return HEADER + "".join(f"{row}\n" for row in rows)


async def run(client, clock, process, files):
    jobs = []
    for content in files:
        clock.forward(minutes=1)
        jobs.append(await bring(client, "opportunities", content, MAPPING, process_id=process))
    return jobs


async def seen(engine, workspace_id):
    """All there is, by the names things have."""
    async with workspace_transaction(engine, workspace_id) as db:
        here = {"ws": workspace_id}

        async def rows(sql, **more):
            return [tuple(row) for row in await db.execute(text(sql), here | more)]

        work = Work(db, workspace_id, await home(db, workspace_id), NOW, "test")
        assert await recounting.misfits(work) == 0
        assert [each for kind in KINDS for each in await recounting.differences(work, kind)] == []
        others = {name: await rows(_OTHERS.format(table=name)) for name in ("accounts", "people")}
        passages = await rows(_PASSAGES, here=[str(id) for id in HERE])
        return {"deals": await rows(_DEALS), "passages": passages} | others


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_what_is_left_is_what_the_others_alone_make(
    client, neighbour, engine, workspace, clock, seed
):
    random = Random(seed)  # noqa: S311 - a story
    chosen = [sorted(random.sample(IDS, random.randint(1, 5))) for _ in STAGES]
    files = [file(0, HERE), *(file(n, ids) for n, ids in enumerate(chosen, 1))]
    process = (await make_process(client))["id"]
    jobs = await run(client, clock, process, files)
    gone = random.sample(range(1, len(files)), random.randint(1, len(STAGES)))
    for number in gone:
        clock.forward(minutes=1)
        told = await undone(client, jobs[number])
        assert told["left"] == 0, (gone, number, await left(client, jobs[number]))
    other = (await make_process(neighbour))["id"]
    await run(neighbour, clock, other, [f for n, f in enumerate(files) if n not in gone])
    alone = (await neighbour.get("/v1/workspace")).json()["id"]
    here, there = await seen(engine, workspace[0]), await seen(engine, alone)
    # Whose a deal was by the word of the one that brought it is said in its log for good.
    assert set(here.pop("people")) >= set(there.pop("people"))
    assert here == there, gone
    rest = [number for number in range(len(files)) if number not in gone]
    random.shuffle(rest)
    for number in rest:
        told = await undone(client, jobs[number])
        assert told["left"] == 0, (gone, rest, number, await left(client, jobs[number]))
    assert not any((await seen(engine, workspace[0])).values())
