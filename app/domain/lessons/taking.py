"""The lessons that a question is answered by: those in force at its moment, or learnt by it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.errors import BeingLearnt
from app.core.work import Work
from app.domain.lessons import calling, keeping
from app.domain.lessons.keeping import QUESTION, Kept, Key, Learnt
from app.domain.lessons.kinds import Kind, Reading
from app.domain.processes import version_at
from app.schemas.scopes import Moment

_PATIENCE = "Nothing of this kind was learnt yet of so many deals; it is being learnt now."
# Kinds of lessons, and a shape of each.
Wanted = Sequence[tuple[Kind, str]]


async def taught(work: Work, process: Row[Any], wanted: Wanted, asked: Moment) -> list[Kept] | None:
    """The rows of these shapes in their order; None where the question finds out for itself.

    That is: where nothing of the kind is kept, as there are few arrivals; for what was true
    (`effective_at`), and not what was known; for past moments in which nothing was in force; where
    too much was kept today. What is missing now is learnt by whoever asks first, and kept;
    meanwhile others wait for it. Where there are so many arrivals that this takes too long a worker
    does it: `BeingLearnt`.
    """
    if asked.effective_at is not None:
        return None
    at = asked.as_of or work.now
    version_id: UUID = (await version_at(work, process.id, at)).id
    kept_as = {
        Key(process.id, version_id, shape): content
        for kind, asked_shape in wanted
        for shape, content in kind.rows(asked_shape).items()
    }
    found = await keeping.in_force(work, kept_as, at)
    if len(found) == len(kept_as):
        return [found[key] for key in kept_as]
    # What a question about the past kept would be in force before it was written, and for good.
    if asked.as_of is not None:
        return None
    least = max(kind.least() for kind, _ in wanted)
    arrivals = await keeping.arrivals(work, max(least, keeping.ENORMOUS))
    if arrivals < least:
        return None
    missing = _missing(wanted, found)
    if arrivals >= keeping.ENORMOUS:
        await calling.call_for(work, process.id, [shape for _, shape in missing])
        await work.db.commit()
        raise BeingLearnt(_PATIENCE)
    if await keeping.full_day(work, process.id):
        return None
    found |= await _learnt(work, Reading(process, work.now), version_id, missing, kept_as)
    return [found[key] for key in kept_as]


def _missing(wanted: Wanted, found: Mapping[Key, Kept]) -> Wanted:
    there = {key.shape for key in found}
    return [(kind, shape) for kind, shape in wanted if not kind.rows(shape).keys() <= there]


async def _learnt(
    work: Work, reading: Reading, version_id: UUID, missing: Wanted, kept_as: Mapping[Key, Any]
) -> dict[Key, Kept]:
    """What is missing, unless another question has just learnt it."""
    await keeping.alone(work, [Key(reading.process.id, version_id, shape) for _, shape in missing])
    found = await keeping.in_force(work, kept_as, work.now)
    for one in _missing(missing, found):
        found |= await learn(work, reading, version_id, one, lambda: work.now, asked=True)
    return found


async def learn(
    work: Work,
    reading: Reading,
    version_id: UUID,
    wanted: tuple[Kind, str],
    since: Callable[[], datetime],
    *,
    asked: bool,
) -> dict[Key, Kept]:
    """Learnt from the reading, and kept: in force from `since` on, which is asked when all is
    learnt. `asked`: by a question that waits."""
    found = await learnt_from(work, reading, version_id, wanted)
    await keep(work, found, since(), asked=asked)
    return found


async def learnt_from(
    work: Work, reading: Reading, version_id: UUID, wanted: tuple[Kind, str]
) -> dict[Key, Kept]:
    kind, shape = wanted
    made = await kind.learn(work, reading, shape)
    learnt = Learnt(QUESTION, reading.at, made.deals)
    return {
        Key(reading.process.id, version_id, kept): Kept(content, learnt)
        for kept, content in zip(kind.rows(shape), made.contents, strict=True)
    }


async def keep(work: Work, found: Mapping[Key, Kept], since: datetime, *, asked: bool) -> None:
    for key, kept in found.items():
        await keeping.keep(work, key, kept.content, kept.learnt, since=since, asked=asked)
