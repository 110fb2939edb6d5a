"""How these tests look at what was learnt."""

from sqlalchemy import select

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain import rounds
from app.domain.access import home
from app.domain.lessons import learning
from app.domain.processes import resolve
from app.tables import ForecastLesson
from tests.deals import MILESTONES

PROCESS = "new-business"
STATED = [{**each, "typical_days": 20} if "target_rate" in each else each for each in MILESTONES]


def unlearnt(answer):
    return {name: value for name, value in answer.items() if name != "learnt"}


async def lessons(engine, workspace):
    async with workspace_transaction(engine, workspace[0]) as db:
        order = (ForecastLesson.in_force_from, ForecastLesson.shape)
        return (await db.execute(select(*ForecastLesson.__table__.c).order_by(*order))).all()


async def night(patient, workspace, clock):
    """The latest night's learning, and on to the hour from which on it is in force."""
    async with workspace_transaction(patient, workspace[0]) as db:
        own = await home(db, workspace[0])
        work = Work(db, workspace[0], own, clock.now, rounds.ACTOR)
        await learning.nightly(work, await resolve(work, PROCESS))
    clock.forward(hours=4)
