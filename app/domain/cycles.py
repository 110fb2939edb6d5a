"""Cycles: after how many days a customer orders a product again, and whose order is overdue."""

from datetime import timedelta
from math import ceil
from typing import Any

from sqlalchemy import BigInteger, Date, Numeric, Row, Text, Uuid, column, select, text

from app.core.page import Key, Order, page
from app.core.work import Work
from app.schemas.cycles import CycleBy, CycleOut, CyclePage, CycleQuery

FORMULA = "cycles.1: median of the days from one day with an order of the product to the next"
# So many stretches make a cycle: an account's own, or (for those without) the product's.
ENOUGH = 3
_NEVER = "DATE '9999-12-31'"

# Several orders on one day are one. The middle of an even number is the mean of the two in the
# middle: never a float.
_MEDIAN = """(percentile_disc(0.5) WITHIN GROUP (ORDER BY gap)
    + percentile_disc(0.5) WITHIN GROUP (ORDER BY gap DESC)) / 2.0"""
_GAPS = """
bought AS (
  SELECT DISTINCT o.account_id, coalesce(l.product_id, x.product_id) AS product_id,
    (p.arrived_at AT TIME ZONE :zone)::date AS day
  FROM passages p
  JOIN milestones m ON m.workspace_id = :workspace AND m.id = p.milestone_id AND m.is_order
  JOIN opportunities o ON o.workspace_id = :workspace AND o.id = p.opportunity_id
  LEFT JOIN order_lines l ON l.workspace_id = :workspace AND l.event_id = p.event_id
  LEFT JOIN opportunity_products x ON l.id IS NULL AND x.workspace_id = :workspace
    AND x.opportunity_id = p.opportunity_id
  WHERE p.workspace_id = :workspace AND o.account_id IS NOT NULL
), gaps AS MATERIALIZED (
  SELECT account_id, product_id, day,
    day - lag(day) OVER (PARTITION BY account_id, product_id ORDER BY day) AS gap
  FROM bought WHERE product_id IS NOT NULL
)"""
_COUNTED = "count(*) AS orders, min(day) AS first_on, max(day) AS last_on, count(gap) AS n"
_PRODUCTS = f"""
  SELECT product_id, {_COUNTED}, {_MEDIAN} AS median FROM gaps GROUP BY product_id"""

_BY_ACCOUNT = f"""
WITH {_GAPS}, pairs AS (
  SELECT account_id, product_id, {_COUNTED}, {_MEDIAN} AS median
  FROM gaps GROUP BY account_id, product_id
), products AS ({_PRODUCTS}
), cycles AS (
  SELECT c.account_id, c.product_id AS id, a.owner_id, c.orders, c.first_on, c.last_on,
    CASE WHEN c.n > 0 THEN 'own' WHEN p.n >= :enough THEN 'product' END AS source,
    CASE WHEN c.n > 0 THEN c.n WHEN p.n >= :enough THEN p.n ELSE 0 END AS n,
    CASE WHEN c.n > 0 THEN c.median WHEN p.n >= :enough THEN p.median END AS median
  FROM pairs c
  JOIN products p ON p.product_id = c.product_id
  JOIN accounts a ON a.workspace_id = :workspace AND a.id = c.account_id AND a.deleted_at IS NULL
)
SELECT *, coalesce(last_on + ceil(median)::int, {_NEVER}) AS expected_on FROM cycles"""

_BY_PRODUCT = f"""
WITH {_GAPS}
SELECT NULL::uuid AS account_id, product_id AS id, NULL::uuid AS owner_id, orders, first_on,
  last_on, CASE WHEN n > 0 THEN 'product' END AS source, n, median, {_NEVER} AS expected_on
FROM ({_PRODUCTS}) products"""

_SQL = {CycleBy.ACCOUNT: _BY_ACCOUNT, CycleBy.PRODUCT: _BY_PRODUCT}
_COLUMNS = (
    column("account_id", Uuid()),
    column("id", Uuid()),
    column("owner_id", Uuid()),
    column("orders", BigInteger()),
    column("first_on", Date()),
    column("last_on", Date()),
    column("source", Text()),
    column("n", BigInteger()),
    column("median", Numeric()),
    column("expected_on", Date()),
)


async def find(work: Work, asked: CycleQuery) -> CyclePage:
    """A page of cycles, those whose next order should come first at the beginning."""
    sql = _SQL[asked.by]
    values = {"workspace": work.workspace_id, "zone": work.home.time_zone, "enough": ENOUGH}
    given = {name: value for name, value in values.items() if f":{name}" in sql}
    cycles = text(sql).bindparams(**given).columns(*_COLUMNS).subquery("cycles")
    query = select(cycles)
    wanted = {"account_id": asked.account, "id": asked.product, "owner_id": asked.owner}
    for name, value in wanted.items():
        if value is not None:
            query = query.where(cycles.c[name] == value)
    if asked.overdue is not None:
        late = cycles.c.expected_on < work.today
        query = query.where(late if asked.overdue else ~late)
    account = (Key("account_id", cycles.c.account_id),) if asked.by is CycleBy.ACCOUNT else ()
    order = Order("expected_on", cycles.c.expected_on, cycles.c.id, then=account)
    found = await page(work, query, order, asked)
    data = [_seen(work, asked.by, row) for row in found.data]
    return CyclePage(data=data, next_cursor=found.next_cursor, as_of=work.now, formula=FORMULA)


def _seen(work: Work, by: CycleBy, row: Row[Any]) -> CycleOut:
    expected = None
    if row.median is not None and by is CycleBy.ACCOUNT:
        expected = row.last_on + timedelta(days=ceil(row.median))
    own = by is CycleBy.PRODUCT or row.source == "own"
    enough = "ok" if row.n >= ENOUGH and own else "low_sample"
    return CycleOut(
        account_id=row.account_id,
        product_id=row.id,
        orders=row.orders,
        first_on=row.first_on,
        last_on=row.last_on,
        median_days=None if row.median is None else f"{row.median.normalize():f}",
        n=row.n,
        status="unknown" if row.median is None else enough,
        source=row.source,
        next_expected_on=expected,
        overdue_days=None if expected is None else max(0, (work.today - expected).days),
    )
