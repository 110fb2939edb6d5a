"""New or existing business: found out from what the account had ordered before.

An order of the account in the 36 months before the opportunity was created makes it existing
business; an older one makes it a win-back, which counts as new. What is decided when the first
milestone is reached stays; what somebody stated is never overwritten.
"""

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

from sqlalchemy import TextClause, text

from app.core.work import Work
from app.domain import replay

MONTHS = 36

_DECIDE = """
WITH chosen AS (
  SELECT c.id, c.account_id, c.created_at
  FROM opportunities c
  WHERE c.workspace_id = :workspace AND c.id {chosen} AND NOT c.business_chosen
    AND (c.position = 0 OR c.business_type IS NULL)
), ordered AS (
  SELECT c.id, max(p.arrived_at) AS latest
  FROM chosen c
  JOIN opportunities x ON x.workspace_id = :workspace AND x.account_id = c.account_id
    AND x.id <> c.id AND x.deleted_at IS NULL AND x.won_at IS NOT NULL
  JOIN passages p ON p.workspace_id = x.workspace_id AND p.opportunity_id = x.id
    AND p.arrived_at < c.created_at
  JOIN milestones m ON m.workspace_id = p.workspace_id AND m.id = p.milestone_id AND m.is_order
  GROUP BY c.id
), decided AS (
  SELECT c.id,
    CASE WHEN c.account_id IS NULL THEN NULL
      WHEN b.latest >= c.created_at - make_interval(months => :months) THEN 'existing'
      ELSE 'new' END AS business_type,
    CASE WHEN b.latest < c.created_at - make_interval(months => :months) THEN 'win_back' END
      AS subtype
  FROM chosen c LEFT JOIN ordered b ON b.id = c.id
)
UPDATE opportunities o
SET business_type = d.business_type,
  business_subtype = CASE WHEN d.business_type = 'new' THEN d.subtype ELSE o.business_subtype END
FROM decided d
WHERE o.workspace_id = :workspace AND o.id = d.id
  AND (o.business_type, o.business_subtype) IS DISTINCT FROM
    (d.business_type, CASE WHEN d.business_type = 'new' THEN d.subtype ELSE o.business_subtype END)
"""


async def decide(work: Work, *, table: str | None = None, ids: Sequence[UUID] = ()) -> None:
    """Decide the type of business of some opportunities, unless it is stated or frozen.

    Call it before the first milestone is reached, and after a bulk of orders has been derived.
    `table` names a temporary table with a column `opportunity_id`.
    """
    chosen = f"IN (SELECT opportunity_id FROM {table})" if table else "= ANY(CAST(:ids AS uuid[]))"
    values: dict[str, object] = {"workspace": work.workspace_id, "months": MONTHS}
    decision = _decision(chosen)
    if table is None:
        await work.db.execute(decision, values | {"ids": list(ids)})
    else:
        await replay.as_sets(work, decision, values)


@lru_cache(maxsize=32)
def _decision(chosen: str) -> TextClause:
    return text(_DECIDE.replace("{chosen}", chosen))
