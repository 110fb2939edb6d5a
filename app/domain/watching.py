"""News that nobody writes: a light changes because time passes, a target is reached by the last of
many orders, a cell comes to be at risk. Now and then somebody looks, and tells what is other than
what was told last.

A workspace is looked at when something has happened in it, and every hour at least. A light is told
when it crosses its threshold (two points below it on the way down), and not twice within an hour:
one that flickers, or changes back, is no news.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import workspace_transaction
from app.core.event_types import EventObject, EventType
from app.core.work import Work
from app.domain import lights_people
from app.domain.access import home
from app.domain.outbox import publishing
from app.domain.outbox.telling import Told, tell
from app.domain.potential import risks
from app.engine.lights import Light, Mode, Reason, Verdict, crossed
from app.schemas.lights import LightOut, PeopleLightsOut, PeopleLightsQuery
from app.schemas.white_spots import RisksQuery
from app.tables import EventMark, OutboxHead, Process, Target

log = logging.getLogger("backcast.events")

ACTOR = "backcast"
AT_LEAST = timedelta(hours=1)
QUIET = timedelta(hours=1)
# Pages of cells at risk in one look; the most valuable come first.
MOST_PAGES = 10

_TAKE = text("""
UPDATE outbox_heads SET watched_seq = seq, watched_at = :now
WHERE workspace_id = :workspace
  AND (watched_seq < seq OR watched_at IS NULL OR watched_at <= :before)
