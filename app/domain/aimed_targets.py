"""A stored target in a period: what it asks for there, and which rates that is computed with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.errors import Invalid
from app.core.work import Work
from app.domain.calendars import calendar
from app.domain.cohorts import Cohort, cohort
from app.domain.facts import Story, story, teams_on
from app.domain.lessons.evidence import learnt_evidence, seen_evidence
from app.domain.lessons.keeping import Learnt
from app.domain.observed_sections import Evidence, Policy, matched, rated
from app.domain.plans import Plan, Wanted, plans, wanted
from app.domain.questions import period_asked, seen_at
from app.domain.requirements import Ground, ground, joined_on, joiners_part
from app.engine.cascade import Cascade, Section, cascade
from app.engine.periods import Calendar, Period
from app.schemas.observed_rates import ScopeQuery
from app.schemas.scopes import EVERYBODY, Business, Moment, Subject, Whose
from app.schemas.target_cascades import RateScope
from app.tables import Process, Target


@dataclass(frozen=True, slots=True)
class Aimed:
    """Everything that an answer about a target in a period needs to know of it.

    `factor` is the part of somebody who joined within the period. `cohort` is there where deals
    were looked at, `observed` holds what deals show, section by section, as it was `learnt`.
    """

    row: Row[Any]
    as_of: datetime | None
    seen: datetime
    plan: Plan
    wanted: Wanted
    factor: Fraction | None
    ground: Ground
    calendar: Calendar | None
    policy: Policy
    rates_of: Subject
    cohort: Cohort | None
    learnt: Learnt | None
    observed: Sequence[Evidence | None]
    sections: Sequence[Section]

    @property
    def cascade(self) -> Cascade:
        return self.required(self.sections)

    @property
    def subject(self) -> Subject:
        return subject_of(self.row)

    @property
    def business_type(self) -> Business:
        return Business(self.row.business_type)

    @property
    def period(self) -> Period:
        return self.ground.period

    @property
    def deals(self) -> Cohort:
        assert self.cohort is not None, "asked for without deals"
        return self.cohort

    @property
    def told(self) -> Story:
        return self.deals.told

    def required(self, sections: Sequence[Section]) -> Cascade:
        """What the same target requires with other rates."""
        return required(self.wanted, self.factor, self.ground, sections)


async def aimed(
    work: Work,
    id: UUID,
    asked_period: str | None,
    as_of: datetime | None,
    policy: Policy,
    rate_scope: RateScope = RateScope.TEAM,
    *,
    with_deals: bool = False,
) -> Aimed:
    """The target with this id in a period; 422 when it asks for nothing there. Without rates to be
    observed, deals are looked at only if they are wanted (`with_deals`)."""
    seen = seen_at(work, Moment(as_of=as_of))
    period = period_asked(work, asked_period)
    row = await work.get(Target, id)
    plan, found = await _wanted(work, row, period, seen)
    stage = await ground(work, row.process_id, period, seen)
    times = await calendar(work, period.start, period.end)
    factor = await _joiners_part(work, row, period, times)
    observes = policy.observes or any(one.value_rate is None for one in stage.sections)
    shown = _Shown(subject_of(row), None, None, [None] * len(stage.sections))
    if with_deals or observes:
        whose = await rate_subject(work, row, rate_scope, seen)
        shown = await _shown(work, row, as_of, stage, whose, whole=with_deals, observes=observes)
    return Aimed(
        row=row,
        as_of=as_of,
        seen=seen,
        plan=plan,
        wanted=found,
        factor=factor,
        ground=stage,
        calendar=times,
        policy=policy,
        rates_of=shown.rates_of,
        cohort=shown.deals,
        learnt=shown.learnt,
        observed=shown.observed,
        sections=rated(policy, stage.sections, shown.observed),
    )


def subject_of(row: Row[Any]) -> Subject:
    return Subject(Whose(row.scope), row.team_id or row.person_id)


async def rate_subject(work: Work, row: Row[Any], rate_scope: RateScope, at: datetime) -> Subject:
    """Whose rates a target is computed with: its own scope's, but for a person those of the
    target above it, or else of the team. So people's requirements sum to the team's exactly."""
    subject = subject_of(row)
    if subject.person_id is None or rate_scope is RateScope.OWNER:
        return subject
    if row.parent_id is not None:
        above = await work.one(work.rows(Target).where(Target.id == row.parent_id))
        if above is not None and above.person_id is None:
            return subject_of(above)
    [team_id] = await teams_on(work, [subject.person_id], [at])
    return EVERYBODY if team_id is None else Subject(Whose.TEAM, team_id)


def required(
    wanted: Wanted, factor: Fraction | None, ground: Ground, sections: Sequence[Section]
) -> Cascade:
    part = factor or Fraction(1)
    return cascade(
        None if wanted.amount is None else wanted.amount * part,
        None if wanted.count is None else wanted.count * part,
        sections,
        ground.keys,
        wanted.average or None,
    )


async def _deals(work: Work, row: Row[Any], as_of: datetime | None, rates_of: Subject) -> Cohort:
    told = await story(work, row.process_id, as_of=as_of)
    return await cohort(work, told, rates_of, Business(row.business_type))


@dataclass(frozen=True, slots=True)
class _Shown:
    """What deals show of the sections, and the deals themselves where they were looked at."""

    rates_of: Subject
    deals: Cohort | None
    learnt: Learnt | None
    observed: Sequence[Evidence | None]


async def _shown(
    work: Work,
    row: Row[Any],
    as_of: datetime | None,
    stage: Ground,
    rates_of: Subject,
    *,
    whole: bool,
    observes: bool,
) -> _Shown:
    """`whole`: the deals are wanted as well, whatever is known of what they show."""
    known = await _learnt(work, row, as_of, rates_of) if observes else None
    deals = None
    if whole or known is None:
        deals = await _deals(work, row, as_of, rates_of)
        known = await seen_evidence(deals) if observes and known is None else known
    if known is None:
        return _Shown(rates_of, deals, None, [None] * len(stage.sections))
    return _Shown(rates_of, deals, known[1], matched(stage.milestones, known[0]))


async def _learnt(
    work: Work, row: Row[Any], as_of: datetime | None, rates_of: Subject
) -> tuple[Sequence[Evidence], Learnt] | None:
    process = await work.one(work.rows(Process).where(Process.id == row.process_id))
    if process is None:  # it was taken out of use, and is learnt of no more
        return None
    asked = ScopeQuery(
        process=str(process.id),
        scope=rates_of,
        business_type=Business(row.business_type),
        as_of=as_of,
    )
    return await learnt_evidence(work, process, asked)


async def _wanted(work: Work, row: Row[Any], period: Period, seen: datetime) -> tuple[Plan, Wanted]:
    plan = (await plans(work, [row], seen)).get(row.id)
    found = plan and wanted(work, plan, period)
    if not plan or not found:
        detail = f"The target does not ask for anything in {period.key}."
        raise Invalid.parameter("period", "outside_of_target", detail)
    if found.amount is None and found.count is None:
        detail = f"No rate from {found.unconverted} to {work.home.currency} was known."
        raise Invalid.parameter("period", "currency_rate_unknown", detail)
    return plan, found


async def _joiners_part(
    work: Work, row: Row[Any], period: Period, times: Calendar | None
) -> Fraction | None:
    if row.person_id is None:
        return None
    joined = await joined_on(work, row.person_id)
    return joiners_part(row, period, joined.get(row.person_id), times)
