"""New or existing business: found out from what the account had ordered before.

An order of the account in the 36 months before the opportunity was created makes it existing
business; an older one makes it a win-back, which counts as new. What is decided when the first
milestone is reached stays; what somebody stated is never overwritten. Where the workspace wants it
so (`group_orders_count`), an order of any company of the group counts.
"""

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

from sqlalchemy import TextClause, text

from app.core.work import Work
from app.domain import replay
from app.domain.ledger import posting
from app.schemas.opportunities import BusinessSubtype, BusinessType

MONTHS = 36

# Of a deal `c` whose account's latest order before it was `b`.
TYPE = """CASE WHEN c.account_id IS NULL THEN NULL
      WHEN b.latest >= c.created_at - make_interval(months => :months) THEN 'existing'
      ELSE 'new' END"""
SUBTYPE = "CASE WHEN b.latest < c.created_at - make_interval(months => :months) THEN 'win_back' END"

# `homes`: whose orders count for an account, by the `home` it shares with them; `companies`: who
# has a home there. An account has one home.
_OF_ACCOUNT = """homes AS (
  SELECT DISTINCT account_id, account_id AS home FROM chosen WHERE account_id IS NOT NULL
), companies AS (SELECT home, account_id AS member FROM homes)"""
# Up from the account to the top of its group, and down from there.
_OF_GROUP = """up AS (
  SELECT DISTINCT account_id, account_id AS id FROM chosen WHERE account_id IS NOT NULL
  UNION
  SELECT u.account_id, p.id FROM up u
  JOIN accounts a ON a.workspace_id = :workspace AND a.id = u.id
  JOIN accounts p ON p.workspace_id = :workspace AND p.id = a.parent_id AND p.deleted_at IS NULL
), homes AS (
  SELECT u.account_id, u.id AS home FROM up u
  JOIN accounts a ON a.workspace_id = :workspace AND a.id = u.id
  WHERE NOT EXISTS (
    SELECT FROM accounts p
    WHERE p.workspace_id = :workspace AND p.id = a.parent_id AND p.deleted_at IS NULL)
), companies AS (
  SELECT DISTINCT home, home AS member FROM homes
  UNION
  SELECT d.home, a.id FROM companies d
  JOIN accounts a ON a.workspace_id = :workspace AND a.parent_id = d.member
    AND a.deleted_at IS NULL
)"""
# The latest order before each of the `chosen` deals was created, of its home and of another deal;
# `orders` are deal, account_id and at. One pass in order of time: an account with many orders and
# many deals must not have each compared with each.
ORDERED = """timed AS MATERIALIZED (
  -- Each order with the latest one before it that was another deal's: carried on while the orders
  -- that follow are of the same deal.
  SELECT home, deal, at, nth, max(before) OVER (
      PARTITION BY home ORDER BY nth ROWS UNBOUNDED PRECEDING) AS other_at
  FROM (
    SELECT n.home, x.deal, x.at, row_number() OVER told AS nth,
      CASE WHEN lag(x.deal) OVER told <> x.deal THEN lag(x.at) OVER told END AS before
    FROM orders x JOIN companies n ON n.member = x.account_id
    WINDOW told AS (PARTITION BY n.home ORDER BY x.at, x.deal)) turns
), preceded AS (
  -- How many orders lie before each deal.
  SELECT id, home, count(*) FILTER (WHERE id IS NULL) OVER (
      PARTITION BY home ORDER BY at, id IS NULL ROWS UNBOUNDED PRECEDING) AS orders
  FROM (
    SELECT c.id, h.home, c.created_at AS at
    FROM chosen c JOIN homes h ON h.account_id = c.account_id
    UNION ALL SELECT NULL, home, at FROM timed) moments
), ordered AS (
  SELECT d.id, CASE WHEN t.deal = d.id THEN t.other_at ELSE t.at END AS latest
  FROM preceded d JOIN timed t ON t.home = d.home AND t.nth = d.orders
  WHERE d.id IS NOT NULL
)"""
_DECIDED = f"""
WITH RECURSIVE chosen AS (
  SELECT c.id, c.account_id, c.created_at, c.counted_as, c.business_type AS was,
    c.business_subtype AS was_subtype
  FROM opportunities c
  WHERE c.workspace_id = :workspace AND {{chosen}} AND NOT c.business_chosen
), {{companies}}, orders AS (
  SELECT x.id AS deal, x.account_id, p.arrived_at AS at
  FROM companies n
  JOIN opportunities x ON x.workspace_id = :workspace AND x.account_id = n.member
    AND x.deleted_at IS NULL AND x.won_at IS NOT NULL
  JOIN passages p ON p.workspace_id = x.workspace_id AND p.opportunity_id = x.id
  JOIN milestones m ON m.workspace_id = p.workspace_id AND m.id = p.milestone_id AND m.is_order
), {ORDERED}, decided AS (
  SELECT c.id, c.counted_as, c.was, c.was_subtype, {TYPE} AS business_type, {SUBTYPE} AS subtype
  FROM chosen c LEFT JOIN ordered b ON b.id = c.id
)"""
# What was decided at the first milestone stays.
_DECIDE = (
    _DECIDED
    + f""", changed AS (
  UPDATE opportunities o
  SET business_type = d.business_type, counted_as = d.business_type,
    business_subtype = CASE WHEN d.business_type = 'new' THEN d.subtype ELSE o.business_subtype END
  FROM decided d
  WHERE o.workspace_id = :workspace AND o.id = d.id
    AND (o.business_type, o.business_subtype) IS DISTINCT FROM (d.business_type,
      CASE WHEN d.business_type = 'new' THEN d.subtype ELSE o.business_subtype END)
  RETURNING o.id, d.counted_as AS before, d.business_type AS after
), {posting.retyped("changed")}
SELECT count(*) FROM changed"""
)
_FREE = "c.id {chosen} AND (c.position = 0 OR c.business_type IS NULL)"
# Of accounts that became one it is decided anew, and written down what it was.
_DECIDE_ANEW = (
    _DECIDED
    + f""", changed AS (
  UPDATE opportunities o
  SET business_type = d.business_type, counted_as = d.business_type, version = o.version + 1,
    updated_at = :now,
    business_subtype = CASE WHEN d.business_type = 'new' THEN d.subtype
      ELSE nullif(o.business_subtype, 'win_back') END
  FROM decided d
  WHERE o.workspace_id = :workspace AND o.id = d.id
    AND (o.business_type, o.business_subtype) IS DISTINCT FROM (d.business_type,
      CASE WHEN d.business_type = 'new' THEN d.subtype
        ELSE nullif(o.business_subtype, 'win_back') END)
  RETURNING o.id, d.was, d.was_subtype, o.business_type, o.business_subtype,
    d.counted_as AS before, d.business_type AS after
), {posting.retyped("changed")}
INSERT INTO account_merge_changes (workspace_id, merge_id, number, table_name, key, before, after)
SELECT :workspace, :merge, :so_far + row_number() OVER (), 'opportunities',
  jsonb_build_object('id', id),
  jsonb_build_object('business_type', was, 'business_subtype', was_subtype,
    'business_chosen', false),
  jsonb_build_object('business_type', business_type, 'business_subtype', business_subtype,
    'business_chosen', false)
FROM changed"""
)

