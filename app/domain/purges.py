"""What has served its time, and is taken away: kept answers, the files of old imports, old jobs."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, delete, func, or_, select, update

from app.core.work import Work
from app.domain.facts import keeping as facts
from app.domain.imports.reverting import FINAL
from app.schemas.imports import ImportState
from app.schemas.jobs import JobState
from app.tables import Import, ImportChange, ImportPart, Job, KeptAnswer

# As long as a request may be sent again with its idempotency key.
ANSWERS = timedelta(days=30)
JOBS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long after its end an import has its file, so that result files can be fetched and held
    rows released, and what it takes to undo it."""

    file: timedelta = timedelta(days=90)
    undo: timedelta = timedelta(days=730)


USUAL = Keeping()


async def purge(work: Work, keeping: Keeping = USUAL) -> int:
    """How many rows are gone. Dead jobs stay until somebody has looked at them."""
    answers = delete(KeptAnswer).where(
        KeptAnswer.workspace_id == work.workspace_id, KeptAnswer.created_at < work.now - ANSWERS
    )
    jobs = delete(Job).where(
        Job.workspace_id == work.workspace_id,
        Job.state.in_([JobState.COMPLETED.value, JobState.CANCELLED.value]),
        Job.finished_at < work.now - JOBS,
    )
    await facts.forget(work)
    gone = sum([(await work.db.execute(old)).rowcount for old in (answers, jobs)])
    return gone + await _files(work, keeping.file) + await _ways_back(work, keeping.undo)


async def _files(work: Work, kept: timedelta) -> int:
    """Files of imports that ended, or that nobody has started, so long ago."""
    mine = (Import.workspace_id == work.workspace_id,)
    waits = (Import.state == ImportState.OPEN.value, Import.created_at < work.now - kept)
    # To be started they would need their file again.
    await work.db.execute(
        update(Import)
        .where(*mine, *waits, Import.size.is_not(None))
        .values(size=None, sha256=None, report={})
    )
    old = select(Import.id).where(*mine, or_(Import.finished_at < work.now - kept, and_(*waits)))
    files = delete(ImportPart).where(
        ImportPart.workspace_id == work.workspace_id, ImportPart.import_id.in_(old)
    )
    return (await work.db.execute(files)).rowcount


async def _ways_back(work: Work, kept: timedelta) -> int:
    """How rows were before imports that ended so long ago; these say that they cannot be undone.
    What somebody has just asked to undo is left for another day."""
    mine = (Import.workspace_id == work.workspace_id, Import.finished_at < work.now - kept)
    final = Import.report["final"]
    waits = func.coalesce(Import.revert["state"].astext, "") == "queued"
    ended = update(Import).where(*mine, final.is_(None), ~waits)
    await work.db.execute(ended.values(report=Import.report.concat(FINAL)))
    # Those of before as well: held rows that were released since have left something anew.
    ids = select(Import.id).where(*mine, final.is_not(None))
    changes = delete(ImportChange).where(
        ImportChange.workspace_id == work.workspace_id, ImportChange.import_id.in_(ids)
    )
    return (await work.db.execute(changes)).rowcount
