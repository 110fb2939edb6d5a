"""The periods of a target one by one, and those that have an amount of their own."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func

from app.core.errors import Invalid
from app.core.work import Work
from app.domain.plans import FORMULA, Plan, plans, said, turns_of
from app.domain.questions import period_asked, seen_at
from app.domain.target_cascades import fx_out
from app.domain.targets import last_said
from app.engine.plan import Turn, named
from app.schemas.base import money_out
from app.schemas.scopes import Moment
from app.schemas.targets import OverrideIn, PeriodsQuery, TargetPeriodOut, TargetPeriodsOut
from app.tables import Target, TargetPeriod

MOST = 240
A_YEAR = timedelta(days=365)


async def find(work: Work, id: UUID, asked: PeriodsQuery) -> TargetPeriodsOut:
    """What the target asks for, period by period; an open end is told a year ahead."""
    row = await work.get(Target, id)
    seen = seen_at(work, Moment(as_of=asked.as_of))
    start = row.starts_on if asked.from_ is None else period_asked(work, asked.from_, "from").start
    ahead = row.ends_on or max(work.today, row.starts_on) + A_YEAR
    end = ahead if asked.to is None else period_asked(work, asked.to, "to").end
    found = (await plans(work, [row], seen)).get(id)
    chosen = turns_of(found, start, end) if found else ()
    if len(chosen) > MOST:
        detail = f"These are {len(chosen)} periods; at most {MOST} can be listed at once."
        raise Invalid.parameter("to", "too_many", detail)
    return TargetPeriodsOut(
        data=[_seen(work, found, turn, seen) for turn in chosen if found],
        as_of=seen,
        source="target",
        formula=FORMULA,
    )


async def override(work: Work, id: UUID, key: str, wanted: OverrideIn) -> TargetPeriodOut:
    """Give one period its own amount or count from now on; both null: back to the recurring one."""
    row = await work.change(Target, id, None)
    found = (await plans(work, [row], work.now))[id]
    turn = _turn(work, found, key)
    if wanted.amount is not None:
        currency = (await last_said(work, id)).currency
        if wanted.amount.currency != currency:
            detail = f"The target counts in {currency or 'orders, not in money'}."
            raise Invalid.at("/amount/currency", "currency_mismatch", detail)
    await say(work, id, turn.start, wanted)
    found = (await plans(work, [row], work.now))[id]
    return _seen(work, found, turn, work.now)


async def say(work: Work, id: UUID, starts_on: date, wanted: OverrideIn) -> None:
    """Append one period's own amount and count."""
    own = (TargetPeriod.target_id == id, TargetPeriod.starts_on == starts_on)
    highest = work.rows(TargetPeriod).where(*own)
    number = await work.db.scalar(highest.with_only_columns(func.max(TargetPeriod.number)))
    await work.add(
        TargetPeriod,
        target_id=id,
        starts_on=starts_on,
        number=(number or 0) + 1,
        valid_from=work.now,
        amount=None if wanted.amount is None else wanted.amount.amount,
        count=wanted.count,
    )


def _turn(work: Work, plan: Plan, key: str) -> Turn:
    period = period_asked(work, key)
    for turn in turns_of(plan, period.start, period.end):
        if (turn.start, turn.end) == (period.start, period.end):
            return turn
    detail = f"{key[:20]} is no {plan.target.recurrence} of this target."
    raise Invalid.parameter("period", "not_a_period_of_target", detail)


def _seen(work: Work, plan: Plan, turn: Turn, seen: datetime) -> TargetPeriodOut:
    found = said(work, plan, turn, turn.end)
    return TargetPeriodOut(
        period=named(turn, work.home.fiscal_start).key,
        starts_on=turn.start,
        ends_on=turn.end,
        amount=money_out(found.amount, found.currency),
        reporting_amount=money_out(found.converted, work.home.currency),
        fx=fx_out(found.fx) if found.fx else None,
        count=found.count,
        source="override" if found.overridden else "recurring",
        valid_from=found.valid_from,
        closed=turn.end <= seen.astimezone(work.home.zone).date(),
    )
