"""New or existing business: found out from what the account had ordered before.

An order of the account in the 36 months before the opportunity was created makes it existing
business; an older one makes it a win-back, which counts as new. What is decided when the first
milestone is reached stays; what somebody stated is never overwritten.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from app.core.work import Work

MONTHS = 36

_DECIDE = """
UPDATE opportunities o
SET business_type = d.business_type,
  business_subtype = CASE WHEN d.business_type = 'new' THEN d.subtype ELSE o.business_subtype END
FROM (
  SELECT c.id,
    CASE WHEN c.account_id IS NULL THEN NULL
      WHEN b.latest >= c.created_at - make_interval(months => :months) THEN 'existing'
      ELSE 'new' END AS business_type,
    CASE WHEN b.latest < c.created_at - make_interval(months => :months) THEN 'win_back' END
      AS subtype
  FROM opportunities c
  LEFT JOIN LATERAL (
    SELECT max(p.arrived_at) AS latest
    FROM opportunities x
    JOIN passages p ON p.workspace_id = x.workspace_id AND p.opportunity_id = x.id
    JOIN milestones m ON m.workspace_id = p.workspace_id AND m.id = p.milestone_id AND m.is_order
    WHERE x.workspace_id = :workspace AND x.account_id = c.account_id AND x.id <> c.id
      AND x.deleted_at IS NULL AND p.arrived_at < c.created_at) b ON true
  WHERE c.workspace_id = :workspace AND c.id {chosen} AND NOT c.business_chosen
    AND (c.position = 0 OR c.business_type IS NULL)) d
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
    if table is None:
        values["ids"] = list(ids)
    await work.db.execute(text(_DECIDE.replace("{chosen}", chosen)), values)
