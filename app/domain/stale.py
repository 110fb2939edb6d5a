"""The worklist of opportunities that no longer move, and how each of them was judged."""

import asyncio
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.decay_reasons import decay_text
from app.core.sliced import Rank, sliced
from app.core.work import Work
from app.domain.facts import DealRow, Story, deals_of, story
from app.domain.funnel_speed import maybe_money
from app.domain.horses import FORMULA, Bounds, Horse, Judgement, judged, resets
from app.domain.notices import UNMARKED, Mark, marks
from app.domain.policies import asked_at, policy_at
from app.domain.processes import resolve
from app.domain.questions import here, seen_at
from app.engine.decay import ENOUGH_EXITS, State
from app.engine.flow.estimates import Estimate, estimate
from app.engine.flow.facts import moment
from app.engine.leaks.amounts import sum_of
from app.schemas.base import money_out
from app.schemas.events import Ball
from app.schemas.metrics import metric_out, tenths_out
from app.schemas.processes import StalePolicy
from app.schemas.ratios import chance_out
from app.schemas.scopes import Business, Moment
from app.schemas.stale import (
    EvidenceOut,
    HorseOut,
    HorseReasonOut,
    HorseSort,
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
YEARS = 100  # longer than any deal stood
REVIVALS = "revivals.1: won / (won + given up again), over those that were ever revived"


@dataclass(frozen=True, slots=True)
class Stable:
    """The judged deals of a process at a moment, and its policy then; `shares` are those of the
    scope, per deal."""

    process: Row[Any]
    policy: Row[Any]
    told: Story
    judgement: Judgement
    shares: Sequence[Fraction]
    marks: Mapping[UUID, Mark]
    horses: Sequence["Judged"]

    def mark(self, deal: "DealRow | Judged") -> Mark:
        return self.marks.get(deal.opportunity_id, UNMARKED)


@dataclass(frozen=True, slots=True)
class Judged:
    """A horse of the scope: what its deal is worth, and the scope's share in that."""

    horse: Horse
    opportunity_id: UUID
    worth: Decimal | None
    share: Fraction

    @property
    def part(self) -> Decimal | Fraction | None:
        if self.worth is None or self.share == 1:
            return self.worth
        return Fraction(self.worth) * self.share


async def stable(work: Work, asked: StaleQuery | PreviewQuery) -> Stable:
    """Everything an answer about dead horses is made of, in a fixed number of statements.

    All are judged by all business, as the round does that gives them up, whoever asks.
    """
    seen_at(work, asked)
    await here(work, asked.scope)
    process = await resolve(work, asked.process)
    past: Any = {"as_of": asked.as_of, "effective_at": asked.effective_at}
    told = await story(work, process.id, as_of=asked.as_of, effective_at=asked.effective_at)
    known = await resets(work, process, **past)
    judgement = await asyncio.to_thread(judged, told, known)
    shares = await deals_of(work, told, asked.scope, asked.business_type)
    policy = await policy_at(work, process, asked_at(**past))
    noticed = await marks(work, process, **past)
    horses = of_scope(told, judgement, shares)
    return Stable(process, policy, told, judgement, shares, noticed, horses)


def of_scope(told: Story, judgement: Judgement, shares: Sequence[Fraction]) -> list[Judged]:
    """The judged deals in which the scope has a share."""
    horses = [horse for horse in judgement.horses if shares[horse.deal]]
    deals, columns = [horse.deal for horse in horses], told.table.columns
    ids, worth = (columns[name][deals].tolist() for name in ("opportunity_id", "reporting_value"))
    return [
        Judged(horse, id, value, shares[horse.deal])
        for horse, id, value in zip(horses, ids, worth, strict=True)
    ]


async def find(work: Work, asked: StaleQuery) -> StaleOut:
    found = await stable(work, asked)
    revived = revivals(found, asked.business_type)
    states = WORK if asked.state is None else (asked.state,)
    by_state = _by_state(found)
    chosen = [one for state in states for one in by_state[State(state.value)]]
    months = Months.of(work, found.told)
    shown = sliced(chosen, lambda one: _ranked(found, asked.sort, one, months), asked)
    rows = found.told.table.rows([one.horse.deal for one in shown.data])
    return StaleOut(
        **frame(work, found, asked),
        data=[
            _horse(work, found, one.horse, deal, months, asked)
            for one, deal in zip(shown.data, rows, strict=True)
        ],
        next_cursor=shown.next_cursor,
        summary=[_sum(work, state, by_state[State(state.value)]) for state in HorseState],
        sections=[_section(found.told, bounds) for bounds in found.judgement.bounds],
        revival_win_rate=metric_out(revived, "ratio", found.told.at, REVIVALS),
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


@dataclass(frozen=True, slots=True)
class Months:
    """When the months began up to the moment of a story (a day of the engine's), the latest last:
    where the workspace is."""

    at: float
    begins: Sequence[datetime]

    @classmethod
    def of(cls, work: Work, told: Story) -> "Months":
        now, zone = told.at.astimezone(work.home.zone), work.home.zone
        numbers = range(now.year * 12 + now.month - 12 * YEARS, now.year * 12 + now.month)
        local = (datetime(number // 12, number % 12 + 1, 1, tzinfo=zone) for number in numbers)
        return cls(told.facts.at, [each.astimezone(UTC) for each in local])

    def carried_over(self, horse: Horse) -> int:
        """How many have begun since the deal last moved, counted without days on hold."""
        then = moment(self.at - horse.verdict.dwell_days)
        return len(self.begins) - bisect_right(self.begins, then)


def revivals(found: Stable, business_type: Business) -> Estimate:
    """Of all business asked for, whoever's it is: too few deals are ever revived to divide."""
    revived = {id for id, mark in found.marks.items() if mark.revived}
    deals = found.told.table.columns
    each = zip(
        deals["opportunity_id"].tolist(),
        deals["status"].tolist(),
        found.told.of_business(business_type).tolist(),
        strict=True,
    )
    ended = [
        status
        for id, status, asked in each
        if id in revived and asked and status in ("won", "exited")
    ]
    won = ended.count("won")
    return estimate(won / len(ended) if ended else None, len(ended), float(len(ended)))


def _ranked(found: Stable, sort: HorseSort, one: Judged, months: Months) -> Rank:
    """By what was asked for, then by value; what is not known comes last."""
    value, key = one.worth, _key(found, sort, one, months)
    first = Decimal(1) if key is None else -key
    return first, Decimal(1) if value is None else -value, str(one.opportunity_id)


def _key(found: Stable, sort: HorseSort, one: Judged, months: Months) -> Decimal | None:
    if sort is HorseSort.VALUE:
        return one.worth
    if sort is HorseSort.REVIEWED:
        return Decimal(found.mark(one).reviewed)
    if sort is HorseSort.AGE:
        return Decimal(one.horse.verdict.dwell_days)
    carried = months.carried_over(one.horse)
    if sort is HorseSort.CARRIED_OVER:
        return Decimal(carried)
    return None if one.worth is None else one.worth * carried


def _horse(
    work: Work, found: Stable, horse: Horse, deal: DealRow, months: Months, asked: Moment
) -> HorseOut:
    past = asked.as_of is not None or asked.effective_at is not None
    verdict, chance, mark = horse.verdict, horse.chance, found.mark(deal)
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
        carried_over_periods=months.carried_over(horse),
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


def _by_state(found: Stable) -> dict[State, list[Judged]]:
    states: dict[State, list[Judged]] = {state: [] for state in State}
    for one in found.horses:
        states[one.horse.verdict.state].append(one)
    return states


def _sum(work: Work, state: HorseState, horses: Sequence[Judged]) -> StateSumOut:
    values = [one.part for one in horses]
    missing = values.count(None)
    known = missing < len(values) or not values
    return StateSumOut(
        state=state,
        count=len(values),
        value=maybe_money(work, sum_of(values) if known else None),
        missing_value_count=missing,
    )
