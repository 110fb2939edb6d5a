"""Learning anew, without anybody waiting: every night, after a publication, after a large import.

What was learnt from two in the morning's knowledge is in force from five on. Learnt are the shapes
of questions that somebody waited for within a fortnight; one that is asked still, and was left out
for that, makes its next question wait and is learnt again from then on.
"""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.work import Work
from app.domain.lessons import keeping
from app.domain.lessons.calling import lately
from app.domain.lessons.forecasts import learn_kept, question_of
from app.tables import ForecastLesson, Process

LEARNT_AT, IN_FORCE_AT = time(2), time(5)
# A lesson is written before it comes into force, however long it takes to learn.
MARGIN = timedelta(minutes=15)


async def nightly(work: Work, process: Row[Any]) -> None:
    """From what was known at two o'clock, in force from five."""
    at = _local(work, LEARNT_AT)
    await learn_anew(work, process, at, max(_local(work, IN_FORCE_AT), work.now + MARGIN))


async def at_once(work: Work) -> None:
    """All processes, from what is known now."""
    for process in await work.all(work.rows(Process).order_by(Process.id)):
        await learn_anew(work, process, work.now, work.now + MARGIN)


async def learn_anew(work: Work, process: Row[Any], at: datetime, since: datetime) -> None:
    shapes = await _asked(work, process.id)
    if shapes and await keeping.is_large(work):
        questions = [question_of(process.id, shape, at) for shape in shapes]
        await learn_kept(work, process, questions, since)


async def _asked(work: Work, process_id: UUID) -> list[str]:
    """The shapes of forecasts that were waited for."""
    query = lately(work).where(
        ForecastLesson.process_id == process_id, ForecastLesson.shape.startswith("forecast ")
    )
    return sorted(set(await work.db.scalars(query)))


def _local(work: Work, at: time) -> datetime:
    """That time of the day whose round has begun."""
    zone = work.home.zone
    local = work.now.astimezone(zone)
    today = local.date() - timedelta(days=1 if local.time() < LEARNT_AT else 0)
    return datetime.combine(today, at, zone)
