"""Leaks: where, why and to whom opportunities are lost, and which section to work on first.

What was lost is the past, and told as it was learnt; what stands stale or dead, and what the target
asks for, as it is now.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import Row

from app.core.work import Work
from app.domain.current_aims import Current, current, of_target
from app.domain.facts import Story, deals_of
from app.domain.horses import judged, norms, resets
from app.domain.leak_findings import LEAKS, Findings, findings, money, shape
from app.domain.leak_groups import TOLD_OF_EXITS, groups_of, segments
from app.domain.lessons.keeping import QUESTION, Learnt
from app.domain.lessons.norms import NORMS, Stock, standing
from app.domain.lessons.taking import taught
from app.domain.lessons.telling import learnt_out
from app.domain.observed_rates import asked_process, asked_story
from app.domain.questions import period_asked
from app.engine.decay import State
from app.engine.leaks import levers
from app.engine.money import exponent
from app.schemas.base import MoneyOut
from app.schemas.leaks import LeakOut, LeaksOut, LeaksQuery, LeversOut, SectionLeverOut
from app.schemas.ratios import ratio_out

POINT = Fraction(1, 100)


@dataclass(frozen=True, slots=True)
class Stands:
    """Deals that stand stale or dead, and the scope's part of their value, as far as it is known;
    None where there are some and of none it is."""

    value: Fraction | None
    count: int


NONE_STANDS = Stands(Fraction(0), 0)
Pending = Mapping[str | None, Stands]  # by group


async def read(work: Work, asked: LeaksQuery) -> LeaksOut:
    """The leaks of everybody, a team or a person, in a fixed number of statements."""
    process = await asked_process(work, asked)
    if asked.period is not None:
        period_asked(work, asked.period)
    told, stock = await _known(work, process, asked)
    pending = await _pending(work, process, stock, asked)
    aim = await _aim(work, stock.told, asked)
    answer = told.answer
    return answer.model_copy(
        update={
            "as_of": asked.as_of or work.now,
            "learnt": learnt_out(stock.learnt),
            "groups": [_with_pending(work, one, pending) for one in answer.groups],
            "levers": _levers(work, stock.told, told, aim),
        }
    )


async def _known(work: Work, process: Row[Any], asked: LeaksQuery) -> tuple[Findings, Stock]:
    """What was lost, as it was learnt, and the deals that stand now."""
    found = await taught(work, process, [(LEAKS, shape(asked)), (NORMS, NORMS.name)], asked)
    if found is not None:
        told = await standing(work, process, asked)
        return found[0].content, Stock(told, found[1].content, found[0].learnt)
    told = await asked_story(work, process, asked)
    learnt = Learnt(QUESTION, told.at, len(told.deals))
    known = await asyncio.to_thread(norms, told)
    return await findings(work, told, asked), Stock(told, known, learnt)


async def _pending(
    work: Work, process: Row[Any], stock: Stock, asked: LeaksQuery
) -> Pending | None:
    """Of the scope's deals with its part of their value; None where nobody can know yet of which
    group they will be."""
    if asked.by in TOLD_OF_EXITS:
        return None
    told, past = stock.told, {"as_of": asked.as_of, "effective_at": asked.effective_at}
    known = await resets(work, process, **past)
    herd = (await asyncio.to_thread(judged, told, known, stock.norms)).horses.herd
    shares = await deals_of(work, told, asked.scope, asked.business_type)
    lingers = (herd.are(State.STALE) | herd.are(State.DEAD)) & shares.some[herd.deal]
    keyed, places = await segments(work, asked.by), exponent(work.home.currency)
    grouped = groups_of(told, asked.by, keyed, herd.deal[lingers], herd.section[lingers])
    return {
        key: Stands(told.table.total(shares, deals, places)[0], len(deals))
        for key, deals in grouped.items()
    }


def _with_pending(work: Work, one: LeakOut, pending: Pending | None) -> LeakOut:
    if pending is None:
        return one
    stands = pending.get(one.key, NONE_STANDS)
    told = {"pending_leak": _maybe(work, stands.value), "pending_count": stands.count}
    return one.model_copy(update=told)


async def _aim(work: Work, told: Story, asked: LeaksQuery) -> Current | None:
    if asked.target is not None:
        return await of_target(work, told, asked.target, asked)
    return await current(work, told, asked.scope, asked.business_type, asked)


def _levers(work: Work, told: Story, found: Findings, aim: Current | None) -> LeversOut | None:
    """At the rates observed by now, a point more in each section alone."""
    if aim is None or aim.value is None:
        return None
    each = levers(aim.value, found.rates, found.kept, POINT)
    ranked = sorted(
        (one for one in each if one.order_value),
        key=lambda one: (-(one.order_value or 0), -one.section),
    )
    order = {one.section: place for place, one in enumerate(ranked, start=1)}
    return LeversOut(
        target_ids=list(aim.target_ids),
        period=aim.period.key,
        target=money(work, aim.value),
        sections=[
            SectionLeverOut(
                section=one.section,
                milestone=told.milestones[one.section - 1].key,
                rate=ratio_out(found.rates[one.section - 1]),
                order_value_per_point=_maybe(work, one.order_value),
                first_milestone_saved_per_point=_maybe(work, one.feed_saved),
                order=order.get(one.section),
            )
            for one in each
        ],
    )


def _maybe(work: Work, amount: Fraction | None) -> MoneyOut | None:
    return None if amount is None else money(work, amount)
