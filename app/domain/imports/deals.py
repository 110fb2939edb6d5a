"""Which opportunity each row means, and what the row says about where it stands."""

from typing import Any

from sqlalchemy import text

from app.core.work import Work
from app.domain.imports import faults, lookups, sql
from app.domain.imports.mapping import Plan
from app.domain.imports.outcome import matches, settle

_UNKNOWN_PRODUCT = """
SELECT r.line, r.product AS value, NULL AS detail FROM staged_rows r
WHERE r.product IS NOT NULL AND NOT EXISTS (
  SELECT FROM staged_products p WHERE p.said = lower(r.product))"""

_CLOSED_IN_FUTURE = """
SELECT r.line, r.closed_at::text AS value, NULL AS detail FROM staged_rows r
WHERE r.closed_at > :now AND EXISTS (
  SELECT FROM staged_stages s WHERE s.act IN ('won', 'exit')
    AND (s.said = 'stage' AND s.stage = r.stage
      OR s.said = 'status' AND s.stage IN (r.status, lower(r.status))))"""

_MATCH = """
INSERT INTO staged_matches (line, id, fresh, identity)
SELECT r.line, coalesce(o.id, {uuid7}), o.id IS NULL, r.external_id
FROM staged_rows r
LEFT JOIN opportunities o ON o.workspace_id = :ws AND o.source = :source
  AND o.external_id = r.external_id AND o.deleted_at IS NULL"""

_OTHER_PROCESS = """
SELECT r.line, r.external_id AS value, NULL AS detail
FROM staged_rows r JOIN staged_matches m ON m.line = r.line AND NOT m.fresh
JOIN opportunities o ON o.workspace_id = :ws AND o.id = m.id
WHERE o.process_id <> :process"""

_UNKNOWN_MILESTONE = """
SELECT r.line, s.milestone AS value, NULL AS detail
FROM staged_rows r JOIN staged_matches m ON m.line = r.line AND NOT m.fresh
JOIN staged_stages s ON s.said = 'stage' AND s.stage = r.stage AND s.milestone IS NOT NULL
JOIN opportunities o ON o.workspace_id = :ws AND o.id = m.id
WHERE o.version_id <> :version AND NOT EXISTS (
  SELECT FROM milestones k WHERE k.workspace_id = :ws AND k.version_id = o.version_id
    AND k.key = s.milestone)"""

_TABLES = (
    "staged_arrivals (line bigint, milestone_id uuid, key text, position int, is_order boolean,"
    " at timestamptz)",
    "staged_reasons (said text, key text)",
    "staged_deals (line bigint, id uuid, fresh boolean, handle text, version_id uuid,"
    " account_id uuid, owner_id uuid, product_id uuid, act text, milestone_id uuid, key text,"
    " position int, order_id uuid, exit_kind text, reason text, note text, began timestamptz,"
    " first_at timestamptz, last_at timestamptz, furthest int, ordered_at timestamptz,"
    " closed boolean)",
)

# Dates of wide columns, by milestone of the version the opportunity is in.
_ARRIVALS = """
INSERT INTO staged_arrivals
SELECT w.line, k.id, k.key, k.position, k.is_order, w.at
FROM staged_reached w JOIN staged_matches m ON m.line = w.line
LEFT JOIN opportunities o ON o.workspace_id = :ws AND o.id = m.id
JOIN milestones k ON k.workspace_id = :ws AND k.version_id = coalesce(o.version_id, :version)
  AND k.key = w.milestone"""

_REASONS = """
INSERT INTO staged_reasons
SELECT DISTINCT ON (said) said, key FROM (
  SELECT lower(x.key) AS said, x.key, 1 AS rank, k.position
  FROM exit_reasons x JOIN milestones k ON k.workspace_id = :ws AND k.id = x.milestone_id
  WHERE x.workspace_id = :ws AND k.version_id = :version
  UNION ALL
  SELECT lower(x.name), x.key, 2, k.position
  FROM exit_reasons x JOIN milestones k ON k.workspace_id = :ws AND k.id = x.milestone_id
  WHERE x.workspace_id = :ws AND k.version_id = :version) r
ORDER BY said, rank, position"""

