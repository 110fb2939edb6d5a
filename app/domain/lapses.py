"""Cells that count as bought from us although nothing has been ordered or said for long.

Nothing is written: what is true of them depends on the day of the question.
"""

from typing import Any

from sqlalchemy import Row, Subquery, Text, Uuid, column, select, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from app.core.cell_questions import still_buys
from app.core.page import Key, Order, Page, page
from app.core.work import Work
from app.schemas.cell_deals import LapseOut, LapseQuery

# Orders of a product that an account was sold; with lines, an order is of their products only.
_ORDERS = """
  FROM cell_deals d
  JOIN passages s ON s.workspace_id = d.workspace_id AND s.opportunity_id = d.opportunity_id
  JOIN milestones m ON m.workspace_id = s.workspace_id AND m.id = s.milestone_id AND m.is_order
  WHERE d.workspace_id = :workspace AND d.product_id IN (
    SELECT l.product_id FROM order_lines l
    WHERE l.workspace_id = :workspace AND l.event_id = s.event_id
    UNION ALL SELECT d.product_id WHERE NOT EXISTS (
      SELECT FROM order_lines l WHERE l.workspace_id = :workspace AND l.event_id = s.event_id))"""
# The last order of one cell.
LAST_ORDER = f"""(SELECT max(s.arrived_at) {_ORDERS}
    AND d.account_id = c.account_id AND d.product_id = c.product_id)"""
_HEARD = f"""
SELECT c.account_id, c.product_id AS id, a.name AS account, p.name AS product, a.owner_id,
  o.ordered_at, greatest(c.ours_at, o.ordered_at) AS heard_at
FROM cells c
JOIN accounts a ON a.workspace_id = c.workspace_id AND a.id = c.account_id
  AND a.deleted_at IS NULL
JOIN products p ON p.workspace_id = c.workspace_id AND p.id = c.product_id
  AND p.deleted_at IS NULL AND p.active
LEFT JOIN (
  SELECT d.account_id, d.product_id, max(s.arrived_at) AS ordered_at
  {_ORDERS}
  GROUP BY d.account_id, d.product_id) o
  ON o.account_id = c.account_id AND o.product_id = c.product_id
WHERE c.workspace_id = :workspace AND c.status = 'buys'
  AND greatest(c.ours_at, o.ordered_at) < :now - make_interval(months => :months)"""
_INSTANT = TIMESTAMP(timezone=True)
_COLUMNS = (
    column("account_id", Uuid()),
    column("id", Uuid()),
    column("account", Text()),
    column("product", Text()),
    column("owner_id", Uuid()),
    column("ordered_at", _INSTANT),
    column("heard_at", _INSTANT),
)


async def find(work: Work, asked: LapseQuery) -> Page:
    """A page of them, those of which nothing was heard for longest first."""
    heard = lapsed(work, asked.months)
    query = select(heard)
    wanted = {"account_id": asked.account, "id": asked.product, "owner_id": asked.owner}
    for name, value in wanted.items():
        if value is not None:
            query = query.where(heard.c[name] == value)
    then = (Key("account_id", heard.c.account_id),)
    order = Order("heard_at", heard.c.heard_at, heard.c.id, then=then)
    found = await page(work, query, order, asked)
    return Page([_seen(work, row) for row in found.data], found.next_cursor)


def lapsed(work: Work, months: int) -> Subquery:
    """The cells (account, and the product as the `id`) of which nothing was heard for so long."""
    told = text(_HEARD).bindparams(workspace=work.workspace_id, now=work.now, months=months)
    return told.columns(*_COLUMNS).subquery("heard")


def _seen(work: Work, row: Row[Any]) -> LapseOut:
    zone = work.home.zone
    since = row.heard_at.astimezone(zone).date()
    question = still_buys(work.language, account=row.account, product=row.product, since=since)
    return LapseOut(
        account_id=row.account_id,
        product_id=row.id,
        ours="unknown",
        last_ordered_on=row.ordered_at and row.ordered_at.astimezone(zone).date(),
        last_said_on=since,
        question=question,
    )
