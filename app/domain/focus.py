"""The open opportunities that can be brought to their next milestone soon, the best ones first."""

import asyncio

from app.core.sliced import sliced
from app.core.work import Work
from app.domain.facts import deals_of, story
from app.domain.outlooks import dead_of
from app.domain.processes import resolve
from app.domain.prospects import FORMULA, best_first, prospects, prospects_out
from app.domain.questions import here, seen_at
from app.schemas.prospects import FocusPageOut, FocusQuery


async def find(work: Work, asked: FocusQuery) -> FocusPageOut:
    """By value times the chance to get to the next milestone within the days asked for."""
    seen_at(work, asked)
    await here(work, asked.scope)
    process = await resolve(work, asked.process)
    told = await story(work, process.id, as_of=asked.as_of, effective_at=asked.effective_at)
    shares = await deals_of(work, told, asked.scope)
    dead = await dead_of(work, process, told, asked)
    found = await asyncio.to_thread(prospects, told, shares, asked.days, asked.business_type, dead)
    alive = [one for one in found if not one.dead]
    shown = sliced(alive, best_first, asked)
    return FocusPageOut(
        data=await prospects_out(work, told, shown.data, asked),
        next_cursor=shown.next_cursor,
        dead_count=len(found) - len(alive),
        process_id=process.id,
        process_version=told.version.number,
        scope=str(asked.scope),
        business_type=asked.business_type,
        days=asked.days,
        currency=work.home.currency,
        as_of=asked.as_of or work.now,
        effective_at=asked.effective_at,
        formula=FORMULA,
    )
