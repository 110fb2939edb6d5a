"""The cells that count, each with its value of a year in the workspace's currency.

Those of accounts that are there and of products that are sold. A cell without a row is unknown
and appears nowhere here: what is missing follows from how many accounts and products there are.
"""

from app.domain.ledger.filing import MISFILED

# Of several competitors each has an amount and a day of its own.
SEVERAL = "*"
RATES = """
rates AS (
  SELECT DISTINCT ON (r.currency) r.currency, r.rate FROM currency_rates r
  WHERE r.workspace_id = :workspace AND r.day <= :today
  ORDER BY r.currency, r.day DESC, r.recorded_at DESC
)"""


def times_rate(currency: str) -> str:
    """Most cells are in the workspace's own currency: only the others look a rate up."""
    rate = f"(SELECT x.rate FROM rates x WHERE x.currency = {currency})"
    return f"CASE WHEN {currency} = :currency THEN 1 ELSE {rate} END"


_OF_RIVAL = "k.value -> 'annual_value' ->> "
# What several competitors get adds up if all of it is stated. Most often there is just one, in the
# workspace's own currency, and PostgreSQL need not take the list apart.
STATED = f"""CASE WHEN c.stated_in IS NULL THEN NULL
  WHEN c.stated_in = :currency THEN round(c.stated, :exponent)
  WHEN c.stated_in <> '{SEVERAL}' THEN round(c.stated * {times_rate("c.stated_in")}, :exponent)
  ELSE (
    SELECT CASE WHEN count(s.value) = count(*) THEN round(sum(s.value), :exponent) END
    FROM jsonb_array_elements(c.competitors) k CROSS JOIN LATERAL (
      SELECT ({_OF_RIVAL}'amount')::numeric
        * {times_rate(f"({_OF_RIVAL}'currency')")} AS value) s)
  END"""
# Days are compared as they are written.
_HORIZON = "CAST(CAST(:horizon AS date) AS text)"
# One of the competitors can be attacked: nothing binds the customer longer than the horizon.
ATTACKABLE = f"""c.status = 'competitor' AND CASE WHEN c.stated_in IS DISTINCT FROM '{SEVERAL}'
    THEN coalesce(c.bound_until <= {_HORIZON}, true)
    ELSE EXISTS (SELECT FROM jsonb_array_elements(c.competitors) k
      WHERE coalesce((k.value ->> 'contract_end')::date <= :horizon, true)) END"""
# The day from which the status is known.
SAID_AT = """CASE c.status WHEN 'buys' THEN c.ours_at WHEN 'competitor' THEN c.competitors_at
    WHEN 'need' THEN c.need_at WHEN 'no_need' THEN c.need_at END"""

SOLD = "p.workspace_id = :workspace AND p.deleted_at IS NULL AND p.active"
THERE = "a.workspace_id = :workspace AND a.deleted_at IS NULL"
MINE = """(CAST(:owner AS uuid) IS NULL OR a.owner_id = :owner)
    AND (CAST(:account AS uuid) IS NULL OR a.id = :account)
    AND (CAST(:segment AS text) IS NULL OR a.segment = :segment)"""

# Materialized: a value is reckoned once, and used several times.
VALUED = f"""
{RATES}, valued AS MATERIALIZED (
  SELECT c.product_id, c.status, a.owner_id, coalesce(a.segment, '') AS segment,
    {STATED} AS value, {ATTACKABLE} AS attackable
  FROM cells c
  JOIN accounts a ON a.id = c.account_id AND {THERE} AND {MINE}
  JOIN products p ON p.id = c.product_id AND {SOLD}
  WHERE c.workspace_id = :workspace AND c.status <> 'unknown'
)"""

TALLIES = f"""
WITH {VALUED}
SELECT v.segment, v.product_id, v.status, v.attackable, count(*) AS n, count(v.value) AS stated,
  coalesce(sum(v.value), 0) AS total
FROM valued v GROUP BY v.segment, v.product_id, v.status, v.attackable"""

