"""Verdicts: requirement against arrivals, milestone by milestone, as the world sees them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.reasons import Telling, focus_text, reason_text
from app.core.work import Work
from app.domain.inflow import NOTHING, Arrived
from app.domain.scenes import Aim, Scene
from app.engine.cascade import Level, Status
from app.engine.lights import Basis, Light, Verdict, concentration, focus, hides, judge, overall
from app.engine.money import round_to_minor
from app.schemas.base import MoneyOut, money_out
from app.schemas.lights import FocusOut, LightOut, ReasonOut
from app.schemas.ratios import ratio_out

FORMULA = (
    "domain: attainment = arrived/required, pace = arrived/(required·elapsed share of working days)"
)


@dataclass(frozen=True, slots=True)
class Judged:
    """One milestone's verdicts: in value, in count (None: not asked for), and the one that counts.

    `told_in_value` says which side the sentence speaks of.
    """

    milestone: Row[Any]
    level: Level | None
    arrived: Arrived
    value: Verdict | None
    count: Verdict | None
    overall: Verdict
    told_in_value: bool

    @property
    def wants_largest(self) -> bool:
        """Whether the largest deal is to be told, and was not looked for yet."""
        return self.arrived.largest is None and hides(self.value, self.count)


def wanting(found: Iterable[Judged]) -> set[UUID]:
    """The lineages at which the largest deal has to be looked for."""
    return {one.milestone.lineage_id for one in found if one.wants_largest}


def judged(scene: Scene, aim: Aim, arrivals: Mapping[UUID, Arrived]) -> list[Judged]:
    """Every milestone, first to last."""
    return list(_judged(scene, aim, arrivals))


def lights(work: Work, scene: Scene, found: Sequence[Judged]) -> list[LightOut]:
    return [_light(work, scene, one) for one in found]


def focused(work: Work, scene: Scene, found: Sequence[Judged]) -> FocusOut | None:
    """Where to act first: in value where values are required, else in count."""
    values = [one.value for one in found]
    in_value = scene.basis is not Basis.COUNT and any(one and one.required for one in values)
    sharpest = focus(values if in_value else [one.count for one in found])
    if sharpest is None:
        return None
    currency = work.home.currency if in_value else None
    telling = Telling(work.language, currency, scene.day)
    milestone = found[sharpest.milestone - 1].milestone
    return FocusOut(
        section=sharpest.section,
        milestone=milestone.key,
        shortfall_value=_money(sharpest.shortfall, currency),
        shortfall_count=None if in_value else ratio_out(sharpest.shortfall),
        order_worth_value=_money(sharpest.order_worth, currency),
        order_worth_count=None if in_value else ratio_out(sharpest.order_worth),
        text=focus_text(sharpest, milestone.name, telling),
    )


def _judged(scene: Scene, aim: Aim, arrivals: Mapping[UUID, Arrived]) -> Iterator[Judged]:
    levels: Sequence[Level | None] = aim.cascade.levels if aim.cascade else ()
    value, count = aim.cascade.goal.completed() if aim.cascade else (None, None)
    blank = [None] * (len(scene.ground.milestones) - len(levels))
    for milestone, level in zip(scene.ground.milestones, [*levels, *blank], strict=True):
        came = arrivals.get(milestone.lineage_id, NOTHING)
        in_value = None if value is None or level is None else _value(scene, level, came)
        in_count = None if count is None or level is None else _count(scene, level, came)
        decided = overall(in_value, in_count, scene.basis)
        yield Judged(milestone, level, came, in_value, in_count, decided, decided is not in_count)


def _value(scene: Scene, level: Level, came: Arrived) -> Verdict:
    return judge(
        level.value,
        came.value,
        scene.elapsed,
        closed=scene.closed,
        mode=scene.mode,
        average_deal=level.value / level.count if level.value and level.count else None,
        status=Status.OK if level.value is not None else level.status,
    )


def _count(scene: Scene, level: Level, came: Arrived) -> Verdict:
    return judge(
        level.count,
        came.count,
        scene.elapsed,
        closed=scene.closed,
        mode=scene.mode,
        average_deal=1,
        status=Status.OK if level.count is not None else level.status,
    )


def _light(work: Work, scene: Scene, one: Judged) -> LightOut:
    currency, level, came, verdict = work.home.currency, one.level, one.arrived, one.overall
    telling = Telling(work.language, currency if one.told_in_value else None, scene.day)
    whole = None if one.value is None else one.value.expected
    number = None if one.count is None else one.count.expected
    alone = concentration(came.largest or 0, came.value or 0, one.value, one.count)
    return LightOut(
        position=one.milestone.position,
        milestone_id=one.milestone.id,
        key=one.milestone.key,
        name=one.milestone.name,
        required_value=None
        if level is None
        else money_out(level.required_value(currency), currency),
        actual_value=money_out(came.value, currency),
        required_count=None if level is None else level.required_count,
        actual_count=came.count,
        expected_value=None if whole is None else _money(whole, currency),
        expected_count=ratio_out(number),
        unverified_value=money_out(came.unverified_value, currency),
        unverified_count=came.unverified_count,
        missing_value_count=came.missing,
        unconverted_count=came.unconverted,
        average_value=_average(came, currency),
        attainment=ratio_out(verdict.attainment),
        pace=ratio_out(verdict.pace),
        light=verdict.light,
        value_light=one.value.light if one.value else Light.GREY,
        count_light=one.count.light if one.count else Light.GREY,
        reached=verdict.reached,
        concentration=ratio_out(alone),
        rate_source=None if level is None else level.rate_source,
        reason=ReasonOut(
            code=verdict.reason,
            text=reason_text(verdict, telling, None if level is None else level.blocked_by),
        ),
    )


def _average(came: Arrived, currency: str) -> MoneyOut | None:
    if came.value is None or not came.known:
        return None
    return _money(Fraction(came.value) / came.known, currency)


def _money(exact: Fraction | Decimal, currency: str | None) -> MoneyOut | None:
    return None if currency is None else money_out(round_to_minor(exact, currency), currency)
