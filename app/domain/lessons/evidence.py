"""What the deals of a scope show of each section, for cascades at observed rates."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from app.core.work import Work
from app.domain.cohorts import Cohort, cohort
from app.domain.lessons.keeping import QUESTION, Learnt
from app.domain.lessons.kinds import Made, Reading, of_very_large
from app.domain.lessons.shapes import question_of, shape_of
from app.domain.lessons.taking import taught
from app.domain.observed_sections import Evidence, evidence
from app.schemas.observed_rates import ScopeQuery

NAME = "evidence"


@dataclass(frozen=True, slots=True)
class Shown:
    """What each section of the version in force shows, first to last."""

    sections: tuple[Evidence, ...]


async def learnt_evidence(
    work: Work, process: Row[Any], asked: ScopeQuery
) -> tuple[Sequence[Evidence], Learnt] | None:
    """As it was learnt, of a scope and kind of business; None where the question has to look."""
    found = await taught(work, process, [(EVIDENCE, shape_of(NAME, asked))], asked)
    return None if found is None else (found[0].content.sections, found[0].learnt)


async def seen_evidence(found: Cohort) -> tuple[Sequence[Evidence], Learnt]:
    """As these deals show it; the server goes on answering meanwhile."""
    told = found.told
    learnt = Learnt(QUESTION, told.at, len(told.deals))
    return await asyncio.to_thread(evidence, found), learnt


async def _made(work: Work, reading: Reading, shape: str) -> Made:
    asked = question_of(ScopeQuery, shape, reading.process.id, reading.as_of)
    told = await reading.story(work)
    sections, learnt = await seen_evidence(
        await cohort(work, told, asked.scope, asked.business_type)
    )
    return Made([Shown(tuple(sections))], learnt.deals)


EVIDENCE = of_very_large(NAME, Shown, _made)
