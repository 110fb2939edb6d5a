"""A milestone reached: in one statement where that is plain (`opportunity_advance`), else in three:
told, derived, and seen.

The rules are those of `movements.reach`, asked as conditions: where one does not hold, nothing is
written, and the ordinary way says which. What follows from the events is derived, as ever. An order
is told the ordinary way: it may have lines, and speaks of the matrix.
"""

import re
from datetime import datetime
from uuid import UUID

from app.core.ids import uuid7
from app.core.lane import AGAIN_BY_INDEX, FREELY, Caller, Lane, NoAnswer
from app.domain.derivation import derive_sql
from app.domain.opportunity_advance import act_of, advance
from app.domain.opportunity_bytes import KEY_OPENS, ONE, Found, decimals, with_attributes
from app.schemas.events import ReachIn, amount_of

# Locked, so that whoever tells of the same deal comes before or after, and is seen or sees.
_TELL = """
WITH door AS MATERIALIZED (
  SELECT k.id AS key_id, w.currency, w.time_zone, w.hold_limit_days, o.*
  FROM api_keys k
  CROSS JOIN LATERAL (
    -- The ledger counts by local days: another time zone waits, or is waited for.
    SELECT currency, time_zone, hold_limit_days FROM workspaces
    WHERE id = k.workspace_id FOR KEY SHARE) w
  CROSS JOIN LATERAL (
    SELECT id, version_id, position, created_at FROM opportunities
    WHERE workspace_id = k.workspace_id AND id = $5 AND deleted_at IS NULL
      AND status <> 'exited' AND created_at <= $8
      -- Before the first milestone the type of business is decided, which is not done here.
      AND (position > 0 OR business_chosen OR account_id IS NULL AND business_type IS NULL)
    FOR NO KEY UPDATE) o
  WHERE {opens}
), reached AS (
  SELECT m.* FROM door
  JOIN milestones m ON m.workspace_id = $1 AND m.version_id = door.version_id AND m.key = $7
  WHERE (m.evidence_policy <> 'required' OR $12::jsonb IS NOT NULL)
    AND NOT m.is_order
    AND NOT EXISTS (
      SELECT FROM milestones s WHERE s.workspace_id = $1 AND s.version_id = door.version_id
        AND s.position > door.position AND s.position < m.position AND NOT s.skippable)
), told AS (
  INSERT INTO events (workspace_id, id, opportunity_id, kind, occurred_at, recorded_at, actor,
    source, reconstructed, correction, milestone_id, value, currency, act, what, evidence)
  SELECT $1, $6, $5, 'reached', $8, $3,
    'key:' || door.key_id, 'api', false, false, reached.id, $9, $10, $11, $13, $12
  FROM door CROSS JOIN reached
  RETURNING id
)
SELECT door.key_id, door.currency, {decimals} AS exponent, door.time_zone, door.hold_limit_days
FROM door CROSS JOIN told"""
TELL = _TELL.replace("{decimals}", decimals("door.currency")).replace(
    "{opens}", KEY_OPENS.replace("wall.workspace_id", "$1")
)
# What the SQL of history asks for, and as what.
_ASKED = {
    "workspace": "CAST($1 AS uuid)",
    "id": "CAST($2 AS uuid)",
    "now": "CAST($3 AS timestamptz)",
    "currency": "CAST($4 AS text)",
    "exponent": "CAST($5 AS int)",
    "zone": "CAST($6 AS text)",
    "hold_limit": "CAST($7 AS int)",
    "as_of": "CAST(NULL AS timestamptz)",
    "effective_at": "CAST(NULL AS timestamptz)",
    "stated": "false",
}
DERIVE = re.sub(r"(?<!:):([a-z_]+)", lambda name: _ASKED[name[1]], derive_sql("= :id"))


async def reach(lane: Lane, caller: Caller, id: UUID, told: ReachIn) -> Found | None:
    """The opportunity after it reached a milestone. None: ask the ordinary way; nothing is done."""
    moment = told.occurred_at or caller.now
    if moment > caller.now or told.backdate or told.lines:
        return None
    return await advance(lane, caller, id, told, moment) or await _derived(
        lane, caller, id, told, moment
    )


async def _derived(lane: Lane, caller: Caller, id: UUID, told: ReachIn, moment: datetime) -> Found:
    async with lane.transaction(caller.workspace_id) as db:
        said = (id, uuid7(), told.milestone, moment, *amount_of(told.amount), *act_of(told))
        row = await db.fetchrow(TELL, *caller, *said)
        if row is None:
            raise NoAnswer
        key_id, *home = row
        await db.execute(FREELY)
        await db.execute(DERIVE, caller.workspace_id, id, caller.now, *home)
        await db.execute(AGAIN_BY_INDEX)
        seen = await db.fetchrow(ONE, *caller, id)
    _, version, body, attributes = seen
    return Found(key_id, with_attributes(body, attributes).encode(), version)
