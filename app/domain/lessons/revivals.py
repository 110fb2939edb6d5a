"""What became of deals that were revived: whether the rule errs by which they are called dead."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.work import Work
from app.domain.facts import Story, story
from app.domain.horses import Norms, norms
from app.domain.lessons.keeping import QUESTION, Learnt
from app.domain.lessons.kinds import Made, Reading, of_very_large
from app.domain.lessons.norms import NAME as NORMS_NAME
from app.domain.lessons.norms import NORMS, standing
from app.domain.lessons.taking import taught
from app.domain.notices import Mark, marks
from app.engine.flow.estimates import Estimate, estimate
from app.schemas.scopes import Business, Moment

NAME = "revivals"
_ENDED = ("won", "exited")


@dataclass(frozen=True, slots=True)
class Revivals:
    """Of deals that were ever revived how many were decided since, and how many of those won; by
    kind of business, in the order of `Business`. Whoever's they are: too few ever are to divide."""

    ended: tuple[int, ...]
    won: tuple[int, ...]

    def of(self, business_type: Business) -> Estimate:
        place = list(Business).index(business_type)
        ended = self.ended[place]
        rate = self.won[place] / ended if ended else None
        return estimate(rate, ended, float(ended))


@dataclass(frozen=True, slots=True)
class HeldAgainst:
    """The deals of a process, those that stand open or all; what they are held against, and what
    became of revived ones, `learnt` before or from them."""

    told: Story
    norms: Norms
    revivals: Revivals
    learnt: Learnt


async def held_against(
    work: Work, process: Row[Any], asked: Moment, noticed: Mapping[UUID, Mark]
) -> HeldAgainst:
    """By the lessons in force at the moment of the question, or learnt by it."""
    found = await taught(work, process, [(NORMS, NORMS_NAME), (REVIVALS, NAME)], asked)
    if found is not None:
        told = await standing(work, process, asked)
        return HeldAgainst(told, found[0].content, found[1].content, found[0].learnt)
    told = await story(work, process.id, as_of=asked.as_of, effective_at=asked.effective_at)
    learnt = Learnt(QUESTION, told.at, len(told.deals))
    known = await asyncio.to_thread(norms, told)
    return HeldAgainst(told, known, counted(told, noticed), learnt)


def counted(told: Story, noticed: Mapping[UUID, Mark]) -> Revivals:
    revived: Collection[UUID] = {id for id, mark in noticed.items() if mark.revived}
    deals = told.table.columns
    each = zip(deals["opportunity_id"], deals["status"], deals["business_type"], strict=True)
    ended = [(status, kind) for id, status, kind in each if id in revived and status in _ENDED]
    by_kind = [
        [status for status, kind in ended if business in (Business.ALL, kind)]
        for business in Business
    ]
    return Revivals(tuple(map(len, by_kind)), tuple(statuses.count("won") for statuses in by_kind))


async def _made(work: Work, reading: Reading, _: str) -> Made:
    told = await reading.story(work)
    past: Any = {"as_of": reading.as_of, "effective_at": reading.effective_at}
    noticed = await marks(work, reading.process, **past)
    return Made([counted(told, noticed)], len(told.deals))


REVIVALS = of_very_large(NAME, Revivals, _made)
