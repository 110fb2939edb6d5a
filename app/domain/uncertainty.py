"""How far requirements would move if the rates they rest on were others."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.work import Work
from app.domain.aimed_targets import Aimed, rate_subject, required
from app.domain.cohorts import Cohort, Level, cohort
from app.domain.observed_sections import Evidence, evidence, exact, matched, rated
from app.domain.plans import Wanted, plans, wanted
from app.domain.requirements import joined_on, joiners_part
from app.engine.cascade import Cascade, Section
from app.engine.flow.estimates import Estimate
from app.engine.flow.packed import flags
from app.engine.money import round_to_minor
from app.schemas.base import MoneyOut, money_out
from app.schemas.metrics import interval_out
from app.schemas.ratios import chance_out
from app.schemas.scopes import Business, Subject, Whose
from app.schemas.target_cascades import EndOut, GapOut, RateScope, SensitivityOut
from app.tables import Target

Ends = tuple[Fraction, Fraction]


def sensitivity(work: Work, aim: Aimed) -> list[SensitivityOut]:
    """The requirements at both ends of the interval of every observed rate, the others held."""
    found = []
    for place, seen in enumerate(aim.observed):
        section = aim.sections[place]
        if seen is None or section.source in (None, "target", "default"):
            continue
        stated = aim.ground.sections[place]
        value = _ends(aim, seen.value, section.value_rate, stated.value_rate)
        count = _ends(aim, seen.count, section.count_rate, stated.count_rate)
        low, high = (
            _changed(aim, place, value and value[end], count and count[end]) for end in (0, 1)
        )
        found.append(
            SensitivityOut(
                section=place + 1,
                value_interval=_interval(value),
                count_interval=_interval(count),
                low=_shown(work, low),
                high=_shown(work, high),
            )
        )
    return found


async def rollup_gap(work: Work, aim: Aimed) -> list[GapOut] | None:
    """What people require at their own rates, less what they do at the rates they share: the
    target's person, or all people whose targets hang below it; None where there are none."""
    alone = aim.subject.person_id is not None
    shared_by = await rate_subject(work, aim.row, RateScope.TEAM, aim.seen) if alone else None
    base = aim.deals
    if shared_by is not None:
        base = await cohort(work, aim.told, shared_by, aim.business_type)
    people = [(aim.row, aim.wanted, aim.factor)] if alone else await _people(work, aim)
    if not people:
        return None
    apart = await asyncio.to_thread(_apart, aim, base, people)
    return [
        GapOut(
            position=level.position,
            key=level.key,
            value=_money(
                _sum([(a.levels[i].value, b.levels[i].value) for a, b in apart]), work.home.currency
            ),
            count=_number(_sum([(a.levels[i].count, b.levels[i].count) for a, b in apart])),
        )
        for i, level in enumerate(aim.cascade.levels)
    ]


def _apart(
    aim: Aimed, base: Cohort, people: Sequence[tuple[Row[Any], Wanted, Fraction | None]]
) -> list[tuple[Cascade, Cascade]]:
    """For each target what it requires at the person's own rates, and at the shared ones."""
    shared, found = _rated(aim, base), []
    for row, asked, factor in people:
        mine = row.id == aim.row.id
        own = aim.deals if mine else _of_person(base, aim.business_type, row.person_id)
        rates = _rated(aim, own)
        alone, together = (required(asked, factor, aim.ground, each) for each in (rates, shared))
        found.append((alone, together))
    return found


def _ends(
    aim: Aimed, estimate: Estimate, used: Fraction | None, stated: Fraction | None
) -> Ends | None:
    """The interval of the rate that was calculated with, which lies within it."""
    if estimate.observed is None or estimate.low is None or estimate.high is None or used is None:
        return None
    weight = aim.policy.weight if stated is not None else Fraction(1)
    low, high = (
        exact(end) if weight == 1 or stated is None else stated + weight * (exact(end) - stated)
        for end in (estimate.low, estimate.high)
    )
    return min(low, used), max(high, used)


def _changed(aim: Aimed, place: int, value: Fraction | None, count: Fraction | None) -> Cascade:
    old = aim.sections[place]
    new = replace(
        old,
        value_rate=old.value_rate if value is None else value,
        count_rate=old.count_rate if count is None else count,
        because=None,
    )
    return aim.required([*aim.sections[:place], new, *aim.sections[place + 1 :]])


def _interval(ends: Ends | None) -> list[str] | None:
    return None if ends is None else interval_out(float(ends[0]), float(ends[1]))


def _shown(work: Work, found: Cascade) -> list[EndOut]:
    currency = work.home.currency
    return [
        EndOut(
            position=level.position,
            key=level.key,
            required_value=money_out(level.required_value(currency), currency),
            required_count=level.required_count,
            status=level.status,
        )
        for level in found.levels
    ]


def _rated(aim: Aimed, found: Cohort) -> list[Section]:
    seen: Sequence[Evidence | None] = matched(aim.ground.milestones, evidence(found))
    return rated(aim.policy, aim.ground.sections, seen)


def _of_person(base: Cohort, business_type: Business, person_id: UUID) -> Cohort:
    """The same deals, narrowed to somebody's: a level below all others."""
    kind = base.levels[0 if business_type is Business.ALL else 1].mask
    owners = base.told.arrived_owner
    mask = [one and owner == person_id for one, owner in zip(kind, owners, strict=True)]
    scope = str(Subject(Whose.OWNER, person_id))
    return replace(base, levels=[*base.levels, Level(scope, business_type, flags(mask))])


async def _people(work: Work, aim: Aimed) -> list[tuple[Row[Any], Wanted, Fraction | None]]:
    """The people's targets below this one that reach into the period, in five statements."""
    own = work.rows(Target).where(Target.parent_id == aim.row.id, Target.person_id.is_not(None))
    rows = await work.all(own.where(Target.created_at <= aim.seen).order_by(Target.id))
    found, joined = await plans(work, rows, aim.seen), await joined_on(work)
    people = []
    for plan in found.values():
        asked = wanted(work, plan, aim.period)
        if asked is None or (asked.amount is None and asked.count is None):
            continue
        since = joined.get(plan.target.person_id)
        factor = joiners_part(plan.target, aim.period, since, aim.calendar)
        people.append((plan.target, asked, factor))
    return people


def _sum(pairs: Sequence[tuple[Fraction | None, Fraction | None]]) -> Fraction | None:
    """The differences together; None as soon as one is not known."""
    known = [one - other for one, other in pairs if one is not None and other is not None]
    return sum(known, Fraction(0)) if len(known) == len(pairs) else None


def _money(exact: Fraction | None, currency: str) -> MoneyOut | None:
    return None if exact is None else money_out(round_to_minor(exact, currency), currency)


def _number(exact: Fraction | None) -> str | None:
    return None if exact is None else chance_out(float(exact))
