"""Whether new and existing business get the attention that their potential deserves."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import Row, func, select, text

from app.core.white_spots import neglect, percent
from app.core.work import Work
from app.domain.potential import spots
from app.domain.potential.grounds import Whose, given, matrix
from app.domain.potential.groups import Sum, known_value, money_of
from app.domain.potential.sql import RATES, times_rate
from app.engine.matrix.measures import share
from app.schemas.focus_balance import BalanceOut, BalanceQuery, MismatchOut, Side, SideOut
from app.schemas.ratios import ratio_out
from app.tables import Cell

FORMULA = (
    "focus_balance.1: effort = what people noted in the days asked for; potential = needs and"
    " attackable cells; mismatch where the shares of one business lie 0.2 or more apart"
)
GAP = Fraction(1, 5)
SIDES: tuple[Side, ...] = ("new", "existing", "unknown")

_EFFORT = """
SELECT coalesce(o.business_type, 'unknown') AS side, count(*) AS n
FROM events e
JOIN opportunities o ON o.workspace_id = :workspace AND o.id = e.opportunity_id
  AND o.deleted_at IS NULL
WHERE e.workspace_id = :workspace AND e.import_id IS NULL AND e.kind <> 'stale_noticed'
  AND e.recorded_at > :since AND (CAST(:owner AS uuid) IS NULL OR o.owner_id = :owner)
GROUP BY coalesce(o.business_type, 'unknown')"""
_OPEN = f"""
WITH {RATES}, valued AS (
  SELECT coalesce(o.business_type, 'unknown') AS side,
    round(o.value * {times_rate("o.currency")}, :exponent) AS value
  FROM opportunities o
  WHERE o.workspace_id = :workspace AND o.deleted_at IS NULL AND o.status = 'open'
    AND (CAST(:owner AS uuid) IS NULL OR o.owner_id = :owner)
)
SELECT side, count(*) AS n, coalesce(sum(value), 0) AS total, count(*) - count(value) AS missing
FROM valued GROUP BY side"""


async def find(work: Work, asked: BalanceQuery) -> BalanceOut:
    """In a fixed number of statements."""
    whose = Whose(owner=asked.owner)
    values = given(work, whose) | {"since": work.now - timedelta(days=asked.days)}
    effort = _sums((await work.db.execute(text(_EFFORT), values)).all())
    open_now = _sums((await work.db.execute(text(_OPEN), values)).all())
    potential = _sums(await _potential(work, whose))
    shares = {
        "effort": _shares({side: Fraction(one.n) for side, one in effort.items()}),
        "open": _shares({side: one.value for side, one in open_now.items()}),
        "potential": _shares({side: one.value for side, one in potential.items()}),
    }
    data = [
        SideOut(
            business_type=side,
            effort_count=effort[side].n,
            effort_share=ratio_out(shares["effort"][side]),
            open_count=open_now[side].n,
            open_value=money_of(work, known_value(open_now[side])),
            open_share=ratio_out(shares["open"][side]),
            potential_count=potential[side].n,
            potential_value=money_of(work, known_value(potential[side])),
            potential_share=ratio_out(shares["potential"][side]),
        )
        for side in SIDES
    ]
    return BalanceOut(
        data=data,
        mismatch=_mismatch(work, shares["effort"], shares["potential"]),
        days=asked.days,
        currency=work.home.currency,
        as_of=work.now,
        source="matrix",
        formula=FORMULA,
    )


async def _potential(work: Work, whose: Whose) -> Sequence[Row[Any]]:
    """What accounts that buy something may buy beside it, and what the others may buy at all."""
    found = spots.spots(work, await matrix(work), whose, None, spots.WORK)
    buyers = work.rows(Cell).where(Cell.status == "buys").with_only_columns(Cell.account_id)
    existing = found.c.account_id.in_(buyers)
    known = found.c.weight >= 0
    query = select(
        existing.label("existing"),
        func.count().label("n"),
        func.coalesce(func.sum(found.c.weight).filter(known), 0).label("total"),
        func.count().filter(~known).label("missing"),
    )
    return (await work.db.execute(query.group_by(existing))).all()


def _sums(rows: Sequence[Row[Any]]) -> dict[str, Sum]:
    found: dict[str, Sum] = {side: Sum() for side in SIDES}
    for row in rows:
        told = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
        side = told.get("side") or ("existing" if told["existing"] else "new")
        found[side] = Sum(row.n, Fraction(told.get("total", 0)), missing=told.get("missing", 0))
    return found


def _shares(parts: Mapping[str, Fraction]) -> dict[str, Fraction | None]:
    whole = sum(parts.values(), Fraction(0))
    return {side: share(part, whole) for side, part in parts.items()}


def _mismatch(
    work: Work, effort: Mapping[str, Fraction | None], potential: Mapping[str, Fraction | None]
) -> MismatchOut | None:
    """The business with more of the potential than of the effort, if it is far more."""
    for side in ("existing", "new"):
        given_, there = effort[side], potential[side]
        if given_ is not None and there is not None and there - given_ >= GAP:
            told = neglect(side, percent(there), percent(given_), work.language)
            return MismatchOut(code=told.code, gap=ratio_out(there - given_) or "", text=told.text)
    return None
