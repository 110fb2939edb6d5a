"""When something happened that teaches a good deal, what was learnt is learnt anew."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.core.work import Work
from app.domain import jobs
from app.schemas.jobs import JobKind
from app.tables import ForecastLesson

REMEMBERED = timedelta(days=14)
# An import of so many rows is such a thing.
MANY_ROWS = 2_000


async def call(work: Work) -> None:
    """Have all learnt anew, where anything was learnt of late."""
    if (await work.db.execute(lately(work).limit(1))).first() is not None:
        await jobs.enqueue(work, JobKind.LESSONS)


def lately(work: Work) -> Any:
    """The shapes of questions that somebody waited for."""
    lesson = ForecastLesson
    return select(lesson.shape).where(
        lesson.workspace_id == work.workspace_id,
        lesson.asked,
        lesson.learnt_at > work.now - REMEMBERED,
    )
