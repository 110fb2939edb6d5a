"""Groups of accounts: what lies above and below one, and what they ordered together."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Row, Text, Uuid, column, select, text

from app.core.page import Order, page
from app.core.work import Work
from app.domain import accounts, business
from app.engine.money import round_to_minor
from app.schemas.account_trees import (
    AboveOut,
    AccountSummaryOut,
    AccountTreeOut,
    SummaryQuery,
    TreeNodeOut,
    TreeQuery,
)
from app.schemas.base import MoneyOut, money_out

_BELOW = """
WITH RECURSIVE tree AS (
  SELECT id, parent_id, name, 0 AS depth FROM accounts
  WHERE workspace_id = :workspace AND id = :account AND deleted_at IS NULL
  UNION ALL
  SELECT a.id, a.parent_id, a.name, t.depth + 1 FROM tree t
  JOIN accounts a ON a.workspace_id = :workspace AND a.parent_id = t.id AND a.deleted_at IS NULL
  WHERE {below}
) CYCLE id SET again USING trail"""
_TREE = _BELOW.replace("{below}", "true") + " SELECT id, parent_id, name, depth FROM tree"

_ABOVE = text("""
WITH RECURSIVE up AS (
  SELECT id, parent_id, name, 0 AS height FROM accounts
  WHERE workspace_id = :workspace AND id = :account AND deleted_at IS NULL
  UNION ALL
  SELECT a.id, a.parent_id, a.name, u.height + 1 FROM up u
  JOIN accounts a ON a.workspace_id = :workspace AND a.id = u.parent_id AND a.deleted_at IS NULL
) CYCLE id SET again USING trail
SELECT id, name FROM up WHERE height > 0 ORDER BY height DESC""")

_SUMMARY = text(
    _BELOW.replace("{below}", ":below")
    + """, rates AS (
  SELECT DISTINCT ON (currency) currency, rate FROM currency_rates
  WHERE workspace_id = :workspace AND day <= :today
  ORDER BY currency, day DESC, recorded_at DESC
), deals AS (
  SELECT o.id, o.account_id, o.status, o.ordered_value,
    o.value * CASE WHEN o.currency = :currency THEN 1 ELSE r.rate END AS worth
  FROM opportunities o LEFT JOIN rates r ON r.currency = o.currency
  WHERE o.workspace_id = :workspace AND o.deleted_at IS NULL
    AND o.account_id IN (SELECT id FROM tree)
), ordered AS (
  SELECT d.account_id, p.arrived_at
  FROM deals d
  JOIN passages p ON p.workspace_id = :workspace AND p.opportunity_id = d.id
  JOIN milestones m ON m.workspace_id = :workspace AND m.id = p.milestone_id AND m.is_order
)
SELECT (SELECT count(*) FROM tree) AS accounts, d.*, o.*
FROM (
  SELECT count(*) FILTER (WHERE status = 'open') AS open_count,
    sum(worth) FILTER (WHERE status = 'open') AS open_value,
    count(*) FILTER (WHERE status = 'open' AND worth IS NULL) AS open_missing,
    count(*) FILTER (WHERE status = 'won') AS won_count,
    sum(ordered_value) FILTER (WHERE status = 'won') AS won_value,
    count(*) FILTER (WHERE status = 'won' AND ordered_value IS NULL) AS won_missing
  FROM deals) d, (
  SELECT count(*) AS orders, count(DISTINCT account_id) AS customers,
    min(arrived_at) AS first_order_at, max(arrived_at) AS last_order_at
  FROM ordered) o"""
)


async def tree(work: Work, id: UUID, asked: TreeQuery) -> AccountTreeOut:
    """In three statements, however large it is."""
    await accounts.read(work, id)
    own = {"workspace": work.workspace_id, "account": id}
    above = (await work.db.execute(_ABOVE, own)).all()
    columns: tuple[ColumnElement[Any], ...] = (
        column("id", Uuid()),
        column("parent_id", Uuid()),
        column("name", Text()),
        column("depth", Integer()),
    )
    below = text(_TREE).bindparams(**own).columns(*columns).subquery("below")
    found = await page(
        work,
        select(below),
        Order("depth", below.c.depth, below.c.id),
        asked,
        of=str(id),
    )
    return AccountTreeOut(
        account_id=id,
        path=[AboveOut.model_validate(row) for row in above],
        data=[TreeNodeOut.model_validate(row) for row in found.data],
        next_cursor=found.next_cursor,
    )


async def summary(work: Work, id: UUID, asked: SummaryQuery) -> AccountSummaryOut:
    """The account, alone or with all below it, and how the next opportunity of it would count."""
    await accounts.read(work, id)
    values = {
        "workspace": work.workspace_id,
        "account": id,
        "below": asked.together is not None,
        "today": work.today,
        "currency": work.home.currency,
    }
    row = (await work.db.execute(_SUMMARY, values)).one()
    business_type, business_subtype = await business.today(work, id)
    return AccountSummaryOut(
        account_id=id,
        accounts=row.accounts,
        currency=work.home.currency,
        open_count=row.open_count,
        open_value=_sum(work, row.open_value, row.open_count),
        open_missing_value_count=row.open_missing,
        won_count=row.won_count,
        won_value=_sum(work, row.won_value, row.won_count),
        won_missing_value_count=row.won_missing,
        repeat_orders=row.orders - row.customers,
        business_type=business_type,
        business_subtype=business_subtype,
        as_of=work.now,
        **_ordered(row),
    )


def _ordered(row: Row[Any]) -> dict[str, Any]:
    told = ("orders", "customers", "first_order_at", "last_order_at")
    return {name: getattr(row, name) for name in told}


def _sum(work: Work, known: Decimal | None, count: int) -> MoneyOut | None:
    """Of nothing it is nothing; of what nobody knows it is not known."""
    currency = work.home.currency
    value = Decimal(0) if count == 0 else known
    return money_out(None if value is None else round_to_minor(value, currency), currency)
