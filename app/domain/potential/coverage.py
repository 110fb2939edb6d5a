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
_COVERED = f"""
WITH told AS (
  SELECT c.account_id, c.product_id, c.status
  FROM cells c
  JOIN accounts a ON a.id = c.account_id AND {THERE} AND {MINE}
  JOIN products p ON p.id = c.product_id AND {SOLD}
  WHERE c.workspace_id = :workspace AND c.status <> 'unknown'
), existing AS (
  SELECT DISTINCT account_id FROM told WHERE status = 'buys'
), here AS (
  SELECT t.* FROM told t JOIN existing e USING (account_id)
  WHERE CAST(:product AS uuid) IS NULL OR t.product_id = :product
), worked AS (
  SELECT h.account_id, h.product_id, bool_or(o.status = 'open') AS open
  FROM here h
  JOIN opportunities o ON o.workspace_id = :workspace AND o.account_id = h.account_id
    AND o.deleted_at IS NULL
  JOIN opportunity_products x ON x.workspace_id = :workspace AND x.opportunity_id = o.id
    AND x.product_id = h.product_id
  WHERE h.status = 'need'
  GROUP BY h.account_id, h.product_id
)
SELECT (SELECT count(*) FROM existing) AS accounts,
  (SELECT count(*) FROM products p WHERE {SOLD}
    AND (CAST(:product AS uuid) IS NULL OR p.id = :product)) AS products,
  count(*) FILTER (WHERE status <> 'na') AS known, count(*) FILTER (WHERE status = 'na') AS aside,
  count(*) FILTER (WHERE status = 'need') AS needs,
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
