"""What a change adds to the ledger: what it counted before is taken out, what it counts now put in.

Named sets to stand in the statement that makes the change, which sees what was there before. Rows
that come out as no difference are not written. Bind parameter: workspace.
"""

from app.domain.ledger.kinds import ARRIVALS, MATRIX, STOCK, Grains

# The zone as it is now, not as it was when the request began: see `replay.derive`.
ZONE = "(SELECT time_zone FROM workspaces WHERE id = :workspace)"
# Of more deals touched at once it is only said that they were many: all is read anew then anyway.
MOST_NAMED = 10_000
# A month goes by its first day; without date_trunc, which would ask the session for its time zone.
MONTH = "arrived_on - extract(day FROM arrived_on)::int + 1"
# The days first and, one column coarser, their months: both in one pass over the rows.
_GRAINED = Grains(
    said={
        "grain": "CASE grouping(arrived_on) WHEN 0 THEN 'day' ELSE 'month' END",
        "day": "coalesce(arrived_on, month)",
    },
    sets=("month, arrived_on", "month"),
)


def arrivals(rows: str) -> str:
    """Sets that post `rows`: process_id, lineage_id, arrived_at, person_id, business_type,
    verified, value, reporting_value and sign: +1 or -1 for each arrival that is not ragged."""
    return f"""arrival_rows AS (
  {rows}
), arrival_days AS (
  SELECT r.*, (arrived_at AT TIME ZONE {ZONE})::date AS arrived_on FROM arrival_rows r
), arrival_deltas AS (
  SELECT process_id, lineage_id, verified, person_id, business_type, {MONTH} AS month, arrived_on,
    sign AS n, (reporting_value IS NOT NULL)::int * sign AS known,
    (value IS NULL)::int * sign AS missing, coalesce(reporting_value * sign, 0) AS value
  FROM arrival_days
), posted_arrivals AS (
  {ARRIVALS.written("arrival_deltas", folded=False, grains=_GRAINED)}
)"""


def touches(deals: str) -> str:
    """A set that posts which deals were touched: `deals` is a query of their ids.

    Every change of what a deal's story says has to post it, in the same transaction; whoever keeps
    stories would otherwise go on telling what was.
    """
    return f"""touched_deals AS (
  INSERT INTO deal_touches (workspace_id, position, id, touched_at, deals)
  SELECT :workspace, pg_current_xact_id()::text::bigint, gen_random_uuid(), clock_timestamp(),
    CASE WHEN count(*) <= {MOST_NAMED} THEN array_agg(touched.id) END
  FROM ({deals}) AS touched (id) HAVING count(*) > 0
)"""


def retyped(changed: str) -> str:
    """Sets that post the arrivals of opportunities whose type of business was `changed`: a set of
    id, before and after."""
    moved = arrivals(f"""SELECT p.process_id, p.lineage_id, p.arrived_at, p.owner_id AS person_id,
    CASE sign WHEN 1 THEN c.after ELSE c.before END AS business_type, p.verified, p.value,
    p.reporting_value, sign
  FROM {changed} c
  JOIN passages p ON p.workspace_id = :workspace AND p.opportunity_id = c.id AND NOT p.ragged
  CROSS JOIN (VALUES (-1), (1)) AS both_sides(sign)""")
    return f"{moved}, {touches(f'SELECT id FROM {changed}')}"


def stock(rows: str) -> str:
    """Sets that post `rows`: process_id, milestone_id, currency, value and sign."""
    return f"""stock_rows AS (
  {rows}
), stock_deltas AS (
  SELECT process_id, milestone_id, currency, sign AS n, (value IS NOT NULL)::int * sign AS known,
    coalesce(value * sign, 0) AS value
  FROM stock_rows
), posted_stock AS (
  {STOCK.written("stock_deltas", folded=False)}
)"""


def matrix(rows: str) -> str:
    """Sets that post `rows`: product_id, segment, status, stated_in, stated and sign; of which
    nobody files the account (its segment is null), or nothing is known, nothing is posted."""
    return f"""matrix_rows AS (
  {rows}
), matrix_deltas AS (
  SELECT product_id, segment, status, stated_in AS currency, sign AS n,
    coalesce(stated * sign, 0) AS value
  FROM matrix_rows WHERE segment IS NOT NULL AND status <> 'unknown'
), posted_matrix AS (
  {MATRIX.written("matrix_deltas", folded=False)}
)"""
