"""Learning anew, without anybody waiting: every night, after a publication, after a large import.

What is learnt in the round that begins at two in the morning is in force from five on. It is learnt
from what is known when it is read: to reckon back what was known at two takes many times as long.
Learnt are the usual shapes of each kind in every workspace that is large enough, and those that
somebody waited for within a fortnight; one that is asked still, and was left out for that, makes
its next question wait and is learnt again from then on.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select

from app.core.errors import Invalid, NotFound
from app.core.work import Work
from app.domain.lessons import keeping
from app.domain.lessons.calling import BETWEEN
from app.domain.lessons.keeping import Kept, Key
from app.domain.lessons.kinds import Kind, Reading, named
from app.domain.lessons.register import KINDS
from app.domain.lessons.taking import keep, learn, learnt_from
from app.domain.processes import resolve, version_at
from app.tables import ForecastLesson, Process

ROUND_AT, IN_FORCE_AT = time(2), time(5)
# Between keeping a lesson and its coming into force: by then the transaction has ended.
MARGIN = timedelta(minutes=15)
REMEMBERED = timedelta(days=14)
# Of one kind and process, those that were waited for last: a night is not long enough for all that
# can be asked.
MOST = 50


async def nightly(work: Work, process: Row[Any]) -> None:
    """From what is known now, in force from five."""
    await _learn_anew(work, [process], _five(work))


async def at_once(work: Work) -> None:
    """All processes, from what is known now."""
    await _learn_anew(work, await work.all(work.rows(Process).order_by(Process.id)), work.now)


async def _learn_anew(work: Work, processes: Sequence[Row[Any]], earliest: datetime) -> None:
    """All is learnt before anything is kept: when it comes into force depends on how long that
    took."""
    began = monotonic()
    found: dict[Key, Kept] = {}
    for process in processes:
        found |= await _usual(work, process)
    took = timedelta(minutes=(monotonic() - began) // 60)
    await keep(work, found, max(earliest, work.now + took + MARGIN), asked=False)


async def _usual(work: Work, process: Row[Any]) -> dict[Key, Kept]:
    """All kinds, from one reading."""
    arrivals = await keeping.arrivals(work, max(kind.least() for kind in KINDS.values()))
    kinds = [kind for kind in KINDS.values() if arrivals >= kind.least()]
    found: dict[Key, Kept] = {}
    if kinds:
        asked = await _asked(work, process)
        reading = Reading(process, work.now)
        version = await version_at(work, process.id, work.now)
        for kind in kinds:
            for shape in islice(dict.fromkeys(_shapes(kind, asked)), MOST):
                # What cannot be asked any more, as of a fiscal year that was moved, is let go.
                with suppress(Invalid, NotFound):
                    found |= await learnt_from(work, reading, version.id, (kind, shape))
    return found


async def wanted(work: Work, what: str, clock: Callable[[], datetime]) -> None:
    """Shapes of a process (`calling.call_for`), each in force as soon as it is learnt; unless it
    has been since it was asked for."""
    process_id, _, shapes = what.partition(" ")
    with suppress(NotFound):
        process = await resolve(work, process_id)
        version = await version_at(work, process.id, work.now)
        reading = Reading(process, work.now)
        for shape in shapes.split(BETWEEN):
            with suppress(Invalid, NotFound):
                await _once(work, reading, version.id, shape, clock)


async def _once(
    work: Work, reading: Reading, version_id: UUID, shape: str, clock: Callable[[], datetime]
) -> None:
    kind = KINDS[named(shape)]
    rows = kind.rows(shape)
    kept_as = {Key(reading.process.id, version_id, each): content for each, content in rows.items()}
    if len(await keeping.in_force(work, kept_as, clock())) < len(rows):
        await learn(work, reading, version_id, (kind, shape), clock, asked=True)


def _shapes(kind: Kind, asked: list[str]) -> Iterator[str]:
    yield from kind.usual()
    yield from (shape for shape in asked if named(shape) == kind.name)


async def _asked(work: Work, process: Row[Any]) -> list[str]:
    """The shapes that were waited for, the latest first."""
    lesson = ForecastLesson
    latest = func.max(lesson.learnt_at)
    query = (
        select(lesson.shape)
        .where(
            lesson.workspace_id == work.workspace_id,
            lesson.process_id == process.id,
            lesson.asked,
            lesson.learnt_at > work.now - REMEMBERED,
        )
        .group_by(lesson.shape)
        .order_by(latest.desc(), lesson.shape)
    )
    return list(await work.db.scalars(query))


def _five(work: Work) -> datetime:
    """Five o'clock, where the workspace is, of the day whose round has begun."""
    zone = work.home.zone
    local = work.now.astimezone(zone)
    today = local.date() - timedelta(days=1 if local.time() < ROUND_AT else 0)
    return datetime.combine(today, IN_FORCE_AT, zone).astimezone(UTC)