# A status that ends a deal outdoes its stage; the stage then tells how far the deal had come. A
# deleted opportunity of the same id keeps its events' ids, so its successor's get a number.
_DEALS = """
INSERT INTO staged_deals (line, id, fresh, handle, version_id, account_id, owner_id, product_id,
  act, milestone_id, key, position, order_id, exit_kind, reason, note, began, first_at, last_at,
  furthest, ordered_at, closed)
SELECT m.line, m.id, m.fresh, r.external_id || coalesce('#' || g.times, ''),
  coalesce(o.version_id, :version), a.id, p.id, q.id, x.act,
  CASE WHEN NOT k.is_order THEN k.id END, k.key, CASE WHEN NOT k.is_order THEN k.position END,
  last_one.id,
  CASE WHEN x.act = 'exit' THEN coalesce(r.exit_kind, t.exit_kind, s.exit_kind, 'lost') END,
  CASE WHEN r.exit_reason IS NULL THEN coalesce(t.reason, s.reason)
    ELSE coalesce(e.key, 'other') END,
  CASE WHEN e.key IS NULL THEN r.exit_reason END,
  coalesce(r.created_at, least(w.first_at, r.reached_at, CASE WHEN x.closed THEN r.closed_at END),
    :now),
  w.first_at, w.last_at, w.furthest, w.ordered_at, x.closed
FROM staged_matches m
JOIN staged_rows r ON r.line = m.line
LEFT JOIN opportunities o ON o.workspace_id = :ws AND o.id = m.id AND NOT m.fresh
LEFT JOIN staged_stages s ON s.said = 'stage' AND s.stage = r.stage
LEFT JOIN staged_stages t ON t.said = 'status' AND t.stage = CASE WHEN EXISTS (
    SELECT FROM staged_stages y WHERE y.said = 'status' AND y.stage = r.status)
  THEN r.status ELSE lower(r.status) END
LEFT JOIN milestones k ON k.workspace_id = :ws AND k.version_id = coalesce(o.version_id, :version)
  AND k.key = coalesce(s.milestone, t.milestone)
LEFT JOIN milestones last_one ON last_one.workspace_id = :ws AND last_one.is_order
  AND last_one.version_id = coalesce(o.version_id, :version)
LEFT JOIN staged_reasons e ON e.said = lower(r.exit_reason)
LEFT JOIN staged_accounts a ON a.said = r.account
LEFT JOIN staged_people p ON p.said = r.owner
LEFT JOIN staged_products q ON q.said = lower(r.product)
LEFT JOIN (
  SELECT line, min(at) AS first_at, max(at) AS last_at,
    max(at) FILTER (WHERE is_order) AS ordered_at,
    max(position) FILTER (WHERE NOT is_order) AS furthest
  FROM staged_arrivals GROUP BY line) w ON w.line = m.line
LEFT JOIN (
  SELECT external_id, count(*) AS times FROM opportunities
  WHERE workspace_id = :ws AND source = :source AND deleted_at IS NOT NULL
  GROUP BY external_id) g ON g.external_id = r.external_id
CROSS JOIN LATERAL (
  SELECT act, act IN ('won', 'exit') AS closed FROM (
    SELECT CASE WHEN t.act IN ('won', 'exit', 'hold') THEN t.act
      WHEN s.act = 'reached' AND k.is_order
        OR w.ordered_at IS NOT NULL AND s.act IS DISTINCT FROM 'exit' THEN 'won'
      ELSE coalesce(s.act, t.act) END AS act) said) x"""


async def prepare(work: Work, plan: Plan) -> None:
    """Note unknown products, closings in the future, rows about the same opportunity."""
    await lookups.products(work)
    await faults.note(work, _UNKNOWN_PRODUCT, code="unknown_product", column=plan.name("product"))
    await faults.note(work, _CLOSED_IN_FUTURE, code="in_future", column=plan.name("closed_at"))
    await matches(work, _MATCH, plan.name("external_id"), source=plan.source)
    here: dict[str, Any] = {"process": plan.process_id, "version": plan.version_id}
    column = plan.name("external_id")
    await faults.note(work, _OTHER_PROCESS, code="other_process", column=column, **here)
    stage = plan.name("stage")
    await faults.note(work, _UNKNOWN_MILESTONE, code="unknown_milestone", column=stage, **here)
    await settle(work)


async def gather(work: Work, plan: Plan) -> None:
    """Make `staged_deals`: one row for each opportunity, placeholders included."""
    await lookups.accounts(work, plan.source, "SELECT account AS said FROM staged_rows")
    await lookups.people(work, plan.source, "SELECT owner AS said FROM staged_rows")
    for table in _TABLES:
        await work.db.execute(text(f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP"))
    known: dict[str, Any] = {"version": plan.version_id, "source": plan.source}
    for statement in (_ARRIVALS, _REASONS, _DEALS):
        await sql.change(work, statement, **known)
    for table in ("staged_arrivals", "staged_deals"):
        await work.db.execute(text(f"ANALYZE {table}"))
