"""Rows that wait because the mapping does not say what their stage means."""

from typing import Any
from uuid import UUID

from sqlalchemy import func

from app.core.errors import ImportState as PastThat
from app.core.work import Work
from app.domain import jobs, processes
from app.domain.imports import mapping, register, upload
from app.domain.milestones import milestones_of
from app.schemas.imports import (
    HeldStageOut,
    ImportHeldOut,
    ImportObject,
    ImportOut,
    ImportState,
    MappingIn,
    ReleaseIn,
)
from app.schemas.jobs import JobKind
from app.tables import Import, ImportProblem


async def read(work: Work, id: UUID) -> ImportHeldOut:
    await work.get(Import, id)
    places = (ImportProblem.column, ImportProblem.value)
    rows = func.count(ImportProblem.line.distinct()).label("rows")
    first = func.min(ImportProblem.line).label("first_line")
    query = (
        work.rows(ImportProblem)
        .with_only_columns(*places, rows, first)
        .where(ImportProblem.import_id == id, ImportProblem.outcome == "held")
        .group_by(*places)
        .order_by(*places)
    )
    found = (await work.db.execute(query)).all()
    return ImportHeldOut(
        stages=[
            HeldStageOut(
                column=row.column, stage=row.value, rows=row.rows, first_line=row.first_line
            )
            for row in found
        ]
    )


async def release(work: Work, id: UUID, wanted: ReleaseIn) -> ImportOut:
    """Add the stages to the mapping and look at the held rows once more."""
    row = await work.get(Import, id)
    if row.dry_run or row.state != ImportState.COMPLETED_WITH_ERRORS or not row.counts["held"]:
        raise PastThat("No rows are held: the import has not ended so, or was a dry run.")
    if register.undone(row):
        raise PastThat(register.UNDONE)
    await upload.ask_for(work, id)
    complete = await _completed(work, row, wanted)
    report = row.report | {"releases": row.report.get("releases", 0) + 1}
    before = (ImportState.COMPLETED_WITH_ERRORS,)
    told = {"mapping": complete, "report": report, "finished_at": None}
    queued = await register.move(work, id, before, ImportState.QUEUED, **told)
    if queued is None:
        raise PastThat("The rows are being released already.")
    await jobs.enqueue(work, JobKind.IMPORT, id)
    return register.seen(queued)


async def _completed(work: Work, row: Any, wanted: ReleaseIn) -> dict[str, Any]:
    version = await processes.current_version(work, row.process_id)
    milestones = [milestone.key for milestone in await milestones_of(work, version.id)]
    stages = wanted.model_dump(mode="json", exclude_unset=True)["stages"]
    known: dict[str, Any] = dict(row.mapping)
    known["stages"] = known.get("stages", {}) | stages
    mapping.check(ImportObject(row.object), MappingIn.model_validate(known), milestones)
    return known