RETURNING seq""")


@dataclass(slots=True)
class Marks:
    """What was told last, and what is to be told now."""

    known: dict[tuple[str, str], Row[Any]]
    fresh: dict[tuple[str, str], tuple[str, datetime | None]]
    news: list[Told]

    def told(self, kind: str, key: str) -> Row[Any] | None:
        return self.known.get((kind, key))

    def keep(self, kind: str, key: str, value: str, told_at: datetime | None = None) -> None:
        self.fresh[kind, key] = (value, told_at)


async def run(engine: AsyncEngine, clock: Callable[[], datetime]) -> None:
    """Look wherever it is time to. `engine`: the patient one. What goes wrong in one workspace is
    logged, and tried again an hour later."""
    now = clock()
    late = OutboxHead.watched_at.is_(None) | (OutboxHead.watched_at <= now - AT_LEAST)
    query = select(OutboxHead.workspace_id).where(
        or_(OutboxHead.watched_seq < OutboxHead.seq, late)
    )
    async with engine.begin() as db:
        workspaces = list(await db.scalars(query))
    for workspace_id in workspaces:
        try:
            await look(engine, workspace_id, now)
        except Exception:
            log.exception("news of workspace %s; looked for again later", workspace_id)


async def look(engine: AsyncEngine, workspace_id: UUID, now: datetime) -> None:
    """One workspace; of several servers that come at once, one looks."""
    values = {"workspace": workspace_id, "now": now, "before": now - AT_LEAST}
    async with workspace_transaction(engine, workspace_id) as db:
        if await db.scalar(_TAKE, values) is None:
            return
    async with workspace_transaction(engine, workspace_id) as db:
        own = await home(db, workspace_id)
        await watch(Work(db, workspace_id, own, now, ACTOR, own.language))


async def watch(work: Work) -> None:
    """Tell what is other than before."""
    rows = await work.all(work.rows(EventMark))
    marks = Marks({(row.kind, row.key): row for row in rows}, {}, [])
    for process in await _aimed(work):
        seen = await lights_people.read(work, PeopleLightsQuery(process=str(process)))
        _lights(work, marks, seen)
    day = work.today.isoformat()
    if (last := marks.told("day", "matrix")) is None or last.value != day:
        await _risks(work, marks)
        await publishing.forget(work.db, work.workspace_id, work.now)
        marks.keep("day", "matrix", day)
    await _keep(work, marks)
    await tell(work, *marks.news)


async def _aimed(work: Work) -> list[UUID]:
    """The processes with a target that is in force today."""
    here = (Process.workspace_id == Target.workspace_id) & (Process.id == Target.process_id)
    query = work.rows(Target).join(Process, here).where(Process.deleted_at.is_(None))
    query = query.where(
        Target.starts_on <= work.today, or_(Target.ends_on.is_(None), Target.ends_on > work.today)
    )
    found = query.with_only_columns(Target.process_id).distinct().order_by(Target.process_id)
    return list(await work.db.scalars(found))


def _lights(work: Work, marks: Marks, seen: PeopleLightsOut) -> None:
    for scope, target_id, milestones in _scopes(seen):
        about = {"process_id": str(seen.process_id), "scope": scope, "period": seen.period}
        for light in milestones:
            _light(work, marks, about, light)
        _target(work, marks, about | {"target_id": str(target_id)}, milestones[-1])


def _scopes(seen: PeopleLightsOut) -> Iterator[tuple[str, UUID, list[Any]]]:
    """Everybody, teams and people, as far as they have a target."""
    if seen.all.target_id is not None:
        yield "all", seen.all.target_id, seen.all.milestones
    for team in seen.teams:
        if team.target_id is not None:
            yield f"team:{team.team_id}", team.target_id, team.milestones
    for person in seen.people:
        if person.target_id is not None:
            yield f"owner:{person.person_id}", person.target_id, person.milestones


def _light(work: Work, marks: Marks, about: dict[str, str], seen: LightOut) -> None:
    key = f"{about['process_id']}|{about['scope']}|{seen.key}"
    period, last = about["period"], marks.told("light", key)
    if last is None or not last.value.startswith(f"{period}|"):
        marks.keep("light", key, f"{period}|{seen.light}")
        return
    before = Light(last.value.rpartition("|")[2])
    now = crossed(before, _verdict(seen), Mode.PACE)
    if now is before or (last.told_at is not None and work.now - last.told_at < QUIET):
        return
    marks.keep("light", key, f"{period}|{now}", work.now)
    data = about | {"milestone": seen.key, "milestone_id": str(seen.milestone_id)}
    data |= {"from": before.value, "to": now.value}
    marks.news.append(Told(EventType.LIGHT_CHANGED, EventObject.LIGHT, data=data))


def _verdict(seen: LightOut) -> Verdict:
    attainment, pace = (
        None if ratio is None else Fraction(ratio) for ratio in (seen.attainment, seen.pace)
    )
    return Verdict(Light(seen.light), Reason(seen.reason.code), attainment=attainment, pace=pace)


def _target(work: Work, marks: Marks, about: dict[str, str], order: LightOut) -> None:
    """Once in a period, whatever happens to the orders later."""
    key = f"{about['target_id']}|{about['period']}"
    asked = order.reason.code != Reason.NOTHING_REQUIRED.value
    if not (order.reached and asked) or marks.told("target", key) is not None:
        return
    marks.keep("target", key, "reached", work.now)
    id = UUID(about["target_id"])
    marks.news.append(Told(EventType.TARGET_REACHED, EventObject.TARGET, id, data=dict(about)))


async def _risks(work: Work, marks: Marks) -> None:
    """Cells that are at risk and were not when somebody looked last."""
    at_risk: set[str] = set()
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        found = await risks.find(work, RisksQuery(limit=200, cursor=cursor))
        for each in found.data:
            key = f"{each.account_id}|{each.product_id}"
            at_risk.add(key)
            if marks.told("risk", key) is None:
                reasons = [reason.code for reason in each.reasons]
                data = {"account_id": str(each.account_id), "product_id": str(each.product_id)}
                told = data | {"reasons": reasons}
                marks.news.append(Told(EventType.MATRIX_AT_RISK, EventObject.CELL, data=told))
                marks.keep("risk", key, ",".join(reasons), work.now)
        cursor = found.next_cursor
        if cursor is None:
            break
    gone = [key for kind, key in marks.known if kind == "risk" and key not in at_risk]
    if gone and cursor is None:
        named = tuple_(EventMark.kind, EventMark.key).in_([("risk", key) for key in gone])
        own = EventMark.workspace_id == work.workspace_id
        await work.db.execute(delete(EventMark).where(own, named))


async def _keep(work: Work, marks: Marks) -> None:
    rows = [
        {
            "workspace_id": work.workspace_id,
            "kind": kind,
            "key": key,
            "value": value,
            "told_at": told_at,
        }
        for (kind, key), (value, told_at) in sorted(marks.fresh.items())
    ]
    if rows:
        entry = insert(EventMark)
        said = {"value": entry.excluded.value, "told_at": entry.excluded.told_at}
        key = (EventMark.workspace_id, EventMark.kind, EventMark.key)
        await work.db.execute(entry.on_conflict_do_update(index_elements=key, set_=said), rows)