_RECOUNT = f"""
WITH stated AS (
  SELECT o.id, o.counted_as AS before, o.business_type AS after FROM opportunities o
  WHERE o.workspace_id = :workspace AND o.id IN ({{ids}})
    AND o.counted_as IS DISTINCT FROM o.business_type
  FOR NO KEY UPDATE
), changed AS (
  UPDATE opportunities o SET counted_as = s.after FROM stated s
  WHERE o.workspace_id = :workspace AND o.id = s.id
  RETURNING o.id, s.before, s.after
), {posting.retyped("changed")}
SELECT count(*) FROM changed"""

_LATEST = """
WITH RECURSIVE chosen AS (SELECT CAST(:account AS uuid) AS account_id), {companies}
SELECT max(p.arrived_at) AS latest,
  max(p.arrived_at) >= CAST(:now AS timestamptz) - make_interval(months => :months) AS lately
FROM companies n
JOIN opportunities x ON x.workspace_id = :workspace AND x.account_id = n.member
  AND x.deleted_at IS NULL AND x.won_at IS NOT NULL
JOIN passages p ON p.workspace_id = x.workspace_id AND p.opportunity_id = x.id
JOIN milestones m ON m.workspace_id = p.workspace_id AND m.id = p.milestone_id AND m.is_order"""


async def decide(work: Work, *, table: str | None = None, ids: Sequence[UUID] = ()) -> None:
    """Decide the type of business of some opportunities, unless it is stated or frozen.

    Call it before the first milestone is reached, and after a bulk of orders has been derived.
    `table` names a temporary table with a column `opportunity_id`.
    """
    these = f"IN (SELECT opportunity_id FROM {table})" if table else "= ANY(CAST(:ids AS uuid[]))"
    values: dict[str, object] = {"workspace": work.workspace_id, "months": MONTHS}
    decision = _decision(these, companies_sql(work))
    if table is None:
        await work.db.execute(decision, values | {"ids": list(ids)})
    else:
        await replay.as_sets(work, decision, values)


async def decide_brought(work: Work, import_id: UUID) -> None:
    """Decide it for all that an import brought in piece by piece, as if they had come together."""
    decision = _said(work, _DECIDE, "c.import_id = :import AND c.deleted_at IS NULL")
    values = {"workspace": work.workspace_id, "months": MONTHS, "import": import_id}
    await replay.as_sets(work, text(decision), values)


async def recount(work: Work, ids: str, **values: object) -> None:
    """Count the arrivals of opportunities under the type of business that was just stated.

    `ids` is a query of their ids, which uses `values`.
    """
    recounted = text(_RECOUNT.replace("{ids}", ids))
    await replay.as_sets(work, recounted, {"workspace": work.workspace_id, **values})


async def today(work: Work, account_id: UUID) -> tuple[BusinessType, BusinessSubtype | None]:
    """What an opportunity of the account would be that is created now."""
    values = {"workspace": work.workspace_id, "account": account_id, "months": MONTHS}
    question = text(_said(work, _LATEST, ""))
    row = (await work.db.execute(question, values | {"now": work.now})).one()
    if row.lately:
        return BusinessType.EXISTING, None
    return BusinessType.NEW, None if row.latest is None else BusinessSubtype.WIN_BACK


def anew_sql(work: Work) -> str:
    """Decide the type of business of everything an account has, frozen or not; for merges."""
    return _said(work, _DECIDE_ANEW, "c.account_id = :kept").replace(":months", str(MONTHS))


def companies_sql(work: Work) -> str:
    """`homes` and `companies`: whose orders count for the accounts in `chosen`; needs RECURSIVE."""
    return _OF_GROUP if work.home.group_orders_count else _OF_ACCOUNT


def _said(work: Work, sql: str, chosen: str) -> str:
    return sql.replace("{chosen}", chosen).replace("{companies}", companies_sql(work))


@lru_cache(maxsize=32)
def _decision(chosen: str, companies: str) -> TextClause:
    said = _DECIDE.replace("{chosen}", _FREE.replace("{chosen}", chosen))
    return text(said.replace("{companies}", companies))
