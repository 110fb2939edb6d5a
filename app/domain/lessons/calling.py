"""When something happened that teaches a good deal, what was learnt is learnt anew."""

from app.core.work import Work
from app.domain import jobs
from app.domain.lessons import keeping
from app.schemas.jobs import JobKind

# An import of so many rows is such a thing.
MANY_ROWS = 2_000


async def call(work: Work) -> None:
    """Have all learnt anew, in a workspace where anything is."""
    if await keeping.arrivals(work, keeping.LARGE) >= keeping.LARGE:
        await jobs.enqueue(work, JobKind.LESSONS)
