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

_OF_ACCOUNT = "companies AS (SELECT DISTINCT account_id, account_id AS member FROM chosen)"
# Up from the account to the top of its group, and down from there.
_OF_GROUP = """up AS (
  SELECT DISTINCT account_id, account_id AS id FROM chosen WHERE account_id IS NOT NULL
  UNION
  SELECT u.account_id, p.id FROM up u
  JOIN accounts a ON a.workspace_id = :workspace AND a.id = u.id
  JOIN accounts p ON p.workspace_id = :workspace AND p.id = a.parent_id AND p.deleted_at IS NULL
), tops AS (
  SELECT u.account_id, u.id FROM up u
  JOIN accounts a ON a.workspace_id = :workspace AND a.id = u.id
  WHERE NOT EXISTS (
    SELECT FROM accounts p
    WHERE p.workspace_id = :workspace AND p.id = a.parent_id AND p.deleted_at IS NULL)
), down AS (
  SELECT DISTINCT id AS top, id FROM tops
  UNION
  SELECT d.top, a.id FROM down d
  JOIN accounts a ON a.workspace_id = :workspace AND a.parent_id = d.id AND a.deleted_at IS NULL
), companies AS (
  SELECT t.account_id, d.id AS member FROM tops t JOIN down d ON d.top = t.id
)"""
_DECIDED = f"""
WITH RECURSIVE chosen AS (
  SELECT c.id, c.account_id, c.created_at, c.counted_as, c.business_type AS was,
    c.business_subtype AS was_subtype
  FROM opportunities c
  WHERE c.workspace_id = :workspace AND {{chosen}} AND NOT c.business_chosen
), {{companies}}, ordered AS (
  SELECT c.id, max(p.arrived_at) AS latest
  FROM chosen c
  JOIN companies n ON n.account_id = c.account_id
  JOIN opportunities x ON x.workspace_id = :workspace AND x.account_id = n.member
    AND x.id <> c.id AND x.deleted_at IS NULL AND x.won_at IS NOT NULL
  JOIN passages p ON p.workspace_id = x.workspace_id AND p.opportunity_id = x.id
    AND p.arrived_at < c.created_at
  JOIN milestones m ON m.workspace_id = p.workspace_id AND m.id = p.milestone_id AND m.is_order
  GROUP BY c.id
), decided AS (
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
    """`companies`: whose orders count for each of the accounts in `chosen`; needs RECURSIVE."""
    return _OF_GROUP if work.home.group_orders_count else _OF_ACCOUNT


def _said(work: Work, sql: str, chosen: str) -> str:
    return sql.replace("{chosen}", chosen).replace("{companies}", companies_sql(work))


@lru_cache(maxsize=32)
def _decision(chosen: str, companies: str) -> TextClause:
    said = _DECIDE.replace("{chosen}", _FREE.replace("{chosen}", chosen))
    return text(said.replace("{companies}", companies))
