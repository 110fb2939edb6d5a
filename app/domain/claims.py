"""What deals say of the cells of the matrix, said once, in SQL: for one deal or an import of many.

    touched ─▶ places ─▶ deals ─▶ orders ─▶ bought, yearly ─▶ ours
                           └────▶ endings ─▶ lost ─▶ rivals ─▶ competitors
                                               └───▶ unneeded ─▶ need

An order that stands says that the account buys its products: those of its lines, else those the
deal is about. A deal that was lost to a competitor says so of its products, and one that ended for
the reason `no_need` says that there is no need. An order of a product ends what older deals of the
account said against it. Voided orders, reopened and deleted deals say nothing.

Bind parameters: workspace, zone, exponent, and whatever `chosen` (a condition on opportunity ids)
needs.
"""

from app.domain.history import TAKEN_BACK

# How the reason of an exit is called when the customer sees no need.
NO_NEED = ("no_need", "no-need")
RECHECK_MONTHS = 12

_SPEAKING = """
  FROM opportunities o
  WHERE o.workspace_id = :workspace AND o.deleted_at IS NULL AND o.account_id IS NOT NULL
    AND (o.won_at IS NOT NULL OR o.status = 'exited')"""

# Most events change nothing of the matrix, and are asked no more than this.
SPOKEN = f"""
SELECT o.id {_SPEAKING} AND o.id {{chosen}}
UNION ALL
SELECT d.opportunity_id FROM cell_deals d
WHERE d.workspace_id = :workspace AND d.opportunity_id {{chosen}}
LIMIT 1"""

# The cells that these deals speak of now, beside those they spoke of before.
_PLACES = f"""
spoken AS MATERIALIZED (
  SELECT o.id, o.account_id {_SPEAKING} AND o.id {{chosen}}
), now_at AS MATERIALIZED (
  SELECT s.id, s.account_id, x.product_id FROM spoken s
  JOIN opportunity_products x ON x.workspace_id = :workspace AND x.opportunity_id = s.id
  UNION
  SELECT s.id, s.account_id, l.product_id FROM spoken s
  JOIN order_lines l ON l.workspace_id = :workspace AND l.opportunity_id = s.id
), places AS MATERIALIZED (
  SELECT account_id, product_id FROM now_at
  UNION
  SELECT d.account_id, d.product_id FROM cell_deals d
  WHERE d.workspace_id = :workspace AND d.opportunity_id {{chosen}}
), named AS (
  -- Every competitor that a deal has ever named here: what is taken back is one of these.
  SELECT t.account_id, t.product_id, array_agg(DISTINCT lower(btrim(e.competitor))) AS names
  FROM (
    SELECT p.account_id, p.product_id, d.opportunity_id FROM places p
    JOIN cell_deals d ON d.workspace_id = :workspace AND d.account_id = p.account_id
      AND d.product_id = p.product_id) t
  JOIN events e ON e.workspace_id = :workspace AND e.opportunity_id = t.opportunity_id
    AND e.kind = 'exited' AND e.competitor IS NOT NULL
  GROUP BY t.account_id, t.product_id
), deals AS MATERIALIZED (
  SELECT o.id, o.account_id, o.status, o.won_at, o.exited_at, o.exit_kind, o.exit_reason
  {_SPEAKING} AND o.account_id IN (SELECT account_id FROM places)
)"""

_BOUGHT = """
orders AS MATERIALIZED (
  SELECT d.account_id, coalesce(l.product_id, x.product_id) AS product_id, d.id, p.event_id,
    p.arrived_at, e.recorded_at, l.quantity,
    CASE WHEN l.id IS NOT NULL THEN round(l.amount * p.fx_rate, :exponent)
      -- How an order without lines is divided among several products, nobody knows.
      WHEN count(*) OVER (PARTITION BY p.event_id) = 1 THEN p.reporting_value END AS value
  FROM deals d
  JOIN passages p ON p.workspace_id = :workspace AND p.opportunity_id = d.id
  JOIN milestones m ON m.workspace_id = :workspace AND m.id = p.milestone_id AND m.is_order
  JOIN events e ON e.workspace_id = :workspace AND e.id = p.event_id
  LEFT JOIN order_lines l ON l.workspace_id = :workspace AND l.event_id = p.event_id
  LEFT JOIN opportunity_products x ON l.id IS NULL AND x.workspace_id = :workspace
    AND x.opportunity_id = d.id
), bought AS MATERIALIZED (
  SELECT o.account_id, o.product_id, min(o.arrived_at) AS first_at, max(o.arrived_at) AS last_at,
    max(o.recorded_at) AS told_at,
    (array_agg(o.id ORDER BY o.arrived_at DESC, o.event_id DESC))[1] AS opportunity_id
  FROM orders o
  JOIN places p ON p.account_id = o.account_id AND p.product_id = o.product_id
  GROUP BY o.account_id, o.product_id
), yearly AS (
  -- What was ordered in the twelve months up to the latest order.
  SELECT o.account_id, o.product_id,
    CASE WHEN count(o.quantity) = count(*) THEN sum(o.quantity) END AS quantity,
    CASE WHEN count(o.value) = count(*) THEN round(sum(o.value), :exponent) END AS annual_value
  FROM orders o
  JOIN bought b ON b.account_id = o.account_id AND b.product_id = o.product_id
    AND o.arrived_at > b.last_at - interval '1 year'
  GROUP BY o.account_id, o.product_id
)"""

