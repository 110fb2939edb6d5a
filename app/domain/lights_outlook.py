"""The lights to come: what this month and the next ones will bring to every milestone."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.work import Work
from app.domain.facts import deals_of, stays_of, story
from app.domain.horses import prior_of
from app.domain.inflow import NOTHING, Arrived, arrived
from app.domain.outlooks import dead_of
from app.domain.processes import resolve
from app.domain.prospects import exact
from app.domain.questions import here, seen_at
from app.domain.requirements import joined_on
from app.domain.scenes import Aim, Scene, aim, scene
from app.engine.cascade import Level, Status
from app.engine.flow.facts import day
from app.engine.forecast.coming import Coming, coming
from app.engine.lights import Light, Verdict, judge, overall
from app.engine.money import round_to_minor
from app.engine.periods import Grain, bounds, containing
from app.schemas.base import MoneyOut, money_out
from app.schemas.lights import PeopleLightsQuery
from app.schemas.lights_outlook import (
    ComingOut,
    ComingPeriodOut,
    LightsOutlookOut,
    LightsOutlookQuery,
)
from app.schemas.ratios import ratio_out
from app.schemas.scopes import Moment

FORMULA = (
    "lights_outlook.1: arrived + Σ P(milestone in the period | section, age) + new deals per day;"
    " by the rates alone, without the correction and the blend of the forecast"
)


@dataclass(frozen=True, slots=True)
class _Side:
    """By value or by number: what is there, what open deals imply, and what new ones may bring.
    None: no value is known."""

    arrived: Fraction | None
    from_open: Fraction
    from_future_arrivals: Fraction

    @property
    def implied(self) -> Fraction | None:
        return None if self.arrived is None else self.arrived + self.from_open

    @property
    def expected(self) -> Fraction | None:
        return None if self.implied is None else self.implied + self.from_future_arrivals


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What the scope's deals will bring, by kind of business: its share of each open deal, and of
    the deals to come."""

    coming: Coming
    shares: Sequence[Fraction]
    new: Fraction

    def sides(self, came: Arrived, milestone: int, period: int) -> tuple[_Side, _Side]:
        bound = self.coming.milestones[milestone]
        worth = self.coming.worth
        value = Fraction(came.value) if came.value is not None else None
        return (
            _Side(
                value,
                self._sum(bound.value_chance, worth, period),
                self.new * exact(bound.new_value[period]),
            ),
            _Side(
                Fraction(came.count),
                self._sum(bound.chance, [1.0] * len(worth), period),
                self.new * exact(bound.new_count[period]),
            ),
        )

    def _sum(
        self, chances: Sequence[Sequence[float]], worth: Sequence[float], period: int
    ) -> Fraction:
        each = zip(self.coming.deals, chances, worth, strict=True)
        parts = (
            self.shares[deal] * exact(chance[period] * amount)
            for deal, chance, amount in each
            if self.shares[deal]
        )
        return sum(parts, Fraction(0))


async def read(work: Work, asked: LightsOutlookQuery) -> LightsOutlookOut:
    """The current month and those after it; only with the months asked for do statements grow."""
    seen = seen_at(work, Moment(as_of=asked.as_of))
    await here(work, asked.scope)
    process = await resolve(work, asked.process)
    stages = await _scenes(work, process.id, asked, seen)
    ahead = await _ahead(work, process, asked, stages)
    person_id = asked.scope.person_id
    joined = {} if person_id is None else await joined_on(work, person_id)
    since = joined.get(person_id or UUID(int=0))
    came = await arrived(work, stages[0].question(asked.scope))
    return LightsOutlookOut(
        periods=[
            ComingPeriodOut(
                period=stage.ground.period.key,
                target_id=wanted.target_id,
                milestones=_milestones(work, stage, wanted, ahead, came if n == 0 else {}, n),
            )
            for n, stage in enumerate(stages)
            for wanted in [aim(work, stage, asked.scope, since)]
        ],
        process_id=process.id,
        process_version=stages[0].ground.version.number,
        scope=str(asked.scope),
        business_type=stages[0].business_type,
        currency=work.home.currency,
        as_of=asked.as_of or work.now,
        source="target",
        formula=FORMULA,
    )


