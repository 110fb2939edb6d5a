"""Lights: is what arrived at each milestone enough for the time that has passed?"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.core.work import Work
from app.domain.inflow import NOTHING, Arrived, arrived, one_by_one
from app.domain.questions import here
from app.domain.requirements import joined_on
from app.domain.scenes import Scene, aim, scene
from app.domain.verdicts import FORMULA, focused, judged, lights, wanting
from app.schemas.base import money_out
from app.schemas.lights import LightsOut, LightsQuery, UnassignedOut
from app.schemas.ratios import ratio_out
from app.schemas.scopes import EVERYBODY


async def read(work: Work, asked: LightsQuery) -> LightsOut:
    """The lights of everybody, a team or a person, in a fixed number of statements."""
    subject = asked.scope
    await here(work, subject)
    stage = await scene(work, asked, subject)
    joined = {} if subject.person_id is None else await joined_on(work, subject.person_id)
    wanted = aim(work, stage, subject, joined.get(subject.person_id or UUID(int=0)))
    question = stage.question(subject)
    arrivals = await arrived(work, question)
    found = judged(stage, wanted, arrivals)
    if lineages := wanting(found):
        looked_for = await arrived(work, one_by_one(question, lineages))
        found = judged(stage, wanted, arrivals | looked_for)
    return LightsOut(
        **frame(work, stage),
        scope=str(subject),
        target_id=wanted.target_id,
        prorated=ratio_out(wanted.factor),
        milestones=lights(work, stage, found),
        focus=focused(work, stage, found),
        unassigned=unassigned(work, stage, arrivals) if subject == EVERYBODY else None,
    )


def frame(work: Work, stage: Scene) -> dict[str, Any]:
    """What every answer about lights says of itself."""
    ground, asked = stage.ground, stage.asked
    return {
        "period": ground.period.key,
        "elapsed": ratio_out(stage.elapsed),
        "closed": stage.closed,
        "process_id": ground.process_id,
        "process_version": ground.version.number,
        "business_type": stage.business_type,
        "mode": stage.mode,
        "light_basis": stage.basis,
        "currency": work.home.currency,
        "as_of": asked.as_of or work.now,
        "effective_at": asked.effective_at,
        "source": "target",
        "formula": FORMULA,
    }


def unassigned(
    work: Work, stage: Scene, arrivals: Mapping[UUID, Arrived]
) -> list[UnassignedOut] | None:
    """What nobody is credited with; None where there is nothing of it."""
    currency = work.home.currency
    found = [(row, arrivals.get(row.lineage_id, NOTHING)) for row in stage.ground.milestones]
    told = [
        UnassignedOut(
            position=row.position,
            key=row.key,
            value=money_out(came.unassigned_value, currency),
            count=came.unassigned_count,
        )
        for row, came in found
        if came.unassigned_count or came.unassigned_value != 0
    ]
    return told or None