_LOST = f"""
endings AS (
  SELECT DISTINCT ON (d.id) d.account_id, d.id, d.exited_at, d.exit_kind, d.exit_reason,
    btrim(e.competitor) AS competitor, e.recorded_at
  FROM deals d
  JOIN events e ON e.workspace_id = :workspace AND e.opportunity_id = d.id AND e.kind = 'exited'
    AND e.occurred_at = d.exited_at AND NOT {TAKEN_BACK}
  WHERE d.status = 'exited'
  ORDER BY d.id, e.id DESC
), lost AS MATERIALIZED (
  SELECT n.*, p.product_id, (n.exited_at AT TIME ZONE :zone)::date AS day
  FROM endings n
  JOIN opportunity_products x ON x.workspace_id = :workspace AND x.opportunity_id = n.id
  JOIN places p ON p.account_id = n.account_id AND p.product_id = x.product_id
  LEFT JOIN bought b ON b.account_id = p.account_id AND b.product_id = p.product_id
  WHERE b.last_at IS NULL OR b.last_at < n.exited_at
), rivals AS (
  SELECT account_id, product_id, max(exited_at) AS at, max(recorded_at) AS told_at,
    jsonb_agg(jsonb_build_object('name', competitor, 'since', day) ORDER BY exited_at, id)
      AS competitors,
    (array_agg(id ORDER BY exited_at DESC, id DESC))[1] AS opportunity_id
  FROM (
    SELECT DISTINCT ON (account_id, product_id, lower(competitor)) * FROM lost
    WHERE exit_kind = 'lost' AND competitor <> ''
    ORDER BY account_id, product_id, lower(competitor), exited_at DESC, id DESC) latest
  GROUP BY account_id, product_id
), unneeded AS (
  SELECT DISTINCT ON (account_id, product_id) account_id, product_id, exited_at AS at,
    recorded_at AS told_at, exit_reason AS reason,
    (day + interval '{RECHECK_MONTHS} months')::date AS recheck_on, id AS opportunity_id
  FROM lost WHERE exit_reason IN {NO_NEED!r}
  ORDER BY account_id, product_id, exited_at DESC, id DESC
)"""

CLAIMS = f"""
WITH {_PLACES}, {_BOUGHT}, {_LOST}
SELECT p.account_id, p.product_id, n.names,
  b.first_at, b.last_at, b.told_at AS bought_told_at, b.opportunity_id AS bought_in,
  y.quantity, y.annual_value,
  r.competitors AS rivals, r.at AS rivals_at, r.told_at AS rivals_told_at,
  r.opportunity_id AS rivals_in,
  u.reason, u.recheck_on, u.at AS unneeded_at, u.told_at AS unneeded_told_at,
  u.opportunity_id AS unneeded_in,
  c.ours, c.competitors, c.need, c.ours_source, c.ours_confirmed, c.ours_at,
  c.competitors_source, c.competitors_confirmed, c.competitors_at,
  c.need_source, c.need_confirmed, c.need_at,
  ARRAY(SELECT f.facet FROM cell_conflicts f
    WHERE f.workspace_id = :workspace AND f.account_id = p.account_id
      AND f.product_id = p.product_id AND f.source IN ('order', 'exit')) AS disputed
FROM places p
LEFT JOIN bought b ON b.account_id = p.account_id AND b.product_id = p.product_id
LEFT JOIN yearly y ON y.account_id = p.account_id AND y.product_id = p.product_id
LEFT JOIN rivals r ON r.account_id = p.account_id AND r.product_id = p.product_id
LEFT JOIN unneeded u ON u.account_id = p.account_id AND u.product_id = p.product_id
LEFT JOIN named n ON n.account_id = p.account_id AND n.product_id = p.product_id
LEFT JOIN cells c ON c.workspace_id = :workspace AND c.account_id = p.account_id
  AND c.product_id = p.product_id
ORDER BY p.account_id, p.product_id"""

FORGET = """
DELETE FROM cell_deals WHERE workspace_id = :workspace AND opportunity_id {chosen}"""

KEEP = f"""
WITH {_PLACES}
INSERT INTO cell_deals (workspace_id, opportunity_id, account_id, product_id)
SELECT :workspace, id, account_id, product_id FROM now_at"""
