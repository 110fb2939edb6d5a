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
from app.domain.lessons import keeping
from app.domain.lessons.keeping import QUESTION, Kept, Key, Learnt
from app.domain.outlooks import past_of
from app.domain.periods_ahead import periods_from
from app.domain.processes import version_at
from app.engine.flow.facts import Places, day
from app.engine.flow.packed import whole
from app.engine.forecast import Lesson, Past, Weights, learn, scale_of
from app.engine.money import exponent
from app.engine.periods import Period, bounds
from app.schemas.forecast import ForecastQuery
from app.schemas.scopes import Business


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
    return f"forecast {asked.business_type.value} {asked.grain.value} {asked.periods}"


def shapes_of(asked: ForecastQuery) -> tuple[str, str]:
    """The lesson, and by which norms its dead are told. Each has norms of its own: those that
    another question learns later are never in force at a moment that was told by earlier ones."""
    shape = shape_of(asked)
    return shape, f"horses {shape}"


async def taught(
    work: Work, process: Row[Any], asked: ForecastQuery, periods: Sequence[Period]
) -> Taught:
    """By the lesson in force at the moment of the question, or learnt by it."""
    at = min(asked.as_of or work.now, asked.effective_at or work.now)
    version = await version_at(work, process.id, at)
    keys = [Key(process.id, version.id, shape) for shape in shapes_of(asked)]
    if asked.effective_at is not None:
        return await _in_question(work, process, asked, periods)
    found = await keeping.in_force(work, keys, (Teaching, Norms), at)
    # What a question about the past kept would be in force before it was written, and for good.
    if found is None and asked.as_of is None and await keeping.is_large(work):
        await keeping.alone(work, keys[0])
        found = await keeping.in_force(work, keys, (Teaching, Norms), at)
        if found is None:
            return await _kept(work, keys, await _in_question(work, process, asked, periods))
    if found is None:
        return await _in_question(work, process, asked, periods)
    return await _by_lesson(work, process, asked, periods, found)


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
    told = replace(
        told,
        facts=replace(told.facts, since=teaching.lesson.since),
        arrived_owner=People(teaching.arrived_owner, teaching.people),
        arrived_at=Moments(teaching.arrived_at),
        order_owner=People(teaching.order_owner, teaching.people),
        ordered_at=Moments(teaching.ordered_at),
    )
    return Taught(told, teaching.lesson, found[1].content, found[0].learnt)


async def _in_question(
    work: Work, process: Row[Any], asked: ForecastQuery, periods: Sequence[Period]
) -> Taught:
    """From all that is known."""
    stories: dict[Business, Story] = {}
    await _read(work, process, asked, stories)
    return await _learnt(work, asked, periods, stories)


async def _read(
    work: Work, process: Row[Any], asked: ForecastQuery, stories: dict[Business, Story]
) -> None:
    """The deals that are asked about, and all; who is dead is judged by all of them, as the round
    does that gives them up."""
    past: Any = {"as_of": asked.as_of, "effective_at": asked.effective_at}
    for kind in {asked.business_type, Business.ALL} - stories.keys():
        stories[kind] = await story(work, process.id, **past, business_type=kind)


async def _learnt(
    work: Work,
    asked: ForecastQuery,
    periods: Sequence[Period],
    stories: Mapping[Business, Story],
) -> Taught:
    """What was said in the past was said of all business, and teaches nothing of a part of it."""
    told, everything = stories[asked.business_type], stories[Business.ALL]
    said = await past_of(work, told.process_id, told.at) if told is everything else []
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


async def learn_kept(
    work: Work, process: Row[Any], questions: Sequence[ForecastQuery], since: datetime
) -> None:
    """What such questions of one moment teach, in force from `since` on; each kind of business is
    read once."""
    at = questions[0].as_of or work.now
    version = await version_at(work, process.id, at)
    stories: dict[Business, Story] = {}
    for asked in questions:
        await _read(work, process, asked, stories)
        periods = periods_from(work, at, asked.grain, asked.periods)
        made = await _learnt(work, asked, periods, stories)
        contents = (teaching(made.told, made.lesson, work.home.zone), made.norms)
        for shape, content in zip(shapes_of(asked), contents, strict=True):
            key = Key(process.id, version.id, shape)
            await keeping.keep(work, key, content, made.learnt, since=since, asked=False)


async def _kept(work: Work, keys: Sequence[Key], made: Taught) -> Taught:
    """In force from the very moment of the question that waited for it."""
    contents = (teaching(made.told, made.lesson, work.home.zone), made.norms)
    for key, content in zip(keys, contents, strict=True):
        since = made.told.at
        await keeping.keep(work, key, content, made.learnt, since=since, asked=True)
    return made


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
