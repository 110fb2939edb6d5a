"""The plan to close the gap to a target: what each milestone lacks, and who could bring it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil
from uuid import UUID

from app.core.planning import Lack, gap_text
from app.core.work import Work
from app.domain.aimed_targets import Aimed, aimed
from app.domain.facts import deals_of, people_of
from app.domain.inflow import NOTHING, Arrived, arrived
from app.domain.observed_sections import policy
from app.domain.outlooks import dead_of
from app.domain.phased import feed_by_of, lags_of
from app.domain.processes import resolve
from app.domain.prospects import Prospect, best_first, prospects, prospects_out
from app.domain.recovery import Missing, Recovery, feed_of, fresh, missing, priority, recovery
from app.engine.cascade import Level
from app.engine.flow.facts import day
from app.engine.money import ceil_to_minor, round_to_minor
from app.engine.periods import bounds
from app.schemas.base import MoneyOut, money_out
from app.schemas.gap_plans import GapItemOut, GapPlanOut, GapPlanQuery
from app.schemas.metrics import tenths_out
from app.schemas.prospects import ProspectOut
from app.schemas.ratios import needed_out, ratio_out
from app.schemas.scopes import EVERYBODY, Moment

FORMULA = "gap_plan.1: missing · yield to the order · min(1, expected / missing), the most first"


@dataclass(frozen=True, slots=True)
class _Gap:
    """One milestone that lacks something; `derived` names the side that was only derived."""

    level: Level
    came: Arrived
    lack: Missing
    derived: str | None
    found: Recovery
    too_late: bool

    @property
    def rank(self) -> tuple[Fraction, Fraction, int]:
        worth = self.lack.worth_value or self.lack.worth_count or Fraction(0)
        return -priority(self.lack, self.found), -worth, self.level.position


async def read(work: Work, id: UUID, asked: GapPlanQuery) -> GapPlanOut:
    """What every milestone lacks for the whole period, where it weighs most first."""
    rates = policy(asked.rates)
    aim = await aimed(work, id, asked.period, asked.as_of, rates, with_deals=True)
    came = await arrived(work, aim.ground.question(aim.subject, aim.business_type, asked.as_of))
    left = _days_left(work, aim)
    shares = await deals_of(work, aim.told, aim.subject)
    process = await resolve(work, aim.row.process_id)
    dead = await dead_of(work, process, aim.told, Moment(as_of=asked.as_of))
    around = await asyncio.to_thread(prospects, aim.told, shares, left, aim.business_type, dead)
    members = None if aim.subject == EVERYBODY else await people_of(work, aim.subject, aim.told.at)
    new = fresh(aim.told, aim.business_type)
    values = [value for owner, value in new if members is None or owner in members]
    gaps = sorted(
        _gaps(work, aim, came, around if left else [], feed_of(values, left)),
        key=lambda gap: gap.rank,
    )
    best = await _best(work, aim, gaps, asked)
    pairs = enumerate(zip(gaps, best, strict=True), start=1)
    return GapPlanOut(
        target_id=id,
        period=aim.period.key,
        scope=str(aim.subject),
        business_type=aim.business_type,
        rates=asked.rates,
        process_id=aim.row.process_id,
        process_version=aim.ground.version.number,
        remaining_days=tenths_out(left) or "",
        currency=work.home.currency,
        items=[_item(work, aim, rank, gap, chosen) for rank, (gap, chosen) in pairs],
        unknown=[
            level.key for level in aim.cascade.levels if level.value is None and level.count is None
        ],
        as_of=aim.seen,
        source=rates.name,
        formula=FORMULA,
    )


async def _best(
    work: Work, aim: Aimed, gaps: Sequence[_Gap], asked: GapPlanQuery
) -> list[list[ProspectOut]]:
    """The best candidates of each gap, in two statements for all of them."""
    best = [sorted(gap.found.candidates, key=best_first)[: asked.candidates] for gap in gaps]
    flat = [one for chosen in best for one in chosen]
    shown = iter(await prospects_out(work, aim.told, flat, Moment(as_of=asked.as_of)))
    return [[next(shown) for _ in chosen] for chosen in best]


def _days_left(work: Work, aim: Aimed) -> float:
    return max(0.0, day(bounds(aim.period, work.home.zone)[1]) - day(aim.seen))


def _gaps(
    work: Work,
    aim: Aimed,
    came: Mapping[UUID, Arrived],
    around: Sequence[Prospect],
    feed: tuple[Fraction, Fraction],
) -> list[_Gap]:
    today = aim.seen.astimezone(work.home.zone).date()
    lags = lags_of(aim.deals, aim.ground.milestones)
    late = [_late(feed_by_of(aim.period, lag, 0.5), today) for lag in lags]
    levels = aim.cascade.levels
    found = []
    for row, level, too_late in zip(aim.ground.milestones, levels, late, strict=True):
        there = came.get(row.lineage_id, NOTHING)
        value, count = _lack(level.value, there.value), _lack(level.count, there.count)
        alive = [one for one in around if one.section == level.position - 2 and not one.dead]
        value, count, derived = _both(value, count, _average(there, alive))
        lack = missing(value, count, level, levels[-1])
        if lack.something:
            recovered = recovery(lack, level.position, around, feed)
            found.append(_Gap(level, there, lack, derived, recovered, too_late))
    return found


def _late(by: date | None, today: date) -> bool:
    return by is not None and by < today


def _lack(required: Fraction | None, came: Decimal | int | None) -> Fraction | None:
    if required is None or came is None:
        return None
    return max(Fraction(0), required - Fraction(came))


def _both(
    value: Fraction | None, count: Fraction | None, average: Fraction | None
) -> tuple[Fraction | None, Fraction | None, str | None]:
    """The side that nobody asked for, at the average value."""
    if value is not None and count is None and average:
        return value, value / average, "count"
    if count is not None and value is None and average:
        return count * average, count, "value"
    return value, count, None


def _average(came: Arrived, candidates: Sequence[Prospect]) -> Fraction | None:
    """Of what arrived; where nothing did, of what may arrive."""
    if came.known and came.value:
        return Fraction(came.value) / came.known
    known = [one.value for one in candidates if one.value is not None]
    return sum(known, Fraction(0)) / len(known) if known else None


def _item(
    work: Work, aim: Aimed, rank: int, gap: _Gap, candidates: list[ProspectOut]
) -> GapItemOut:
    currency, level, lack = work.home.currency, gap.level, gap.lack
    rows = aim.ground.milestones
    row = rows[level.position - 1]
    before = rows[level.position - 2].name if level.position > 1 else None
    number = len(gap.found.candidates)
    return GapItemOut(
        rank=rank,
        position=level.position,
        key=level.key,
        name=row.name,
        required_value=money_out(level.required_value(currency), currency),
        required_count=level.required_count,
        arrived_value=money_out(gap.came.value, currency),
        arrived_count=gap.came.count,
        missing_value=_money_up(lack.value, currency),
        missing_count=None if lack.count is None else ceil(lack.count),
        derived=gap.derived,
        order_worth_value=_money(lack.worth_value, currency),
        order_worth_count=needed_out(lack.worth_count),
        expected_value=_money(gap.found.value, currency),
        expected_count=ratio_out(gap.found.count),
        recoverability=ratio_out(gap.found.share) or "",
        candidate_count=number,
        dead_count=gap.found.dead_count,
        candidates=candidates,
        too_late=gap.too_late,
        text=gap_text(
            Lack(row.name, before, lack.value, lack.count, number), work.language, currency
        ),
    )


def _money(exact: Fraction | None, currency: str) -> MoneyOut | None:
    return None if exact is None else money_out(round_to_minor(exact, currency), currency)


def _money_up(exact: Fraction | None, currency: str) -> MoneyOut | None:
    return None if exact is None else money_out(ceil_to_minor(exact, currency), currency)
