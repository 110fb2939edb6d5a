"""What a question about numbers means here: which period, whose, and as seen from when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.errors import Invalid
from app.core.work import Work
from app.engine.periods import Grain, Period, containing, parse
from app.schemas.scopes import Moment, Subject
from app.tables import Person, Team


def period_named(work: Work, key: str, pointer: str) -> Period:
    """The period of a key in a body; 422 at `pointer` when it names none."""
    try:
        return parse(key, work.home.fiscal_start)
    except ValueError as error:
        raise Invalid.at(pointer, "period_unknown", str(error)) from error


def period_asked(work: Work, key: str | None, name: str = "period") -> Period:
    """The period of a query; the current month when there is none, 422 when it names none."""
    if key is None:
        return containing(work.today, Grain.MONTH)
    try:
        return parse(key, work.home.fiscal_start)
    except ValueError as error:
        raise Invalid.parameter(name, "period_unknown", str(error)) from error


async def here(work: Work, subject: Subject) -> None:
    """`NotFound` when the team or the person of a scope is not of this workspace."""
    if subject.team_id is not None:
        await work.get(Team, subject.team_id)
    if subject.person_id is not None:
        await work.get(Person, subject.person_id)


def seen_at(work: Work, moment: Moment) -> datetime:
    """The instant from which time is told: the earliest that was asked for; 422 in the future."""
    for name, given in (("as_of", moment.as_of), ("effective_at", moment.effective_at)):
        if given is not None and given > work.now:
            raise Invalid.parameter(name, "in_future", f"{name} lies in the future.")
    return min(moment.as_of or work.now, moment.effective_at or work.now)


def evidenced(milestones: Sequence[Row[Any]]) -> frozenset[UUID]:
    """The lineages at which an act without evidence does not count."""
    return frozenset(row.lineage_id for row in milestones if row.evidence_policy == "required")
