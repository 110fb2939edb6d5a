"""The lessons that a question is answered by: those in force at its moment, or learnt by it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.work import Work
from app.domain.lessons import keeping
from app.domain.lessons.keeping import QUESTION, Kept, Key, Learnt
from app.domain.lessons.kinds import Kind, Reading
from app.domain.processes import version_at
from app.schemas.scopes import Moment

# Kinds of lessons, and a shape of each.
Wanted = Sequence[tuple[Kind, str]]


async def taught(work: Work, process: Row[Any], wanted: Wanted, asked: Moment) -> list[Kept] | None:
    """The rows of these shapes in their order; None where the question finds out for itself.

    That is: where nothing of the kind is kept, as there are few arrivals; for what was true
    (`effective_at`), and not what was known; for past moments in which nothing was in force. What
    is missing now is learnt by whoever asks first, and kept; meanwhile others wait for it.
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
    if len(found) < len(kept_as):
        # What a question about the past kept would be in force before it was written, and for good.
        if asked.as_of is not None or not await _are_kept(work, wanted):
            return None
        found = await _completed(work, process, wanted, kept_as)
    return [found[key] for key in kept_as]


async def _are_kept(work: Work, wanted: Wanted) -> bool:
    """Whether the workspace is so large that lessons of all these kinds are kept."""
    least = max(kind.least() for kind, _ in wanted)
    return await keeping.arrivals(work, least) >= least


async def _completed(
    work: Work, process: Row[Any], wanted: Wanted, kept_as: Mapping[Key, Any]
) -> dict[Key, Kept]:
    """With what is missing learnt, alone."""
    version_id = next(iter(kept_as)).version_id
    await keeping.alone(work, [Key(process.id, version_id, shape) for _, shape in wanted])
    found = await keeping.in_force(work, kept_as, work.now)
    reading = Reading(process, work.now)
    for kind, shape in wanted:
        if any(Key(process.id, version_id, each) not in found for each in kind.rows(shape)):
            found |= await learn(work, reading, version_id, (kind, shape), work.now, asked=True)
    return found


async def learn(
    work: Work,
    reading: Reading,
    version_id: UUID,
    wanted: tuple[Kind, str],
    since: datetime,
    *,
    asked: bool,
) -> dict[Key, Kept]:
    """Learnt from the reading, and kept: in force from `since` on. `asked`: by a question."""
    kind, shape = wanted
    made = await kind.learn(work, reading, shape)
    learnt, found = Learnt(QUESTION, reading.at, made.deals), {}
    for kept, content in zip(kind.rows(shape), made.contents, strict=True):
        key = Key(reading.process.id, version_id, kept)
        await keeping.keep(work, key, content, learnt, since=since, asked=asked)
        found[key] = Kept(content, learnt)
    return found
