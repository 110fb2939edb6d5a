"""What was already done about dead horses: notices, revivals, and acts of customers since."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from app.core.work import Work
from app.domain.history import TAKEN_BACK_THEN
from app.domain.policies import asked_at, policy_at
from app.engine.decay import Grace, due
from app.engine.flow.facts import day

# A hold is no act of the customer, but after it the owner is told anew.
_SINCE = ("reached", "ordered", "revived", "reopened", "hold_started", "hold_ended")
_MET = "OR e.kind = 'criterion_met' AND jsonb_array_length(coalesce(e.evidence, '[]')) > 0"

_MARKS = """
WITH marked AS (
  SELECT e.opportunity_id, count(*) FILTER (WHERE e.kind = 'revived') AS revived,
    count(*) FILTER (WHERE e.kind = 'reviewed') AS reviewed,
    max(e.occurred_at) FILTER (WHERE e.kind = 'stale_noticed') AS noticed_at
  FROM events e
  WHERE e.workspace_id = :workspace
    AND (CAST(:only AS uuid) IS NULL OR e.opportunity_id = :only)
    AND e.kind IN ('revived', 'reviewed', 'stale_noticed')
    AND (CAST(:as_of AS timestamptz) IS NULL OR greatest(e.recorded_at, e.occurred_at) <= :as_of)
    AND (CAST(:effective_at AS timestamptz) IS NULL OR e.occurred_at <= :effective_at)
  GROUP BY e.opportunity_id
)
SELECT m.opportunity_id, m.revived, m.reviewed, m.noticed_at, (
  SELECT max(greatest(e.recorded_at, e.occurred_at)) FROM events e
  WHERE e.workspace_id = :workspace AND e.opportunity_id = m.opportunity_id
    AND (e.kind = ANY(CAST(:since AS text[])) {met})
    AND (CAST(:as_of AS timestamptz) IS NULL OR greatest(e.recorded_at, e.occurred_at) <= :as_of)
    AND (CAST(:effective_at AS timestamptz) IS NULL OR e.occurred_at <= :effective_at)
    AND NOT {taken_back}) AS acted_at
FROM marked m""".replace("{taken_back}", TAKEN_BACK_THEN)


@dataclass(frozen=True, slots=True)
class Mark:
    """How often a deal was revived, and talked about; when its owner was last told that it is dead,
    and when we were last told of something that ends such a notice."""

    revived: int = 0
    reviewed: int = 0
    noticed_at: datetime | None = None
    acted_at: datetime | None = None

    def grace(self, days: int, now: datetime) -> Grace | None:
        """Where a notice stands; None without one."""
        if self.noticed_at is None:
            return None
        acted = None if self.acted_at is None else day(self.acted_at)
        return due(day(self.noticed_at), acted, days, day(now))

    def exits_at(self, days: int, now: datetime) -> datetime | None:
        """From when on the deal may be given up; None without a notice that still holds."""
        if self.noticed_at is None or self.grace(days, now) is Grace.CLEARED:
            return None
        return self.noticed_at + timedelta(days=days)


UNMARKED = Mark()


async def marks(
    work: Work,
    process: Row[Any],
    *,
    as_of: datetime | None = None,
    effective_at: datetime | None = None,
    only: UUID | None = None,
) -> Mapping[UUID, Mark]:
    """By deal of the workspace, or `only` this one; those that were ever noticed, revived or talked
    about."""
    values: dict[str, Any] = {"workspace": work.workspace_id, "since": list(_SINCE)}
    values |= {"as_of": as_of, "effective_at": effective_at, "only": only}
    policy = await policy_at(work, process, asked_at(as_of, effective_at))
    sql = _MARKS.replace("{met}", _MET if policy.criteria_reset else "")
    rows = await work.db.execute(text(sql), values)
    return {
        row.opportunity_id: Mark(row.revived, row.reviewed, row.noticed_at, row.acted_at)
        for row in rows
    }
