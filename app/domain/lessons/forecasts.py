"""What a forecast rests on: a lesson and the deals it is told of.

Where a workspace has few arrivals everything is learnt by the question, from all that was known at
its moment. Where it has many, what was learnt last is told of the deals that stand now, which are
read without the others. Where nothing was learnt yet, the first question learns and keeps it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from app.core.work import Work
from app.domain.facts import Moments, People, Story, story
from app.domain.horses import Norms, norms, prior_of
from app.domain.lessons import keeping, taking
from app.domain.lessons.keeping import QUESTION, Kept, Learnt
from app.domain.lessons.kinds import Kind, Made, Reading
from app.domain.outlooks import past_of
from app.domain.periods_ahead import periods_from
from app.engine.flow.facts import Places, day
from app.engine.flow.packed import whole
from app.engine.forecast import Lesson, Past, Weights, learn, scale_of
from app.engine.money import exponent
from app.engine.periods import Period, bounds
from app.schemas.forecast import ForecastQuery
from app.schemas.scopes import Business

NAME = "forecast"


@dataclass(frozen=True, slots=True, eq=False)
class Teaching:
    """A lesson, and whose the arrivals and orders are that its weights count: places in `people`
    (the last of them nobody's), and a moment of that day."""

    lesson: Lesson
    people: tuple[UUID | None, ...]
    arrived_owner: Places
    arrived_at: Places
    order_owner: Places
    ordered_at: Places


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """The deals at a moment, all or those standing, and what is known of their like."""

    told: Story
    lesson: Lesson
    norms: Norms
    learnt: Learnt


def shape_of(asked: ForecastQuery) -> str:
    """What lessons of a forecast are learnt for; scopes and units are parts of the same one."""
    return f"{NAME} {asked.business_type.value} {asked.grain.value} {asked.periods}"


def rows_of(shape: str) -> Mapping[str, Any]:
    """The lesson, and by which norms its dead are told. Each has norms of its own: those that
    another question learns later are never in force at a moment that was told by earlier ones."""
    return {shape: Teaching, f"horses {shape}": Norms}


async def taught(
    work: Work, process: Row[Any], asked: ForecastQuery, periods: Sequence[Period]
) -> Taught:
    """By the lesson in force at the moment of the question, or learnt by it."""
    found = await taking.taught(work, process, [(FORECASTS, shape_of(asked))], asked)
    if found is not None:
        return await _by_lesson(work, process, asked, periods, found)
    at = min(asked.as_of or work.now, asked.effective_at or work.now)
    return await _learnt(work, Reading(process, at, asked.as_of, asked.effective_at), asked)


async def _by_lesson(
    work: Work,
    process: Row[Any],
    asked: ForecastQuery,
    periods: Sequence[Period],
    found: Sequence[Kept],
) -> Taught:
    teaching: Teaching = found[0].content
    told = await story(
        work,
        process.id,
        as_of=asked.as_of,
        business_type=asked.business_type,
        standing=bounds(periods[0], work.home.zone)[0],
    )
    lesson = teaching.lesson
    # What had no record by then has none since it was learnt either.
    since = lesson.since if lesson.since < lesson.at else told.facts.at
    told = replace(
        told,
        facts=replace(told.facts, since=since),
        arrived_owner=People(teaching.arrived_owner, teaching.people),
        arrived_at=Moments(teaching.arrived_at),
        order_owner=People(teaching.order_owner, teaching.people),
        ordered_at=Moments(teaching.ordered_at),
    )
    return Taught(told, lesson, found[1].content, found[0].learnt)


async def _learnt(work: Work, reading: Reading, asked: ForecastQuery) -> Taught:
    """From all that is known. Who is dead is judged by all business, as the round does that gives
    them up; what was said in the past was said of all, and teaches nothing of a part of it."""
    told, everything = [
        await reading.story(work, kind) for kind in (asked.business_type, Business.ALL)
    ]
    said = await past_of(work, told.process_id, told.at) if told is everything else []
    periods = periods_from(work, reading.at, asked.grain, asked.periods)
    ends = [bounds(each, work.home.zone)[1] for each in periods]
    lesson, known = await asyncio.to_thread(_learn, work, told, everything, ends, said)
    return Taught(told, lesson, known, Learnt(QUESTION, told.at, len(told.deals)))


def _learn(
    work: Work, told: Story, everything: Story, ends: Sequence[datetime], said: Sequence[Past]
) -> tuple[Lesson, Norms]:
    scale = scale_of(exponent(work.home.currency))
    lesson = learn(told.facts, [day(end) for end in ends], prior_of(told), said, scale)
    return lesson, norms(everything)


def question_of(process_id: UUID, shape: str, at: datetime) -> ForecastQuery:
    """The question at a moment that a shape is of."""
    _, business, grain, periods = shape.split()
    asked = {"business_type": business, "grain": grain, "periods": periods, "as_of": at}
    return ForecastQuery.model_validate({"process": str(process_id)} | asked)


async def _made(work: Work, reading: Reading, shape: str) -> Made:
    made = await _learnt(work, reading, question_of(reading.process.id, shape, reading.at))
    contents = (teaching(made.told, made.lesson, work.home.zone), made.norms)
    return Made(contents, made.learnt.deals)


def teaching(told: Story, lesson: Lesson, zone: ZoneInfo) -> Teaching:
    """The lesson as it is kept: arrivals and orders of one person and day are one."""
    weights = lesson.weights
    arrivals = _together(zone, told.arrived_owner, told.arrived_at, weights.arrivals)
    orders = _together(zone, told.order_owner, told.ordered_at, weights.wins)
    units = weights.win_units
    return Teaching(
        replace(
            lesson,
            weights=Weights(
                arrivals=tuple(range(len(arrivals))),
                arrival_counts=tuple(map(len, arrivals)),
                wins=tuple(range(len(orders))),
                win_counts=tuple(map(len, orders)),
                win_units=tuple(sum(units[place] for place in group) for group in orders),
            ),
        ),
        tuple(told.arrived_owner.people),
        *_firsts(told.arrived_owner, told.arrived_at, weights.arrivals, arrivals),
        *_firsts(told.order_owner, told.ordered_at, weights.wins, orders),
    )


def _together(
    zone: ZoneInfo, owners: People, moments: Moments, rows: Sequence[int]
) -> list[list[int]]:
    """The places of `rows` by person and local day."""

    def key(place: int) -> tuple[int, int]:
        row = rows[place]
        return int(owners.codes[row]), moments[row].astimezone(zone).toordinal()

    return [list(group) for _, group in groupby(sorted(range(len(rows)), key=key), key)]


def _firsts(
    owners: People, moments: Moments, rows: Sequence[int], groups: Sequence[Sequence[int]]
) -> tuple[Places, Places]:
    """Of each group whose it is and when."""
    first = [rows[group[0]] for group in groups]
    return whole(owners.codes[first]), whole(moments.ticks[first])


FORECASTS = Kind(
    name=NAME,
    least=lambda: keeping.LARGE,
    usual=lambda: [shape_of(ForecastQuery(process=""))],
    rows=rows_of,
    learn=_made,
)
