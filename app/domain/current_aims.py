"""What a scope is to bring in the period under way: what its pipeline and levers are held to."""

from collections.abc import Sequence
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

_KINDS = (Business.NEW, Business.EXISTING)


@dataclass(frozen=True, slots=True)
class Current:
    """The targets of a period; `value` is None where one asks for a number of orders only.

    `cascades` are what they require of every milestone at the process's target rates.
    """

    target_ids: tuple[UUID, ...]
    period: Period
    value: Fraction | None
    cascades: tuple[Cascade, ...] = ()

    def required(self, section: int) -> tuple[Fraction | None, Fraction | None]:
        """What must arrive at the milestone where a section (from 0) begins: value and count."""
        levels = [one.levels[section] for one in self.cascades]
        return _sum([one.value for one in levels]), _sum([one.count for one in levels])


async def current(
    work: Work, told: Story, subject: Subject, business_type: Business, asked: Moment
) -> Current | None:
    """The scope's own target for the month of the story's moment; None where there is none.

    All business without a target of its own is held to those of new and existing business, where
    both are there: orders of one kind must not pay what was asked for in the other.
    """
    period = _month(work, told)
    own = await _aims(work, told, subject, (business_type,), asked)
    if not own and business_type is Business.ALL:
        own = await _aims(work, told, subject, _KINDS, asked)
        if len(own) < len(_KINDS):
            return None
    if not own:
        return None
    return Current(
        tuple(id for id, _ in own),
        period,
        _sum([found.goal.completed()[0] for _, found in own]),
        tuple(found for _, found in own),
    )


async def of_target(work: Work, told: Story, target_id: UUID, asked: Moment) -> Current:
    """A target by its id; 404 when it is not of this workspace, 422 when of another process."""
    row = await work.get(Target, target_id)
    if row.process_id != told.process_id:
        raise Invalid.parameter("target", "other_process", "The target is of another process.")
    period = _month(work, told)
    plan = (await plans(work, [row], asked.as_of or work.now)).get(row.id)
    found = wanted(work, plan, period) if plan else None
    return Current((row.id,), period, found.amount if found else None)


async def _aims(
    work: Work, told: Story, subject: Subject, types: Sequence[Business], asked: Moment
) -> list[tuple[UUID, Cascade]]:
    found = [await _aim(work, told, subject, one, asked) for one in types]
    return [one for one in found if one is not None]


async def _aim(
    work: Work, told: Story, subject: Subject, business_type: Business, asked: Moment
) -> tuple[UUID, Cascade] | None:
    question = PeopleLightsQuery(
        process=str(told.process_id),
        period=_month(work, told).key,
        business_type=business_type,
        as_of=asked.as_of,
        effective_at=asked.effective_at,
    )
    found = aim(work, await scene(work, question, subject), subject)
    if found.target_id is None or found.cascade is None:
        return None
    return found.target_id, found.cascade


def _month(work: Work, told: Story) -> Period:
    return containing(told.at.astimezone(work.home.zone).date(), Grain.MONTH)


def _sum(parts: Sequence[Fraction | None]) -> Fraction | None:
    """None where one of them is not known."""
    known = [part for part in parts if part is not None]
    return sum(known, Fraction(0)) if known and len(known) == len(parts) else None
