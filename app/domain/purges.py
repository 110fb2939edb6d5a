"""What has served its time, and is taken away: kept answers, the files of old imports, old jobs."""

from datetime import timedelta

from sqlalchemy import delete, select

from app.core.work import Work
from app.domain.facts import keeping
from app.schemas.jobs import JobState
from app.tables import Import, ImportPart, Job, KeptAnswer

# As long as a request may be sent again with its idempotency key.
ANSWERS = timedelta(days=30)
# As long as result files can be fetched and held rows released.
FILES = timedelta(days=90)
JOBS = timedelta(days=30)


async def purge(work: Work) -> int:
    """How many rows are gone. Dead jobs stay until somebody has looked at them."""
    answers = delete(KeptAnswer).where(
        KeptAnswer.workspace_id == work.workspace_id, KeptAnswer.created_at < work.now - ANSWERS
    )
    old = select(Import.id).where(
        Import.workspace_id == work.workspace_id, Import.finished_at < work.now - FILES
    )
    files = delete(ImportPart).where(
        ImportPart.workspace_id == work.workspace_id, ImportPart.import_id.in_(old)
    )
    jobs = delete(Job).where(
        Job.workspace_id == work.workspace_id,
        Job.state.in_([JobState.COMPLETED.value, JobState.CANCELLED.value]),
        Job.finished_at < work.now - JOBS,
    )
    await keeping.forget(work)
    return sum([(await work.db.execute(gone)).rowcount for gone in (answers, files, jobs)])
