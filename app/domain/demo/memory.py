"""What the demo would have forecast week by week, so that its forecasts have a score."""

from datetime import datetime

from sqlalchemy import select

from app.core.database import Database
from app.core.settings import Settings
from app.core.work import Work
from app.domain import snapshots
from app.domain.demo import PROCESS
from app.domain.demo.home import of_demo
from app.domain.processes import resolve
from app.tables import ForecastSnapshot

DAYS = 210
FEW = 7  # snapshots: fewer than that many are those of the days since the demo was made


async def remember(database: Database, settings: Settings, now: datetime, days: int = DAYS) -> int:
    """Keep the forecasts of the last months where they are not kept yet; how many were new.

    For a company of its own making only: what nobody was told at the time is no forecast.
    """
    engine = database.patient_engine(settings)
    try:
        async with of_demo(engine, now) as work:
            if work is None or not await _forgetful(work):
                return 0
            process = await resolve(work, PROCESS)
            return await snapshots.take_past(work, process.id, days)
    finally:
        await engine.dispose()


async def _forgetful(work: Work) -> bool:
    kept = select(ForecastSnapshot.day).where(ForecastSnapshot.workspace_id == work.workspace_id)
    return len((await work.db.execute(kept.limit(FEW))).all()) < FEW
