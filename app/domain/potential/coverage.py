"""Whether every chance at existing customers was assessed, and whether it was used."""

from sqlalchemy import text

from app.core.work import Work
from app.domain.potential.grounds import Whose, given
from app.domain.potential.sql import MINE, SOLD, THERE
from app.engine.matrix.measures import share
from app.schemas.matrix_stats import MatrixCoverageOut, Part
from app.schemas.ratios import ratio_out

FORMULA = (
    "matrix_coverage.1: coverage_known = known / applicable cells of accounts that buy;"
    " coverage_worked = their need cells with an open or past opportunity / their need cells"
)
# Of every account its cells are counted already; only those of products that are no longer sold,
# and those of the one product asked for, are looked at.
_COVERED = f"""
WITH hidden AS MATERIALIZED (
  SELECT c.account_id, count(*) FILTER (WHERE c.status = 'buys') AS buys,
    count(*) FILTER (WHERE c.status = 'need') AS needs,
    count(*) FILTER (WHERE c.status = 'na') AS aside,
    count(*) FILTER (WHERE c.status NOT IN ('na', 'unknown')) AS known
  FROM products p
  JOIN cells c ON c.workspace_id = :workspace AND c.product_id = p.id
  WHERE p.workspace_id = :workspace AND (p.deleted_at IS NOT NULL OR NOT p.active)
  GROUP BY c.account_id
), existing AS MATERIALIZED (
  SELECT k.account_id, k.need - coalesce(h.needs, 0) AS needs, k.na - coalesce(h.aside, 0) AS aside,
    k.buys + k.competitor + k.need + k.no_need - coalesce(h.known, 0) AS known
  FROM cell_counts k
  JOIN accounts a ON a.id = k.account_id AND {THERE} AND {MINE}
  LEFT JOIN hidden h ON h.account_id = k.account_id
  WHERE k.workspace_id = :workspace AND k.buys > coalesce(h.buys, 0)
), here AS (
  SELECT known, aside, needs FROM existing WHERE CAST(:product AS uuid) IS NULL
  UNION ALL
  SELECT (c.status <> 'na')::int, (c.status = 'na')::int, (c.status = 'need')::int
  FROM existing e
  JOIN cells c ON c.workspace_id = :workspace AND c.account_id = e.account_id
    AND c.product_id = :product AND c.status <> 'unknown'
  JOIN products p ON p.id = c.product_id AND {SOLD}
), worked AS (
  SELECT c.account_id, c.product_id, bool_or(o.status = 'open') AS open
  FROM opportunities o
  JOIN opportunity_products x ON x.workspace_id = :workspace AND x.opportunity_id = o.id
    AND (CAST(:product AS uuid) IS NULL OR x.product_id = :product)
  JOIN products p ON p.id = x.product_id AND {SOLD}
  JOIN existing e ON e.account_id = o.account_id
  JOIN cells c ON c.workspace_id = :workspace AND c.account_id = e.account_id
    AND c.product_id = x.product_id AND c.status = 'need'
  WHERE o.workspace_id = :workspace AND o.deleted_at IS NULL
  GROUP BY c.account_id, c.product_id
)
SELECT (SELECT count(*) FROM existing) AS accounts,
  (SELECT count(*) FROM products p WHERE {SOLD}
    AND (CAST(:product AS uuid) IS NULL OR p.id = :product)) AS products,
  coalesce(sum(known), 0)::bigint AS known, coalesce(sum(aside), 0)::bigint AS aside,
  coalesce(sum(needs), 0)::bigint AS needs,
  (SELECT count(*) FROM worked) AS worked, (SELECT count(*) FROM worked w WHERE w.open) AS open
FROM here"""


async def find(work: Work, asked: Part) -> MatrixCoverageOut:
    """In one statement."""
    whose = Whose(owner=asked.owner, segment=asked.segment)
    values = given(work, whose) | {"product": asked.product}
    row = (await work.db.execute(text(_COVERED), values)).one()
    applicable = row.accounts * row.products - row.aside
    return MatrixCoverageOut(
        existing_accounts=row.accounts,
        applicable_cells=applicable,
        known_cells=row.known,
        coverage_known=ratio_out(share(row.known, applicable)),
        need_cells=row.needs,
        open_cells=row.open,
        worked_cells=row.worked,
        coverage_worked=ratio_out(share(row.worked, row.needs)),
        as_of=work.now,
        source="matrix",
        formula=FORMULA,
    )
