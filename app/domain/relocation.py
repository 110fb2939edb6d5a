"""Moves every open opportunity of a process to its newest version, keeping each one's history."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, func, select, text

from app.core.errors import Conflict, Invalid
from app.core.ids import UUID7_SQL
from app.core.work import Work
from app.domain import processes, replay
from app.domain.milestones import milestones_of
from app.schemas.relocation import RelocationIn, RelocationOut, RelocationStep
from app.tables import Milestone, Opportunity, ProcessVersion

_CHOOSE = """
CREATE TEMPORARY TABLE relocated ON COMMIT DROP AS
SELECT o.id AS opportunity_id, t.there AS milestone_id
FROM opportunities o
JOIN unnest(CAST(:versions AS uuid[]), CAST(:here AS uuid[]), CAST(:there AS uuid[]))
  AS t(version_id, here, there)
  ON t.version_id = o.version_id AND t.here IS NOT DISTINCT FROM o.milestone_id
WHERE o.workspace_id = :workspace AND o.status = 'open' AND o.deleted_at IS NULL
"""
_TELL = f"""
INSERT INTO events (workspace_id, id, opportunity_id, kind, occurred_at, recorded_at, actor, source,
  reconstructed, correction, version_id, milestone_id)
SELECT :workspace, {UUID7_SQL}, opportunity_id, 'moved_process', :now, :now, :actor, 'api',
  false, false, :version, milestone_id
FROM relocated
"""


async def relocate(
    work: Work, wanted: str | UUID, number: int, asked: RelocationIn
) -> RelocationOut:
    """Move them all, or none: a milestone without a counterpart stops it and is named."""
    process = await processes.resolve(work, wanted)
    version = await processes.current_version(work, process.id)
    if version.number != number:
        raise Conflict(f"Opportunities move to the newest version, which is {version.number}.")
    there = await milestones_of(work, version.id)
    _check(asked, there)
    standing = await work.all(_standing(work, process.id, version.id))
    found = [(row, _counterpart(row, there, asked)) for row in standing]
    steps = [_step(row, milestone) for row, milestone in found]
    lost = [step.from_milestone for step in steps if not step.mapped]
    if lost and not asked.dry_run:
        detail = f"nothing corresponds to {', '.join(map(str, lost))}; say where they go"
        raise Invalid.at("/milestones", "missing", detail)
    if not asked.dry_run:
        await _move(work, version.id, found)
    moved = sum(step.opportunities for step in steps if step.mapped)
    return RelocationOut(
        process_id=process.id, to_version=number, dry_run=asked.dry_run, moved=moved, steps=steps
    )


def _check(asked: RelocationIn, there: Sequence[Row[Any]]) -> None:
    keys = {milestone.key for milestone in there}
    for old, new in asked.milestones.items():
        if new == there[-1].key:  # whoever stood there without an order could never win any more
            detail = "only an order brings a deal to the order"
            raise Invalid.at(f"/milestones/{old}", "is_the_order", detail)
        if new not in keys:
            detail = f"the newest version has no milestone {new!r}"
            raise Invalid.at(f"/milestones/{old}", "unknown_milestone", detail)


def _standing(work: Work, process_id: UUID, version_id: UUID) -> Any:
    """How many open opportunities stand where, in versions that are not the newest."""
    here = Opportunity.workspace_id
    joined = (
        select(
            Opportunity.version_id,
            ProcessVersion.number,
            Opportunity.milestone_id,
            Milestone.key,
            Milestone.lineage_id,
            func.count().label("opportunities"),
        )
        .join(
            ProcessVersion,
            and_(ProcessVersion.workspace_id == here, ProcessVersion.id == Opportunity.version_id),
        )
        .outerjoin(
            Milestone,
            and_(Milestone.workspace_id == here, Milestone.id == Opportunity.milestone_id),
        )
    )
    own = (here == work.workspace_id, Opportunity.process_id == process_id)
    old = (Opportunity.version_id != version_id, Opportunity.status == "open")
    chosen = joined.where(*own, *old, Opportunity.deleted_at.is_(None))
    groups = (Opportunity.version_id, ProcessVersion.number, Opportunity.milestone_id)
    place = (Milestone.key, Milestone.lineage_id, Milestone.position)
    return chosen.group_by(*groups, *place).order_by(ProcessVersion.number, Milestone.position)


def _counterpart(row: Row[Any], there: Sequence[Row[Any]], asked: RelocationIn) -> Row[Any] | None:
    key = asked.milestones.get(row.key, row.key)
    told = row.key in asked.milestones
    places = there[:-1]
    for milestone in places:
        if milestone.key == key if told else milestone.lineage_id == row.lineage_id:
            return milestone
    return next((milestone for milestone in places if milestone.key == key), None)


def _step(row: Row[Any], milestone: Row[Any] | None) -> RelocationStep:
    return RelocationStep(
        from_version=row.number,
        from_milestone=row.key,
        to_milestone=milestone.key if milestone else None,
        mapped=row.milestone_id is None or milestone is not None,
        opportunities=row.opportunities,
    )


async def _move(
    work: Work, version_id: UUID, found: Sequence[tuple[Row[Any], Row[Any] | None]]
) -> None:
    values = {
        "workspace": work.workspace_id,
        "versions": [row.version_id for row, _ in found],
        "here": [row.milestone_id for row, _ in found],
        "there": [milestone.id if milestone else None for _, milestone in found],
    }
    await work.db.execute(text(_CHOOSE), values)
    told = {"workspace": work.workspace_id, "now": work.now, "actor": work.actor}
    await work.db.execute(text(_TELL), told | {"version": version_id})
    await replay.derive(work, table="relocated")
