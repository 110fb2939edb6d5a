"""What lights are judged against: the period and how much of it is over, rates and targets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select

from app.core.work import Work
from app.domain.calendars import calendar
from app.domain.inflow import Question
from app.domain.plans import Plan, plans, wanted
from app.domain.processes import resolve
from app.domain.questions import period_asked, seen_at
from app.domain.requirements import Ground, ground, joiners_part, required
from app.domain.targets import of_subject
from app.engine.cascade import Cascade
from app.engine.lights import Basis, Mode
from app.engine.periods import Calendar, Period, elapsed
from app.engine.plan import Recurrence
from app.schemas.lights import PeopleLightsQuery
from app.schemas.scopes import EVERYBODY, Business, Subject, Whose
from app.tables import Target

_FINEST = (Recurrence.MONTH, Recurrence.QUARTER, Recurrence.YEAR, Recurrence.ONCE)


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is the same for every light of an answer.

    `day` is the day lights are seen on, None for today.
    """

    ground: Ground
    calendar: Calendar | None
    elapsed: Fraction
    closed: bool
    day: date | None
    asked: PeopleLightsQuery
    business_type: Business
    plans: Mapping[tuple[Subject, str], Sequence[Plan]]

    @property
    def mode(self) -> Mode:
        return self.asked.mode

    @property
    def basis(self) -> Basis:
        return self.asked.light_basis

    def question(self, subject: Subject = EVERYBODY) -> Question:
        asked = self.asked
        return self.ground.question(subject, self.business_type, asked.as_of, asked.effective_at)


@dataclass(frozen=True, slots=True)
class Aim:
    """What a subject is to bring in the period; `factor` where it joined within it."""

    target_id: UUID | None = None
    cascade: Cascade | None = None
    factor: Fraction | None = None


async def scene(work: Work, asked: PeopleLightsQuery, subject: Subject | None) -> Scene:
    """The scene of one subject, or of all of them (None), in a fixed number of statements."""
    seen = seen_at(work, asked)
    process = await resolve(work, asked.process)
    period = period_asked(work, asked.period)
    stage = await ground(work, process.id, period, seen)
    times = await calendar(work, period.start, period.end)
    found = await _targets(work, process.id, period, asked.as_of or work.now, subject)
    today = seen.astimezone(work.home.zone).date()
    closed = seen >= stage.end
    return Scene(
        ground=stage,
        calendar=times,
        elapsed=Fraction(1) if closed else elapsed(period, today, times),
        closed=closed,
        day=None if today == work.today else today,
        asked=asked,
        business_type=asked.business_type or _business(found),
        plans=_by_subject(await plans(work, found, asked.as_of or work.now)),
    )


def aim(work: Work, scene: Scene, subject: Subject, joined: date | None = None) -> Aim:
    """The target of a subject and what it requires; the first membership began on `joined`."""
    period = scene.ground.period
    fitting = scene.plans.get((subject, scene.business_type), ())
    plan = max(fitting, key=lambda plan: _fitness(plan.target, period), default=None)
    if plan is None:
        return Aim()
    factor = joiners_part(plan.target, period, joined, scene.calendar)
    asked_for = wanted(work, plan, period)
    return Aim(plan.target.id, required(asked_for, scene.ground, factor or Fraction(1)), factor)


async def _targets(
    work: Work, process_id: UUID, period: Period, as_of: datetime, subject: Subject | None
) -> Sequence[Row[Any]]:
    """The targets that were there at `as_of` and reach into the period."""
    query = select(Target).where(
        Target.workspace_id == work.workspace_id,
        Target.process_id == process_id,
        Target.starts_on < period.end,
        or_(Target.ends_on.is_(None), Target.ends_on > period.start),
        Target.created_at <= as_of,
        or_(Target.deleted_at.is_(None), Target.deleted_at > as_of),
    )
    if subject is not None:
        query = query.where(of_subject(subject))
    return await work.all(query.order_by(Target.created_at, Target.id))


def _by_subject(found: Mapping[UUID, Plan]) -> dict[tuple[Subject, str], list[Plan]]:
    sorted_in: dict[tuple[Subject, str], list[Plan]] = {}
    for plan in found.values():
        target = plan.target
        subject = Subject(Whose(target.scope), target.team_id or target.person_id)
        sorted_in.setdefault((subject, target.business_type), []).append(plan)
    return sorted_in


def _business(targets: Sequence[Row[Any]]) -> Business:
    """The first of all, new and existing business that has a target; all where none has."""
    types = {row.business_type for row in targets}
    return next(
        (one for one in (Business.ALL, Business.NEW, Business.EXISTING) if one in types),
        Business.ALL,
    )


def _fitness(target: Row[Any], period: Period) -> tuple[bool, bool, int, date]:
    """Of several targets the one in the period's own beat, then whole, then finest, then newest."""
    recurrence = Recurrence(target.recurrence)
    whole = target.starts_on <= period.start and (
        target.ends_on is None or target.ends_on >= period.end
    )
    own = recurrence.value == period.grain.value
    return own, whole, -_FINEST.index(recurrence), target.starts_on