# The same of all accounts, from the sums that are kept of it. What depends on the day is looked up
# cell by cell: values that need a rate, and competitors that are bound beyond the horizon; and so
# are the cells of accounts that are filed elsewhere than where they belong.
_SUMMED = "coalesce({0}, :currency) = :currency"
_CELLS = f"FROM cells c JOIN accounts a ON a.id = c.account_id AND {THERE}"
_KNOWN = "c.workspace_id = :workspace AND c.status <> 'unknown'"
_SIGNED = """side.sign AS n, side.sign * (c.stated_in IS NOT NULL)::int AS stated,
    side.sign * coalesce(c.stated, 0) AS total"""
SUMMED = f"""
WITH {RATES}, misfiled AS MATERIALIZED ({MISFILED}), counted AS (
  SELECT m.segment, m.product_id, m.status, m.status = 'competitor' AS attackable, m.n,
    CASE WHEN m.currency IS NULL THEN 0 ELSE m.n END AS stated, m.value AS total
  FROM matrix_sums m WHERE m.workspace_id = :workspace AND {_SUMMED.format("m.currency")}
  UNION ALL
  SELECT side.segment, c.product_id, c.status, c.status = 'competitor', {_SIGNED}
  FROM misfiled f
  JOIN cells c ON c.workspace_id = :workspace AND c.account_id = f.account_id
  CROSS JOIN LATERAL (VALUES (f.before, -1), (f.after, 1)) AS side(segment, sign)
  WHERE side.segment IS NOT NULL AND c.status <> 'unknown' AND {_SUMMED.format("c.stated_in")}
  UNION ALL
  SELECT coalesce(a.segment, ''), c.product_id, c.status, side.attackable, {_SIGNED}
  {_CELLS}
  CROSS JOIN (VALUES (true, -1), (false, 1)) AS side(attackable, sign)
  WHERE {_KNOWN} AND c.bound_until > {_HORIZON} AND {_SUMMED.format("c.stated_in")}
  UNION ALL
  SELECT segment, product_id, status, attackable, 1, (value IS NOT NULL)::int, coalesce(value, 0)
  FROM (
    SELECT coalesce(a.segment, '') AS segment, c.product_id, c.status, {ATTACKABLE} AS attackable,
      {STATED} AS value
    {_CELLS}
    WHERE {_KNOWN} AND (c.stated_in < :currency OR c.stated_in > :currency)) foreign_ones
)
SELECT c.segment, c.product_id, c.status, c.attackable, sum(c.n) AS n, sum(c.stated) AS stated,
  sum(c.total) AS total
FROM counted c JOIN products p ON p.id = c.product_id AND {SOLD}
GROUP BY c.segment, c.product_id, c.status, c.attackable HAVING sum(c.n) <> 0"""

# What is usual in a segment for a product, as it was reckoned from the tallies.
USUAL = """unnest(CAST(:segments AS text[]), CAST(:products AS uuid[]), CAST(:usual AS numeric[]))
  AS u(segment, product_id, value)"""

# Hundreds of owners and segments make as many groups as there are cells: nothing of a cell is
# written down before it is summed, and usual values come as whole minor units.
BY_OWNER = f"""
WITH {RATES}
SELECT v.owner_id, v.status, count(*) AS n, count(v.value) AS stated,
  coalesce(sum(v.value), 0) AS total, coalesce(sum(u.minor) FILTER (WHERE v.value IS NULL), 0)
    AS estimated,
  count(*) FILTER (WHERE v.value IS NULL AND u.minor IS NULL) AS missing,
  coalesce(sum(u.minor), 0) AS usual, count(*) FILTER (WHERE u.minor IS NULL) AS unusual
FROM (
  SELECT c.product_id, c.status, a.owner_id, coalesce(a.segment, '') AS segment, {STATED} AS value
  FROM cells c
  JOIN accounts a ON a.id = c.account_id AND {THERE} AND {MINE}
  JOIN products p ON p.id = c.product_id AND {SOLD}
  WHERE c.workspace_id = :workspace AND c.status <> 'unknown'
    AND (CAST(:product AS uuid) IS NULL OR c.product_id = :product)) v
LEFT JOIN unnest(CAST(:segments AS text[]), CAST(:products AS uuid[]), CAST(:minors AS bigint[]))
  AS u(segment, product_id, minor) ON u.segment = v.segment AND u.product_id = v.product_id
GROUP BY v.owner_id, v.status"""
# The planner takes the usual values for a handful and would go through them for every cell.
AS_SETS = "SET LOCAL enable_nestloop = off"

