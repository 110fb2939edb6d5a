"""The cells that count, each with its value of a year in the workspace's currency.

Those of accounts that are there and of products that are sold. A cell without a row is unknown
and appears nowhere here: what is missing follows from how many accounts and products there are.
"""

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
_OF_ONE = "c.competitors -> 0 -> 'annual_value' ->> "
_ALONE = "jsonb_array_length(c.competitors) = 1"
# What several competitors get adds up if all of it is stated. Most often there is just one, and
# PostgreSQL need not take the list apart.
STATED = f"""round(CASE c.status
  WHEN 'buys' THEN c.ours_annual_value * {times_rate("c.ours_currency")}
  WHEN 'need' THEN c.need_value * {times_rate("c.need_currency")}
  WHEN 'competitor' THEN CASE WHEN {_ALONE}
    THEN ({_OF_ONE}'amount')::numeric * {times_rate(f"({_OF_ONE}'currency')")}
    ELSE (
      SELECT CASE WHEN count(s.value) = count(*) THEN sum(s.value) END
      FROM jsonb_array_elements(c.competitors) k CROSS JOIN LATERAL (
        SELECT ({_OF_RIVAL}'amount')::numeric
          * {times_rate(f"({_OF_RIVAL}'currency')")} AS value) s)
    END
  END, :exponent)"""
# One of the competitors can be attacked: nothing binds the customer longer than the horizon.
ATTACKABLE = f"""c.status = 'competitor' AND CASE WHEN {_ALONE}
    THEN coalesce((c.competitors -> 0 ->> 'contract_end')::date <= :horizon, true)
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

# What is usual in a segment for a product, as it was reckoned from the tallies.
USUAL = """unnest(CAST(:segments AS text[]), CAST(:products AS uuid[]), CAST(:usual AS numeric[]))
  AS u(segment, product_id, value)"""

BY_OWNER = f"""
WITH {VALUED}
SELECT v.owner_id, v.status, count(*) AS n, count(v.value) AS stated,
  coalesce(sum(coalesce(v.value, u.value)), 0) AS total,
  count(*) FILTER (WHERE v.value IS NULL AND u.value IS NULL) AS missing,
  coalesce(sum(u.value), 0) AS usual, count(*) FILTER (WHERE u.value IS NULL) AS unusual
FROM valued v
LEFT JOIN {USUAL} ON u.segment = v.segment AND u.product_id = v.product_id
WHERE CAST(:product AS uuid) IS NULL OR v.product_id = :product
GROUP BY v.owner_id, v.status"""

HEADS = f"""
SELECT a.owner_id, coalesce(a.segment, '') AS segment, count(*) AS n
FROM accounts a WHERE {THERE} AND {MINE} GROUP BY a.owner_id, coalesce(a.segment, '')"""

# Every name a competitor goes by, with the cells it is in alone or beside us.
BY_COMPETITOR = f"""
WITH {RATES}
SELECT k.value ->> 'name' AS name, c.status, count(*) AS n,
  count({_OF_RIVAL}'amount') AS stated,
  coalesce(sum(round(({_OF_RIVAL}'amount')::numeric
    * {times_rate(f"({_OF_RIVAL}'currency')")}, :exponent)), 0) AS total
FROM cells c
JOIN accounts a ON a.id = c.account_id AND {THERE} AND {MINE}
JOIN products p ON p.id = c.product_id AND {SOLD}
CROSS JOIN LATERAL jsonb_array_elements(c.competitors) k
WHERE c.workspace_id = :workspace AND c.status IN ('buys', 'competitor')
  AND (CAST(:product AS uuid) IS NULL OR c.product_id = :product)
GROUP BY k.value ->> 'name', c.status"""

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
