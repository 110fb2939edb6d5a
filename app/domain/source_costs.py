"""What sources cost: told once, corrected by further rows, converted at the rate of the day.

A cost is converted at the rate of its first day as it was known when the cost was recorded, so
that a closed month stays what it was. One that came before any rate takes the first that comes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Date, FromClause, Numeric, Row, Text, Uuid, column, select, text

from app.core.page import Order, Page, page
from app.core.work import Work
from app.engine.money import round_to_minor
from app.schemas.base import money_out
from app.schemas.source_costs import CostFxOut, SourceCostIn, SourceCostOut, SourceCostQuery
from app.tables import Source, SourceCost

_COSTS = """
SELECT c.*, n.id AS corrected_by_id, f.rate AS fx_rate, f.day AS fx_day, f.source AS fx_source,
  c.amount * f.rate AS converted
FROM source_costs c
LEFT JOIN source_costs n ON n.workspace_id = c.workspace_id AND n.corrects_id = c.id
LEFT JOIN LATERAL (
  SELECT 1 AS rate, NULL::date AS day, NULL AS source WHERE c.currency = :currency
  UNION ALL (
    SELECT r.rate, r.day, r.source FROM currency_rates r
    WHERE c.currency <> :currency AND r.workspace_id = c.workspace_id AND r.currency = c.currency
      AND r.day <= c.starts_on
    ORDER BY r.recorded_at <= c.recorded_at DESC, r.day DESC,
      CASE WHEN r.recorded_at <= c.recorded_at THEN r.recorded_at END DESC, r.recorded_at
    LIMIT 1)) f ON true
WHERE c.workspace_id = :workspace"""

_BESIDE = (
    column("corrected_by_id", Uuid()),
    column("fx_rate", Numeric()),
    column("fx_day", Date()),
    column("fx_source", Text()),
    column("converted", Numeric()),
)


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent, exactly; the amount is known when the status is `ok`, and in part when it
    is `partial`."""

    amount: Fraction | None
    status: str

    def __add__(self, other: "Spent") -> "Spent":
        """Nothing recorded adds nothing; what cannot be converted makes all of it unknown."""
        if "rate_missing" in (self.status, other.status):
            return Spent(None, "rate_missing")
        if self.amount is None or other.amount is None:
            return other if self.amount is None else self
        return Spent(self.amount + other.amount, "ok")


NOTHING = Spent(None, "none_recorded")


async def find(work: Work, source_id: UUID, asked: SourceCostQuery) -> Page:
    await work.get(Source, source_id)
    told = _costs(work)
    order = Order("starts_on", told.c.starts_on, told.c.id, descending=True)
    query = select(told).where(told.c.source_id == source_id)
    bound = f"{source_id}{asked.asked}"
    found = await page(work, query, order, asked, of=bound)
    return Page([_seen(work, row) for row in found.data], found.next_cursor)


async def record(work: Work, source_id: UUID, cost: SourceCostIn) -> SourceCostOut:
    """Add a cost. One that corrects another stands in its place from now on."""
    await work.get(Source, source_id)
    row = await work.add(
        SourceCost,
        source_id=source_id,
        starts_on=cost.from_,
        ends_on=cost.ends_on,
        amount=cost.amount.amount,
        currency=cost.amount.currency,
        note=cost.note,
        corrects_id=cost.corrects_id,
        recorded_at=work.now,
        actor=work.actor,
    )
    told = _costs(work)
    return _seen(work, (await work.all(select(told).where(told.c.id == row.id)))[0])


async def spent(work: Work, start: date, end: date) -> Mapping[UUID, Spent]:
    """By source, what the days [start, end) cost; a cost of other days as well counts in part."""
    told = _costs(work)
    query = select(told).where(told.c.corrected_by_id.is_(None))
    rows = await work.all(query.where(told.c.starts_on < end, told.c.ends_on > start))
    found: dict[UUID, Spent] = {}
    for row in rows:
        found[row.source_id] = found.get(row.source_id, NOTHING) + _within(row, start, end)
    return found


def _within(row: Row[Any], start: date, end: date) -> Spent:
    if row.converted is None:
        return Spent(None, "rate_missing")
    inside = (min(row.ends_on, end) - max(row.starts_on, start)).days
    whole = (row.ends_on - row.starts_on).days
    return Spent(Fraction(row.converted) * inside / whole, "ok")


def _costs(work: Work) -> FromClause:
    """As columns of `SourceCost`, and beside them what corrects them and how they convert."""
    told = text(_COSTS).bindparams(workspace=work.workspace_id, currency=work.home.currency)
    return told.columns(*SourceCost.__table__.columns, *_BESIDE).subquery()


def _seen(work: Work, row: Row[Any]) -> SourceCostOut:
    home, fx = work.home.currency, None
    if row.fx_day is not None:
        fx = CostFxOut(rate=f"{row.fx_rate:f}", date=row.fx_day, source=row.fx_source)
    known = row.converted
    amount = money_out(row.amount, row.currency)
    assert amount is not None
    return SourceCostOut(
        id=row.id,
        source_id=row.source_id,
        from_=row.starts_on,
        to=row.ends_on,
        amount=amount,
        reporting_amount=money_out(None if known is None else round_to_minor(known, home), home),
        fx=fx,
        note=row.note,
        corrects_id=row.corrects_id,
        corrected_by_id=row.corrected_by_id,
        recorded_at=row.recorded_at,
    )