HEADS = f"""
SELECT a.owner_id, coalesce(a.segment, '') AS segment, count(*) AS n
FROM accounts a WHERE {THERE} AND {MINE} GROUP BY a.owner_id, coalesce(a.segment, '')"""

# Every name a competitor goes by, with the cells it is in alone or beside us.
_RATED = f"""round(({_OF_RIVAL}'amount')::numeric
    * {times_rate(f"({_OF_RIVAL}'currency')")}, :exponent)"""
_RIVALS = f"""FROM cells c
  JOIN accounts a ON a.id = c.account_id AND {THERE} AND {MINE}
  JOIN products p ON p.id = c.product_id AND {SOLD}"""
_ASKED = """c.workspace_id = :workspace AND c.competitors <> '[]'::jsonb
    AND (CAST(:product AS uuid) IS NULL OR c.product_id = :product)"""
BY_COMPETITOR = f"""
WITH {RATES}
SELECT k.name, k.status, count(*) AS n, count(k.amount) AS stated,
  coalesce(sum(k.value), 0) AS total
FROM (
  SELECT c.competitors -> 0 ->> 'name' AS name, c.status, c.stated AS amount, {STATED} AS value
  {_RIVALS}
  WHERE c.status = 'competitor' AND c.stated_in IS DISTINCT FROM '{SEVERAL}' AND {_ASKED}
  UNION ALL
  SELECT k.value ->> 'name', c.status, ({_OF_RIVAL}'amount')::numeric, {_RATED}
  {_RIVALS} CROSS JOIN LATERAL jsonb_array_elements(c.competitors) k
  WHERE (c.status = 'buys' OR c.status = 'competitor' AND c.stated_in = '{SEVERAL}') AND {_ASKED}) k
GROUP BY k.name, k.status"""

# Opportunities that were decided for us or against us, and of them those at a competitor's cell.
DECIDED = """
WITH decided AS (
  SELECT o.id, o.account_id, o.business_type, o.created_at, o.status = 'won' AS won
  FROM opportunities o
  WHERE o.workspace_id = :workspace AND o.deleted_at IS NULL
    AND (o.status = 'won' OR o.status = 'exited' AND o.exit_kind <> ALL(:beside))
), held AS (
  SELECT h.account_id, h.product_id, min(h.at) AS since
  FROM cell_changes h
  WHERE h.workspace_id = :workspace AND h.facet = 'competitors'
    AND h.after -> 'value' <> '[]'::jsonb
  GROUP BY h.account_id, h.product_id
), attacked AS (
  SELECT DISTINCT d.id, d.won
  FROM held h
  JOIN decided d ON d.account_id = h.account_id AND d.created_at >= h.since
  JOIN opportunity_products x ON x.workspace_id = :workspace AND x.opportunity_id = d.id
    AND x.product_id = h.product_id
)
SELECT count(*) AS decided, count(*) FILTER (WHERE won) AS won,
  count(*) FILTER (WHERE business_type = 'existing') AS existing,
  count(*) FILTER (WHERE business_type = 'existing' AND won) AS existing_won,
  (SELECT count(*) FROM attacked) AS attacks,
  (SELECT count(*) FROM attacked a WHERE a.won) AS takeovers
FROM decided"""
