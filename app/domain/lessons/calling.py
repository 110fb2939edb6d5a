"""When something happened that teaches a good deal, what was learnt is learnt anew."""

from collections.abc import Iterable
from uuid import UUID

from app.core.work import Work
from app.domain import jobs
from app.domain.lessons import keeping
from app.schemas.jobs import JobKind

# Of shapes that are learnt together, in the subject of a job.
BETWEEN = "; "
# An import of so many rows is such a thing.
MANY_ROWS = 2_000


async def call(work: Work) -> None:
    """Have all learnt anew, in a workspace where anything is."""
    if await keeping.arrivals(work, keeping.LARGE) >= keeping.LARGE:
        await jobs.enqueue(work, JobKind.LESSONS)


async def call_for(work: Work, process_id: UUID, shapes: Iterable[str]) -> None:
    """Have these shapes learnt from one reading, for somebody who waits."""
    await jobs.enqueue(work, JobKind.LESSONS, f"{process_id} {BETWEEN.join(shapes)}")
