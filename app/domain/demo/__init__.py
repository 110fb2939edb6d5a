"""Fills a workspace with a made-up company that has sold for two years, up to this moment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from random import Random

from app.core.work import Work
from app.domain import processes
from app.domain.demo.cast import engage
from app.domain.demo.goals import set_goals
from app.domain.demo.load import load
from app.domain.demo.matrix import assess
from app.domain.demo.origins import tell_origins
from app.domain.demo.story import Stage, tell, world
from app.domain.milestones import exit_reasons_of, milestones_of
from app.engine.worlds import known, simulate
from app.schemas.processes import ProcessIn

__all__ = ["PROCESS", "WHOLE", "Size", "fill"]

PROCESS = "sales"
TEMPLATE = "milestone-selling-5"


@dataclass(frozen=True, slots=True)
class Size:
    """How long the story is, and how many deals begin in a month."""

    months: int = 24
    per_month: float = 118


WHOLE = Size()


async def fill(work: Work, seed: int, size: Size = WHOLE) -> int:
    """A whole company, for a workspace that is empty; how many opportunities it has.

    The same seed on the same day gives the same numbers. What happened was also recorded when it
    happened, so that questions about the past have an answer.
    """
    calendar = _first_days(work.today, size.months)
    stage = await _stage(work, seed, calendar, size.per_month)
    tomorrow = work.now.date() + timedelta(days=1)
    deals = [known(deal, work.now) for deal in simulate(stage.world, seed, calendar[0], tomorrow)]
    stored = await load(work, stage, tell(stage, [deal for deal in deals if deal.steps]))
    await tell_origins(work, stage, calendar, size.per_month)
    await set_goals(work, stage, calendar)
    await assess(work, stage)
    return stored


async def _stage(work: Work, seed: int, calendar: Sequence[date], per_month: float) -> Stage:
    """The company as it was set up when the story begins."""
    past = replace(work, now=datetime.combine(calendar[0], time.min, tzinfo=UTC))
    cast = await engage(past, Random(seed), calendar)  # noqa: S311 - a story, not a secret
    wanted = ProcessIn(key=PROCESS, name="Sales of sensors", template=TEMPLATE)
    process = await processes.create(past, wanted)
    version = await processes.current_version(past, process.id)
    reasons = groupby(await exit_reasons_of(past, version.id), lambda reason: reason.milestone_id)
    return Stage(
        cast=cast,
        process_id=process.id,
        version_id=version.id,
        milestones=await milestones_of(past, version.id),
        reasons={milestone: list(several) for milestone, several in reasons},
        world=world(per_month),
        seed=seed,
        now=work.now,
    )


def _first_days(today: date, months: int) -> Sequence[date]:
    """The first day of this month and of so many months before it, oldest first."""
    this = today.year * 12 + today.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(this - months, this + 1)]
