"""The lessons that are kept: which is in force at a moment, and how a new one comes into force.

Nothing kept is ever changed, and none comes into force earlier than it was written. So a question
about a moment finds the same lesson whenever it is asked.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import distinct_on, insert

from app.core.work import Work
from app.domain.lessons.payloads import heard, told
from app.tables import ForecastLesson, Passage, Process

# From so many arrivals in a workspace a forecast is learnt at fixed moments. It looks back many
# times and says what it expected then; of fewer it does so in less time than anybody notices.
LARGE = 5_000
# Everything else is estimated once and exactly, of these within a good half of a second.
VERY_LARGE = 100_000
# To read so many takes longer than a question may: a worker learns what is missing.
ENORMOUS = 1_000_000
# Without a newer one it is learnt anew by the question itself.
LASTS = timedelta(hours=48)
# Of one process, because they were asked: what is kept is kept for good. Beyond that the question
# learns and keeps nothing.
MOST_A_DAY = 500
METHOD = "lesson.1"
QUESTION, LESSON = "question", "lesson"
# Decoded lessons that stay at hand in this process; they never change.
_AT_HAND = 64
# Learning takes longer than anybody may hold a row: who waits for it has the time of a statement.
_PATIENTLY = "SELECT set_config('lock_timeout', '0', true)"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('lesson:' || :what, 0))"
_AS_BEFORE = "SELECT set_config('lock_timeout', NULL, true)"


@dataclass(frozen=True, slots=True)
class Key:
    """Of which process and version, and for which shape of question."""

    process_id: UUID
    version_id: UUID
    shape: str


@dataclass(frozen=True, slots=True)
class Learnt:
    """How an answer came by what it knows of the past: from which moment's knowledge, and from how
    many deals."""

    source: str
    at: datetime
    deals: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A lesson in force, as it was learnt."""

    content: Any
    learnt: Learnt


known: OrderedDict[tuple[Any, ...], Kept] = OrderedDict()
# Workspaces that are known to have so many arrivals: counting a million takes half a second.
full: set[tuple[UUID, int]] = set()


async def in_force(work: Work, kept_as: Mapping[Key, Any], at: datetime) -> dict[Key, Kept]:
    """Of each key the lesson in force at that moment, as what it is kept; without those that have
    none, or one that this version of the service cannot read."""
    found = {}
    for row in await _rows(work, list(kept_as), at):
        key = Key(row.process_id, row.version_id, row.shape)
        read = await _decoded(work, row, kept_as[key])
        if read is not None:
            found[key] = read
    return found


async def _rows(work: Work, keys: Sequence[Key], at: datetime) -> Sequence[Row[Any]]:
    """Which are in force, without what they say."""
    lesson = ForecastLesson
    key: tuple[Any, ...] = (lesson.process_id, lesson.version_id, lesson.shape)
    query: Select[Any] = (
        select(*key, lesson.in_force_from, lesson.as_of, lesson.deals)
        .ext(distinct_on(*key))
        .where(
            lesson.workspace_id == work.workspace_id,
            tuple_(*key).in_([(each.process_id, each.version_id, each.shape) for each in keys]),
            lesson.in_force_from <= at,
            lesson.in_force_from > at - LASTS,
            lesson.method == METHOD,
            lesson.currency == work.home.currency,
        )
        .order_by(*key, lesson.in_force_from.desc())
    )
    return await work.all(query)


async def _decoded(work: Work, row: Row[Any], kind: Any) -> Kept | None:
    place = (work.workspace_id, row.process_id, row.version_id, row.shape, row.in_force_from)
    found = known.get(place)
    if found is not None:
        known.move_to_end(place)
    else:
        lesson = ForecastLesson
        query = select(lesson.payload).where(
            lesson.workspace_id == work.workspace_id,
            lesson.process_id == row.process_id,
            lesson.version_id == row.version_id,
            lesson.shape == row.shape,
            lesson.in_force_from == row.in_force_from,
        )
        said = (await work.db.execute(query)).scalar_one()
        try:
            found = Kept(heard(kind, said), Learnt(LESSON, row.as_of, row.deals))
        except ValueError:
            return None
        known[place] = found
        while len(known) > _AT_HAND:
            known.popitem(last=False)
    return found


async def keep(
    work: Work, key: Key, content: Any, learnt: Learnt, *, since: datetime, asked: bool
) -> None:
    """In force from `since` on; `asked`: by a question that waited for it."""
    row = {
        "workspace_id": work.workspace_id,
        "process_id": key.process_id,
        "version_id": key.version_id,
        "shape": key.shape,
        "in_force_from": since,
        "as_of": learnt.at,
        "learnt_at": work.now,
        "asked": asked,
        "method": METHOD,
        "currency": work.home.currency,
        "deals": learnt.deals,
        "payload": told(content),
    }
    await work.db.execute(insert(ForecastLesson).values(row).on_conflict_do_nothing())


async def full_day(work: Work, process_id: UUID) -> bool:
    """Whether as many as may be were kept of late because somebody asked."""
    lesson = ForecastLesson
    lately = select(lesson.shape).where(
        lesson.workspace_id == work.workspace_id,
        lesson.process_id == process_id,
        lesson.asked,
        lesson.learnt_at > work.now - timedelta(days=1),
    )
    counted = select(func.count()).select_from(lately.limit(MOST_A_DAY).subquery())
    return int(await work.db.scalar(counted) or 0) >= MOST_A_DAY


async def arrivals(work: Work, most: int) -> int:
    """How many there are in the workspace, counted up to `most`; where there have been so many,
    there are still."""
    if (work.workspace_id, most) not in full:
        some = select(Passage.opportunity_id).where(Passage.workspace_id == work.workspace_id)
        counted = select(func.count()).select_from(some.limit(most).subquery())
        found = int(await work.db.scalar(counted) or 0)
        if found < most:
            return found
        full.add((work.workspace_id, most))
    return most


async def alone(work: Work, keys: Sequence[Key]) -> None:
    """Wait for whoever is learning the same for another question. A replica, which could keep
    nothing, says so here and not after all the work."""
    process = work.rows(Process).where(Process.id == keys[0].process_id)
    await work.all(process.with_for_update(key_share=True, read=True))
    await work.db.execute(text(_PATIENTLY))
    # In one order for all, so that nobody waits for who is waiting.
    for key in sorted(keys, key=lambda each: each.shape):
        what = f"{work.workspace_id} {key.process_id} {key.version_id} {key.shape}"
        await work.db.execute(text(_LOCK), {"what": what})
    await work.db.execute(text(_AS_BEFORE))
