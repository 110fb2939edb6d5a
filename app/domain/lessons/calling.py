"""When something happened that teaches a good deal, what was learnt is learnt anew."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, select

from app.core.work import Work
from app.domain import jobs
from app.domain.lessons import keeping
from app.schemas.jobs import JobKind
from app.tables import Job

# Of shapes that are learnt together, in the subject of a job.
BETWEEN = "; "
# An import of so many rows is such a thing.
MANY_ROWS = 2_000
# Each takes minutes, and the imports of a workspace wait for what was called before them.
MOST_QUEUED = 20


async def call(work: Work) -> None:
    """Have all learnt anew, in a workspace where anything is."""
    if await keeping.arrivals(work, keeping.LARGE) >= keeping.LARGE:
        await jobs.enqueue(work, JobKind.LESSONS)


async def call_for(work: Work, process_id: UUID, shapes: Iterable[str]) -> None:
    """Have these shapes learnt from one reading, for somebody who waits; unless so many do that who
    waits has to ask again in any case."""
    if await _queued(work) < MOST_QUEUED:
        await jobs.enqueue(work, JobKind.LESSONS, f"{process_id} {BETWEEN.join(shapes)}")


async def _queued(work: Work) -> int:
    """How many are waited for."""
    query = select(func.count()).where(
        Job.workspace_id == work.workspace_id,
        Job.kind == JobKind.LESSONS.value,
        Job.state.in_([state.value for state in jobs.UNDER_WAY]),
        Job.subject.contains(" "),
    )
    return int(await work.db.scalar(query) or 0)
