"""What open deals are held against (`horses.Norms`), learnt from all business of a process."""

import asyncio
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from app.core.work import Work
from app.domain.facts import Story, story
from app.domain.horses import Norms, norms
from app.domain.lessons.keeping import QUESTION, Learnt
from app.domain.lessons.kinds import Made, Reading, of_very_large
from app.domain.lessons.taking import taught
from app.engine.periods import Grain, bounds, containing
from app.schemas.scopes import Moment

NAME = "norms"


@dataclass(frozen=True, slots=True)
class Stock:
    """The deals of a process: those that stand open, where the norms were `learnt` before, or
    else all; and what the open ones are held against."""

    told: Story
    norms: Norms
    learnt: Learnt


async def stock(work: Work, process: Row[Any], asked: Moment) -> Stock:
    """By the norms in force at the moment of the question, or learnt by it."""
    found = await taught(work, process, [(NORMS, NAME)], asked)
    if found is not None:
        return Stock(await standing(work, process, asked), found[0].content, found[0].learnt)
    told = await story(work, process.id, as_of=asked.as_of, effective_at=asked.effective_at)
    known = await asyncio.to_thread(norms, told)
    return Stock(told, known, Learnt(QUESTION, told.at, len(told.deals)))


async def standing(work: Work, process: Row[Any], asked: Moment) -> Story:
    """The deals open at the moment of the question; with those that customers declined since the
    month began, as forecasts have it, so that all are told from one record."""
    at = (asked.as_of or work.now).astimezone(work.home.zone)
    start, _ = bounds(containing(at.date(), Grain.MONTH), work.home.zone)
    return await story(work, process.id, as_of=asked.as_of, standing=start)


async def _made(work: Work, reading: Reading, _: str) -> Made:
    told = await reading.story(work)
    return Made([await asyncio.to_thread(norms, told)], len(told.deals))


NORMS = of_very_large(NAME, Norms, _made)
