"""What a process requires of every milestone so that a target arrives at the order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func

from app.core.work import Work
from app.domain.inflow import Question
from app.domain.milestones import milestones_of, section_rate
from app.domain.plans import Wanted
from app.domain.processes import version_at
from app.domain.questions import evidenced
from app.engine.cascade import Cascade, Section, cascade
from app.engine.periods import Calendar, Period, bounds, share
from app.engine.plan import Recurrence
from app.schemas.scopes import EVERYBODY, Business, Subject
from app.tables import Membership


@dataclass(frozen=True, slots=True)
class Ground:
    """What a period is measured against: the process as it was then, and the period's instants."""

    process_id: UUID
    period: Period
    version: Row[Any]
    milestones: Sequence[Row[Any]]
    sections: tuple[Section, ...]
    start: datetime
    end: datetime

    @property
    def keys(self) -> list[str]:
        return [row.key for row in self.milestones]

    def question(
        self,
        subject: Subject = EVERYBODY,
        business_type: Business = Business.ALL,
        as_of: datetime | None = None,
        effective_at: datetime | None = None,
    ) -> Question:
        """What arrived in the period at the milestones of this process."""
        return Question(
            process_id=self.process_id,
            lineages=tuple(row.lineage_id for row in self.milestones),
            evidenced=evidenced(self.milestones),
            start=self.start,
            end=self.end,
            subject=subject,
            business_type=business_type,
            as_of=as_of,
            effective_at=effective_at,
        )


async def ground(work: Work, process_id: UUID, period: Period, seen: datetime) -> Ground:
    """The version in force at the period's end, or at `seen` while the period is under way."""
    start, end = bounds(period, work.home.zone)
    version = await version_at(work, process_id, min(end - timedelta.resolution, seen))
    milestones = await milestones_of(work, version.id)
    sections = tuple(_section(row) for row in milestones[:-1])
    return Ground(process_id, period, version, milestones, sections, start, end)


def required(
    wanted: Wanted | None, ground: Ground, factor: Fraction = Fraction(1)
) -> Cascade | None:
    """The cascade of what a target asks for, times `factor`; None when it asks for nothing known.

    Rates are the process's target rates; where a section has none, it and all before are unknown.
    """
    if wanted is None or (wanted.amount is None and wanted.count is None):
        return None
    return cascade(
        None if wanted.amount is None else wanted.amount * factor,
        None if wanted.count is None else wanted.count * factor,
        ground.sections,
        ground.keys,
        wanted.average or None,
    )


def joiners_part(
    target: Row[Any], period: Period, joined: date | None, calendar: Calendar | None
) -> Fraction | None:
    """The part that a person owes who was first put into a team within the period, on `joined`.

    By working days, and of recurring targets only; None: all of it.
    """
    recurring = target.recurrence != Recurrence.ONCE and target.person_id is not None
    if not recurring or joined is None or not period.start < joined < period.end:
        return None
    return share(period, joined, None, calendar)


async def joined_on(work: Work, person_id: UUID | None = None) -> dict[UUID, date]:
    """The day on which people were first put into a team."""
    query = work.rows(Membership).where(Membership.team_id.is_not(None))
    if person_id is not None:
        query = query.where(Membership.person_id == person_id)
    columns: Any = (Membership.person_id, func.min(Membership.since).label("first"))
    found = await work.all(query.with_only_columns(*columns).group_by(Membership.person_id))
    return {row.person_id: row.first for row in found}


def _section(row: Row[Any]) -> Section:
    rate = section_rate(row)
    return Section(
        value_rate=rate,
        count_rate=rate,
        retention=Fraction(1) if row.target_retention is None else Fraction(row.target_retention),
        source=None if rate is None else "target",
    )
