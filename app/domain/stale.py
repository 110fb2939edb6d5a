"""The worklist of opportunities that no longer move, and how each of them was judged."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.decay_reasons import decay_text
from app.core.sliced import sliced_in_order
from app.core.work import Work
from app.domain.facts import DealRow, Story, deals_of
from app.domain.funnel_speed import maybe_money
from app.domain.horse_order import Order
from app.domain.horses import FORMULA, Bounds, Horse, Judgement, judged, resets
from app.domain.lessons.revivals import HeldAgainst, held_against
from app.domain.lessons.telling import learnt_out
from app.domain.notices import UNMARKED, Mark, marks
from app.domain.policies import asked_at, policy_at
from app.domain.processes import resolve
from app.domain.questions import here, seen_at
from app.engine.decay import ENOUGH_EXITS, State
from app.engine.flow.facts import Places
from app.engine.flow.shares import Shares
from app.engine.money import exponent
from app.schemas.base import money_out
from app.schemas.events import Ball
from app.schemas.metrics import metric_out, tenths_out
from app.schemas.processes import StalePolicy
from app.schemas.ratios import chance_out
from app.schemas.scopes import Moment
from app.schemas.stale import (
    EvidenceOut,
    HorseOut,
    HorseReasonOut,
    HorseState,
    NoticeOut,
    PreviewQuery,
    SectionThresholdsOut,
    StaleOut,
    StaleQuery,
    StateSumOut,
    ThresholdsOut,
)

WORK = (HorseState.SLOW, HorseState.STALE, HorseState.DEAD)
REVIVALS = "revivals.1: won / (won + given up again), over those that were ever revived"


@dataclass(frozen=True, slots=True)
class Stable:
    """The judged deals of a process at a moment, and its policy then; `shares` are those of the
    scope, per deal."""

    process: Row[Any]
    policy: Row[Any]
    told: Story
    judgement: Judgement
    shares: Shares
    marks: Mapping[UUID, Mark]

    def mark(self, id: UUID) -> Mark:
        return self.marks.get(id, UNMARKED)


async def find(work: Work, asked: StaleQuery) -> StaleOut:
    """In a fixed number of statements. All are judged by all business, as the round does that
    gives them up, whoever asks."""
    seen_at(work, asked)
    await here(work, asked.scope)
    process = await resolve(work, asked.process)
    past: Any = {"as_of": asked.as_of, "effective_at": asked.effective_at}
    noticed = await marks(work, process, **past)
    known = await held_against(work, process, asked, noticed)
    restarted = await resets(work, process, **past)
    found = Stable(
        process,
        await policy_at(work, process, asked_at(**past)),
        known.told,
        await asyncio.to_thread(judged, known.told, restarted, known.norms),
        await deals_of(work, known.told, asked.scope, asked.business_type),
        noticed,
    )
    return _answer(work, found, asked, known)


def _answer(work: Work, found: Stable, asked: StaleQuery, known: HeldAgainst) -> StaleOut:
    herd, told = found.judgement.horses.herd, found.told
    mine = found.shares.some[herd.deal]
    wanted = WORK if asked.state is None else (asked.state,)
    flags = {state: mine & herd.are(State(state.value)) for state in HorseState}
    order = Order.of(work, told, found.judgement.horses, found.marks, asked.sort)
    chosen = order.places([flags[state] for state in wanted])
    shown = sliced_in_order(chosen, order.rank, asked)
    rows = told.table.rows([int(herd.deal[place]) for place in shown.data])
    return StaleOut(
        **frame(work, found, asked),
        learnt=learnt_out(known.learnt),
        data=[
            _horse(work, found, found.judgement.horses[place], deal, order.carried(place), asked)
            for place, deal in zip(shown.data, rows, strict=True)
        ],
        next_cursor=shown.next_cursor,
        summary=[_sum(work, found, state, herd.deal[flags[state]]) for state in HorseState],
        sections=[_section(told, bounds) for bounds in found.judgement.bounds],
        revival_win_rate=metric_out(
            known.revivals.of(asked.business_type), "ratio", known.learnt.at, REVIVALS
        ),
    )


def frame(work: Work, found: Stable, asked: StaleQuery | PreviewQuery) -> dict[str, Any]:
    """What every answer about dead horses says of itself."""
    return {
        "process_id": found.process.id,
        "process_version": found.told.version.number,
        "scope": str(asked.scope),
        "business_type": asked.business_type,
        "currency": work.home.currency,
        "policy": StalePolicy(found.policy.stale_policy),
        "grace_days": found.policy.grace_days,
        "as_of": asked.as_of or work.now,
        "effective_at": asked.effective_at,
        "formula": FORMULA,
    }


def _horse(
    work: Work, found: Stable, horse: Horse, deal: DealRow, carried: int, asked: Moment
) -> HorseOut:
    past = asked.as_of is not None or asked.effective_at is not None
    verdict, chance, mark = horse.verdict, horse.chance, found.mark(deal.opportunity_id)
    return HorseOut(
        opportunity_id=deal.opportunity_id,
        name=None if past else deal.name,
        owner_id=deal.owner_id,
        section=horse.section + 1,
        milestone=found.told.milestones[horse.section].key,
        age_days=tenths_out(verdict.dwell_days) or "",
        state=HorseState(verdict.state),
        because=HorseReasonOut(code=verdict.because, text=decay_text(verdict, work.language)),
        chance=chance_out(None if chance is None else chance.now),
        chance_on_arrival=chance_out(None if chance is None else chance.on_arrival),
        left=chance_out(verdict.left),
        evidence=_evidence(horse),
        thresholds=ThresholdsOut(**_thresholds(horse.bounds)),
        value=money_out(deal.reporting_value, work.home.currency),
        carried_over_periods=carried,
        revived_count=mark.revived,
        review_count=mark.reviewed,
        ball=None if deal.ball is None else Ball(deal.ball),
        waiting_since=deal.waiting_since,
        notice=_notice(work, found, mark),
    )


def _evidence(horse: Horse) -> EvidenceOut:
    bucket = horse.bucket
    return EvidenceOut(
        n=round(bucket.observed),
        expected=tenths_out(bucket.expected) or "",
        enough=max(bucket.observed, bucket.expected) >= ENOUGH_EXITS,
    )


def _thresholds(bounds: Bounds) -> dict[str, Any]:
    return {
        "p75": tenths_out(bounds.p75),
        "stale_after_days": tenths_out(bounds.limit.days),
        "stale_after_source": bounds.limit.source.value,
        "converters": bounds.converters,
        "horizon": tenths_out(bounds.horizon),
    }


def _section(told: Story, bounds: Bounds) -> SectionThresholdsOut:
    key = told.milestones[bounds.section].key
    return SectionThresholdsOut(section=bounds.section + 1, milestone=key, **_thresholds(bounds))


def _notice(work: Work, found: Stable, mark: Mark) -> NoticeOut | None:
    exits_at = mark.exits_at(found.policy.grace_days, found.told.at)
    if mark.noticed_at is None or exits_at is None:
        return None
    buried = found.policy.stale_policy == StalePolicy.AUTO
    exits_on = exits_at.astimezone(work.home.zone).date() if buried else None
    return NoticeOut(noticed_at=mark.noticed_at, exits_on=exits_on)


def _sum(work: Work, found: Stable, state: HorseState, deals: Places) -> StateSumOut:
    places = exponent(work.home.currency)
    value, missing = found.told.table.total(found.shares, deals, places)
    return StateSumOut(
        state=state,
        count=len(deals),
        value=maybe_money(work, value),
        missing_value_count=missing,
    )
