"""The teams as one tree in memory, for sums over every team at once."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from app.core.work import Work
from app.tables import Team


async def teams(work: Work) -> Sequence[Row[Any]]:
    """All teams by name, deleted ones too: what arrived in their time stays with those above."""
    own = select(Team).where(Team.workspace_id == work.workspace_id)
    return await work.all(own.order_by(Team.name, Team.id))


def inside(rows: Sequence[Row[Any]]) -> dict[UUID, frozenset[UUID]]:
    """Each team's id with its own and those of all teams below it."""
    below: dict[UUID, list[UUID]] = {}
    for row in rows:
        if row.parent_id is not None:
            below.setdefault(row.parent_id, []).append(row.id)
    return {row.id: frozenset(_walk(row.id, below)) for row in rows}


def _walk(id: UUID, below: dict[UUID, list[UUID]]) -> Iterator[UUID]:
    yield id
    for child in below.get(id, []):
        yield from _walk(child, below)
