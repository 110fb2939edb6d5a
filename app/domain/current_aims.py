"""What a scope is to bring in the period under way: what its pipeline and levers are held to."""

from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from app.core.errors import Invalid
from app.core.work import Work
from app.domain.facts import Story
from app.domain.plans import plans, wanted
from app.domain.scenes import aim, scene
from app.engine.cascade import Cascade
from app.engine.periods import Grain, Period, containing
from app.schemas.lights import PeopleLightsQuery
from app.schemas.scopes import Business, Moment, Subject
from app.tables import Target


@dataclass(frozen=True, slots=True)
class Current:
    """A target in a period; `value` is None where it asks for a number of orders only, `cascade`
    what it requires of every milestone at the process's target rates."""

    target_id: UUID
    period: Period
    value: Fraction | None
    cascade: Cascade | None


async def current(
    work: Work, told: Story, subject: Subject, business_type: Business, asked: Moment
) -> Current | None:
    """The scope's own target for the month of the story's moment; None where there is none."""
    period = _month(work, told)
    question = PeopleLightsQuery(
        process=str(told.process_id),
        period=period.key,
        business_type=business_type,
        as_of=asked.as_of,
        effective_at=asked.effective_at,
    )
    found = aim(work, await scene(work, question, subject), subject)
    if found.target_id is None or found.cascade is None:
        return None
    return Current(found.target_id, period, found.cascade.goal.completed()[0], found.cascade)


async def of_target(work: Work, told: Story, target_id: UUID, asked: Moment) -> Current:
    """A target by its id; 404 when it is not of this workspace, 422 when of another process."""
    row = await work.get(Target, target_id)
    if row.process_id != told.process_id:
        raise Invalid.parameter("target", "other_process", "The target is of another process.")
    period = _month(work, told)
    plan = (await plans(work, [row], asked.as_of or work.now)).get(row.id)
    found = wanted(work, plan, period) if plan else None
    return Current(row.id, period, found.amount if found else None, None)


def _month(work: Work, told: Story) -> Period:
    return containing(told.at.astimezone(work.home.zone).date(), Grain.MONTH)
