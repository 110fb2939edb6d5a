"""Snapshots: every day what is forecast is kept as it was said, beside what simpler methods say.

A snapshot tells of two in the morning where the workspace is. Nothing in it is ever changed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.dialects import postgresql

from app.core.work import Work
from app.domain.facts import Deals, Story, story
from app.domain.horses import NOBODY
from app.domain.outlooks import METHOD, Outlook, View, look_ahead, past_of, view
from app.domain.processes import resolve
from app.domain.snapshot_points import Span, deal_rows, past_said, points
from app.engine.flow.facts import cut, day
from app.engine.forecast import Past
from app.engine.forecast.rivals import rivals
from app.engine.periods import Grain, bounds, containing
from app.tables import ForecastPoint, ForecastSnapshot

HOUR = 2
MONTHS = 6
WINDOWS = (30, 91)


@dataclass(frozen=True, slots=True)
class _Found:
    """What a snapshot keeps, and what later blends learn from it."""

    status: str
    deals: dict[str, Any]
    points: list[dict[str, Any]]
    past: list[Past]


async def take(work: Work, process_id: UUID) -> bool:
    """Keep the forecast of the day's two o'clock; False when that was done before."""
    at = _begun(work)
    on = at.astimezone(work.home.zone).date()
    kept = work.rows(ForecastSnapshot).where(
        ForecastSnapshot.process_id == process_id, ForecastSnapshot.day == on
    )
    if await work.one(kept) is not None:
        return False
    process = await resolve(work, process_id)
    told = await story(work, process_id, as_of=at)
    how = await view(work, process, as_of=at)
    past = await past_of(work, process_id, at)
    found = await asyncio.to_thread(_look, told, how, past, spans(work, at))
    return await _keep(work, process_id, on, found)


async def take_past(work: Work, process_id: UUID, days: int, *, every: int = 7) -> int:
    """Keep what would have been said in the `days` before today, once in `every` so many; how
    many snapshots were new.

    One story, cut at every day: deals on hold then count as open, and values are those of the
    last move.
    """
    process = await resolve(work, process_id)
    told = await story(work, process_id)
    told = replace(told, deals=Deals.of([replace(deal, held_until=None) for deal in told.deals]))
    how = replace(await view(work, process), resets=NOBODY)
    past: list[Past] = []
    new = 0
    for back in range(days, 0, -every):
        on = work.today - timedelta(days=back)
        at = _at(work, on)
        if day(at) <= told.facts.since:
            continue
        then = replace(told, at=at, facts=cut(told.facts, day(at)))
        found = await asyncio.to_thread(_look, then, how, past, spans(work, at))
        past += found.past
        new += await _keep(work, process_id, on, found)
    return new


def spans(work: Work, at: datetime) -> list[list[Span]]:
    """Groups of consecutive ones: the next 30 days, the next 91, and the months."""
    on = at.astimezone(work.home.zone).date()
    lengths = [timedelta(days=days) for days in WINDOWS]
    fixed = [[Span(f"{each.days}d", at, at + each, (on, on + each))] for each in lengths]
    month, months, start = containing(on, Grain.MONTH), [], at
    for _ in range(MONTHS):
        end = bounds(month, work.home.zone)[1]
        months.append(Span(month.key, start, end, (max(on, month.start), month.end)))
        month, start = month.next, end
    return [*fixed, months]


def _look(told: Story, how: View, past: Sequence[Past], groups: Sequence[Sequence[Span]]) -> _Found:
    simple = rivals(told.facts)
    made: list[Outlook] = []
    for each in groups:
        dead = made[0].dead if made else None
        made.append(look_ahead(told, [day(span.end) for span in each], how, past, dead))
    pairs = list(zip(made, groups, strict=True))
    return _Found(
        status=made[0].whole.status.value,
        deals=deal_rows(made[0], simple),
        points=[row for seen, each in pairs for row in points(seen, each, simple)],
        past=[one for seen in made for one in past_said(seen)],
    )


async def _keep(work: Work, process_id: UUID, on: date, found: _Found) -> bool:
    """Two servers at once keep one of both; False for the later one."""
    key = {"workspace_id": work.workspace_id, "process_id": process_id, "day": on}
    row = key | found.deals | {"taken_at": _at(work, on), "method": METHOD}
    row |= {"status": found.status, "currency": work.home.currency}
    written = postgresql.insert(ForecastSnapshot).values(row).on_conflict_do_nothing()
    fresh = await work.db.execute(written.returning(ForecastSnapshot.day))
    if fresh.one_or_none() is None:
        return False
    if found.points:
        await work.db.execute(insert(ForecastPoint), [key | point for point in found.points])
    return True


def _begun(work: Work) -> datetime:
    """The latest two o'clock that has passed."""
    at = _at(work, work.today)
    return at if at <= work.now else _at(work, work.today - timedelta(days=1))


def _at(work: Work, on: date) -> datetime:
    return datetime.combine(on, time(HOUR), tzinfo=work.home.zone).astimezone(UTC)
