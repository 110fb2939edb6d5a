"""What a process wanted done about its dead horses, now and at any moment of the past."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, case

from app.core.work import Work
from app.tables import ProcessPolicy

STATED = frozenset({"stale_policy", "grace_days", "criteria_reset"})


async def policy_at(work: Work, process: Row[Any], at: datetime | None) -> Row[Any]:
    """The row that says `stale_policy`, `grace_days` and `criteria_reset` as they stood at an
    instant; before the process was there, as they were first. None: as they are now."""
    if at is None:
        return process
    in_force, set_at = ProcessPolicy.set_at <= at, ProcessPolicy.set_at
    ranked = work.rows(ProcessPolicy).where(ProcessPolicy.process_id == process.id)
    latest = (case((in_force, set_at)).desc().nulls_last(), case((in_force, ProcessPolicy.id)))
    nearest = ranked.order_by(latest[0], latest[1].desc(), set_at, ProcessPolicy.id)
    return (await work.all(nearest.limit(1)))[0]


async def keep(work: Work, process: Row[Any]) -> None:
    """Write down what the process wants from now on."""
    await work.add(
        ProcessPolicy,
        process_id=process.id,
        set_at=work.now,
        stale_policy=process.stale_policy,
        grace_days=process.grace_days,
        criteria_reset=process.criteria_reset,
    )


def asked_at(as_of: datetime | None, effective_at: datetime | None) -> datetime | None:
    """The moment a question is about; None: now."""
    return min((at for at in (as_of, effective_at) if at is not None), default=None)
