"""What is bought from us and may be lost: a competitor was seen, or nobody asked for long."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Row, Subquery, func, select

from app.core.page import Key, Order, page
from app.core.white_spots import Reason
from app.core.work import Work
from app.domain.potential import spots
from app.domain.potential.grounds import Matrix, Whose, matrix
from app.domain.potential.groups import money_of
from app.domain.potential.told import cell_of, out, rivals, speaker, told_on, worth_of
from app.schemas.white_spots import RiskOut, RisksOut, RisksQuery

FORMULA = (
    "matrix_risk.1: bought from us, and a competitor sighted, or confirmed longer ago than the"
    " days asked for, or a goal that it serves due for a review"
)


async def find(work: Work, asked: RisksQuery) -> RisksOut:
    """In a fixed number of statements."""
    whole = await matrix(work)
    whose = Whose(asked.owner, asked.account, asked.segment)
    found = spots.spots(work, whole, whose, asked.product, spots.RISKS, asked.days)
    shown = await page(work, select(found), _dearest_first(found), asked)
    count, value, missing = await _all(work, found)
    return RisksOut(
        data=[_risk(work, whole, row, asked.days) for row in shown.data],
        next_cursor=shown.next_cursor,
        count=count,
        value=money_of(work, None if count and missing == count else Fraction(value)),
        missing_value_count=missing,
        days=asked.days,
        currency=work.home.currency,
        as_of=work.now,
        source="matrix",
        formula=FORMULA,
    )


async def _all(work: Work, found: Subquery) -> tuple[int, Decimal, int]:
    """All of them, whatever page is shown: how many, worth what, and of how many none knows it."""
    known = found.c.weight >= 0
    row = (
        await work.db.execute(
            select(
                func.count().label("n"),
                func.coalesce(func.sum(found.c.weight).filter(known), 0).label("value"),
                func.count().filter(~known).label("missing"),
            ).select_from(found)
        )
    ).one()
    return row.n, row.value, row.missing


def _dearest_first(found: Subquery) -> Order:
    then = (Key("account_id", found.c.account_id, descending=True),)
    return Order("weight", found.c.weight, found.c.id, descending=True, then=then)


def _risk(work: Work, whole: Matrix, row: Row[Any], days: int) -> RiskOut:
    return RiskOut(
        **cell_of(work, whole, row, worth_of(work, whole, row)),
        confirmed_on=told_on(work, row),
        reasons=out(_reasons(work, row, days)),
    )


def _reasons(work: Work, row: Row[Any], days: int) -> Iterator[Reason]:
    tell = speaker(work).reason
    if row.competitors:
        yield tell("competitor_sighted", rivals=rivals(row))
    if work.now - row.said_at > timedelta(days=days):
        yield tell("not_confirmed", day=told_on(work, row))
    if row.due_on is not None:
        yield tell("goal_not_reviewed", day=row.due_on)
