"""What is kept of a process, beside what is read anew."""

from dataclasses import replace
from datetime import timedelta

import numpy as np

from app.domain.facts import keeping
from app.domain.facts.deals import KEY, tick
from app.domain.facts.reading import Asked, read
from app.domain.milestones import milestones_of
from app.domain.processes import resolve, version_at


async def asked_of(work, key="new-business", standing=None):
    process = await resolve(work, key)
    rows = await milestones_of(work, (await version_at(work, process.id, work.now)).id)
    lineages = tuple(row.lineage_id for row in rows)
    return Asked(process.id, lineages, work.now, standing=standing)


async def agree(work, key="new-business"):
    """What is kept is what is read anew, and what stands is what is cut out of it; the record that
    was kept."""
    asked = await asked_of(work, key)
    kept, anew = await keeping.kept(work, asked), await read(work, asked)
    same(kept, anew)
    for days in (3, 30):
        since = work.now - timedelta(days=days)
        standing = replace(asked, standing=since)
        same(await keeping.kept(work, standing), anew.standing(tick(since)))
        same(await read(work, standing), anew.standing(tick(since)))
    return kept


def same(one, other):
    for name, column in other.deals.items():
        np.testing.assert_array_equal(one.deals[name], column, name)
    for name, column in other.arrived.columns.items():
        mine, theirs = one.arrived.columns[name], column
        if name in ("milestone", "owner"):
            mine, theirs = (named(each.arrived, f"{name}s", name) for each in (one, other))
        np.testing.assert_array_equal(mine, theirs, name)
    assert told_exits(one) == told_exits(other)


def named(arrived, words, name):
    return [[*getattr(arrived, words), None][code] for code in arrived.columns[name]]


def told_exits(record):
    hands = [record.hands[code] for code in record.exits["hand"]]
    columns = (record.exits[name].tolist() for name in (KEY, "at", "counts"))
    return sorted(zip(*columns, hands, strict=True))