async def _scenes(
    work: Work, process_id: UUID, asked: LightsOutlookQuery, seen: datetime
) -> list[Scene]:
    """One for each month; what business the first is about, all are."""
    month = containing(seen.astimezone(work.home.zone).date(), Grain.MONTH)
    business_type, found = asked.business_type, list[Scene]()
    for _ in range(asked.periods):
        question = PeopleLightsQuery(
            process=str(process_id),
            period=month.key,
            business_type=business_type,
            as_of=asked.as_of,
        )
        found.append(await scene(work, question, asked.scope))
        business_type, month = found[0].business_type, month.next
    return found


async def _ahead(
    work: Work, process: Row[Any], asked: LightsOutlookQuery, stages: Sequence[Scene]
) -> _Ahead:
    told = await story(work, process.id, as_of=asked.as_of)
    ends = [day(bounds(stage.ground.period, work.home.zone)[1]) for stage in stages]
    found = await asyncio.to_thread(coming, told.facts, ends, prior_of(told))
    business_type = stages[0].business_type
    dead = await dead_of(work, process, told, Moment(as_of=asked.as_of))
    mine = await deals_of(work, told, asked.scope, business_type)
    shares = [Fraction(0) if deal in dead else share for deal, share in enumerate(mine)]
    of_kind = told.of_business(business_type)[told.facts.stays.deal]
    arriving = of_kind & await stays_of(work, told, asked.scope)
    own = int(arriving[found.arrivals].sum()) if found.arrivals else 0
    return _Ahead(
        coming=found,
        shares=shares,
        new=Fraction(own, len(found.arrivals)) if found.arrivals else Fraction(0),
    )


def _milestones(
    work: Work,
    stage: Scene,
    wanted: Aim,
    ahead: _Ahead,
    came: Mapping[UUID, Arrived],
    period: int,
) -> list[ComingOut]:
    rows = stage.ground.milestones
    levels: Sequence[Level | None] = wanted.cascade.levels if wanted.cascade else [None] * len(rows)
    return [
        _milestone(work, row, level, ahead, came.get(row.lineage_id, NOTHING), period)
        for row, level in zip(rows, levels, strict=True)
    ]


def _milestone(
    work: Work, row: Row[Any], level: Level | None, ahead: _Ahead, came: Arrived, period: int
) -> ComingOut:
    value, count = ahead.sides(came, row.position - 1, period)
    by_value = _judged(level, None if level is None else level.value, value)
    by_count = _judged(level, None if level is None else level.count, count)
    decided = overall(by_value, by_count)
    deciding = count if decided is by_count else value
    currency = work.home.currency
    return ComingOut(
        position=row.position,
        key=row.key,
        required_value=None
        if level is None
        else money_out(level.required_value(currency), currency),
        arrived_value=money_out(came.value, currency),
        from_open_value=_money(value.from_open, currency),
        from_future_arrivals_value=_money(value.from_future_arrivals, currency),
        expected_value=_money(value.expected, currency),
        required_count=None if level is None else level.required_count,
        arrived_count=came.count,
        from_open_count=ratio_out(count.from_open) or "",
        from_future_arrivals_count=ratio_out(count.from_future_arrivals) or "",
        expected_count=ratio_out(count.expected) or "",
        light=decided.light,
        value_light=by_value.light if by_value else Light.GREY,
        count_light=by_count.light if by_count else Light.GREY,
        attainment=ratio_out(decided.attainment),
        from_open_attainment=ratio_out(_per(deciding.implied, decided.required)),
    )


def _judged(level: Level | None, required: Fraction | None, side: _Side) -> Verdict | None:
    """As if the month were over and all had come as expected; None where nothing is asked for."""
    if level is None or (required is None and level.status is Status.OK):
        return None
    return judge(required, side.expected, Fraction(1), closed=True, status=level.status)


def _per(part: Fraction | None, whole: Fraction | None) -> Fraction | None:
    return part / whole if part is not None and whole else None


def _money(exact: Fraction | None, currency: str) -> MoneyOut | None:
    return None if exact is None else money_out(round_to_minor(exact, currency), currency)
