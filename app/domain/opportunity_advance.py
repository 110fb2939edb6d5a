"""A step forward of a deal that only ever went forward, in one statement: told, counted, and seen.

What follows from such a step is known without deriving the whole history again: the section before
ends, those up to the milestone begin, with the value and the owner of today. It is said here a
second time, for this case alone; `tests/api/test_opportunity_advance.py` derives it again, and
nothing differs. A history in which anything else happened (an exit, a hold, a move, something told
late or in another currency) is left to `opportunity_steps`.
"""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.ids import uuid7
from app.core.lane import WALL, Caller, Lane
from app.domain.history import CREDIT_COLUMNS, PASSAGE_COLUMNS
from app.domain.ledger import posting
from app.domain.opportunity_bytes import KEY_OPENS, PRODUCTS, SHARE, Found, decimals
from app.domain.opportunity_json import COLUMNS, Section, written
from app.domain.outbox import posting as outbox
from app.schemas.events import ReachIn, amount_of

# What may have happened before, or in the same instant, without changing what a step does.
_PLAIN = "'created', 'value_changed', 'owner_changed', 'reached', 'criterion_met', 'reviewed'"
# Numbers of the parameters after those of the caller: $5 deal, $6 event, $7 milestone, $8 moment,
# $9 and $10 amount, $11 act, $12 evidence, $13 what. Everything that is read stands beside what
# the wall has given, one after the other. What is changed is found by where it was read: whoever
# changes a deal holds its row, and another way to the rows might be gone before the wall stands.
_DOOR = f"""door AS MATERIALIZED (
  SELECT found.*, coalesce($9::numeric, stated) AS value, coalesce($10::text, said_in) AS currency,
    {decimals("home")} AS exponent, $12::jsonb IS NOT NULL AS verified
  FROM wall CROSS JOIN LATERAL (
    SELECT k.id AS key_id, k.workspace_id, w.*, o.*, v.number, m.*, p.ending
    FROM api_keys k
    CROSS JOIN LATERAL (
      -- The ledger counts by local days: another time zone waits, or is waited for.
      SELECT currency AS home, time_zone FROM workspaces
      WHERE id = k.workspace_id FOR KEY SHARE) w
    CROSS JOIN LATERAL (
      SELECT ctid AS place, xmin AS read, id, process_id, version_id, position, milestone_id,
        owner_id, stocked, business_type, value AS stated, currency AS said_in,
        ball AS held_by
      FROM opportunities
      WHERE workspace_id = k.workspace_id AND id BETWEEN $5 AND $5 AND deleted_at IS NULL
        AND status = 'open' AND held_since IS NULL AND credits IS NULL AND created_at <= $8
        AND counted_as IS NOT DISTINCT FROM business_type
        -- Before the first milestone the type of business is decided, which is not done here.
        AND (position > 0 OR business_chosen OR account_id IS NULL AND business_type IS NULL)
      ORDER BY id FOR NO KEY UPDATE) o
    CROSS JOIN LATERAL (
      SELECT xmin AS seen FROM opportunities
      WHERE workspace_id = k.workspace_id AND id BETWEEN $5 AND $5 ORDER BY id) before
    CROSS JOIN LATERAL (
      SELECT number FROM process_versions
      WHERE workspace_id = k.workspace_id AND id BETWEEN o.version_id AND o.version_id
      ORDER BY id) v
    CROSS JOIN LATERAL (
      SELECT id AS target, position AS reached FROM milestones
      WHERE workspace_id = k.workspace_id AND version_id BETWEEN o.version_id AND o.version_id
        AND key = $7 AND position > o.position AND NOT is_order
        AND (evidence_policy <> 'required' OR $12::jsonb IS NOT NULL)
      ORDER BY version_id, key) m
    LEFT JOIN LATERAL (
      SELECT ctid AS ending FROM passages
      WHERE workspace_id = k.workspace_id AND opportunity_id BETWEEN $5 AND $5
        AND milestone_id = o.milestone_id AND ordinal = 1 ORDER BY opportunity_id) p ON true
    WHERE {KEY_OPENS}
      -- Whoever waited for another writer holds what that one wrote, but the rest of this statement
      -- sees what was there before.
      AND o.read = before.seen
      AND NOT EXISTS (
        SELECT FROM events e WHERE e.workspace_id = k.workspace_id AND e.opportunity_id = o.id
          AND (e.occurred_at > $8 OR e.kind NOT IN ({_PLAIN})))
    OFFSET 0) found
  WHERE coalesce($9::numeric, stated) IS NULL OR coalesce($10::text, said_in) = home
)"""
_STEPS = """passed AS MATERIALIZED (
  SELECT m.* FROM door CROSS JOIN LATERAL (
    SELECT id, lineage_id, position, position < door.reached AS implied, skippable FROM milestones
    WHERE workspace_id = door.workspace_id
      AND version_id BETWEEN door.version_id AND door.version_id
      AND position > door.position AND position <= door.reached
    ORDER BY version_id, position OFFSET 0) m
), step AS MATERIALIZED (
  SELECT door.*, round(value, exponent) AS reporting_value,
    (CAST($8 AS timestamptz) AT TIME ZONE time_zone)::date AS arrived_on
  FROM door
  WHERE NOT EXISTS (SELECT FROM passed WHERE implied AND NOT skippable)
)"""
_TOLD = """told AS (
  INSERT INTO events (workspace_id, id, opportunity_id, kind, occurred_at, recorded_at, actor,
    source, reconstructed, correction, milestone_id, value, currency, act, what, evidence)
  SELECT workspace_id, $6, id, 'reached', $8, $3, 'key:' || key_id, 'api', false, false, target,
    $9, $10, $11, $13, $12
  FROM step
)"""
_PASSAGE = {
    **{name: f"step.{name}" for name in ("workspace_id", "process_id", "value", "owner_id")},
    **{name: f"step.{name}" for name in ("reporting_value", "verified")},
    **{name: f"passed.{name}" for name in ("lineage_id", "position", "implied")},
    "opportunity_id": "step.id",
    "milestone_id": "passed.id",
    "ordinal": "1",
    "event_id": "$6",
    "arrived_at": "$8",
    "reconstructed": "false",
    "currency": "CASE WHEN step.value IS NOT NULL THEN step.currency END",
    "fx_rate": "CASE WHEN step.value IS NOT NULL THEN 1 END",
    "fx_day": "NULL",
    "fx_source": "NULL",
    "left_at": "CASE WHEN implied THEN CAST($8 AS timestamptz) END",
    "outcome": "CASE WHEN implied THEN 'advanced' END",
    "held_days": "0",
    "ragged": "false",
}
# In minor units and back, as shares of several people are cut.
_CREDIT = {
    **{name: f"step.{name}" for name in ("workspace_id",)},
    "opportunity_id": "step.id",
    "milestone_id": "passed.id",
    "ordinal": "1",
    "person_id": "step.owner_id",
    "percent": "100",
    "counts": "true",
    "reporting_value": "step.reporting_value * power(10::numeric, exponent)"
    " / power(10::numeric, exponent)",
}


def _in_order(columns: str, said: dict[str, str]) -> str:
    return ", ".join(said[name.strip()] for name in columns.split(","))


_STAYS = f"""ended AS (
  UPDATE passages SET left_at = $8, outcome = 'advanced' WHERE ctid = (SELECT ending FROM step)
  RETURNING 1
), begun AS (
  INSERT INTO passages ({PASSAGE_COLUMNS})
  SELECT {_in_order(PASSAGE_COLUMNS, _PASSAGE)} FROM step CROSS JOIN passed
), credited AS (
  INSERT INTO credits ({CREDIT_COLUMNS})
  SELECT {_in_order(CREDIT_COLUMNS, _CREDIT)} FROM step CROSS JOIN passed
  WHERE step.owner_id IS NOT NULL
)"""
# One step of one deal: nothing in it cancels out, so the rows are written as they are. Their id is
# the event's, since a cell is found by what it counts, and making ids costs the database time.
_POSTED = f"""posted_arrivals AS (
  INSERT INTO arrival_cells (workspace_id, id, process_id, lineage_id, grain, day, verified,
    person_id, business_type, n, known, missing, value, folded)
  SELECT step.workspace_id, $6, process_id, lineage_id, grain, day, verified, owner_id,
    business_type, 1, (reporting_value IS NOT NULL)::int, (value IS NULL)::int,
    coalesce(reporting_value, 0), false
  FROM step CROSS JOIN passed
  CROSS JOIN LATERAL (VALUES ('day', arrived_on), ('month', {posting.MONTH})) AS grains(grain, day)
), posted_stock AS (
  INSERT INTO stock_cells (workspace_id, id, process_id, milestone_id, currency, n, known, value,
    folded)
  SELECT workspace_id, $6, process_id, stood.milestone_id, stood.currency, sign,
    (stood.value IS NOT NULL)::int * sign, coalesce(stood.value * sign, 0), false
  FROM step CROSS JOIN LATERAL (VALUES
    (step.milestone_id, said_in, stated, -1), (target, step.currency, step.value, 1)
  ) AS stood(milestone_id, currency, value, sign)
  WHERE stocked OR sign > 0
), touched_deals AS (
  INSERT INTO deal_touches (workspace_id, position, id, touched_at, deals)
  SELECT workspace_id, pg_current_xact_id()::text::bigint, $6, clock_timestamp(), ARRAY[id]
  FROM step
)"""
_STANDS = """opportunities AS (
  UPDATE opportunities SET (position, milestone_id, value, currency) = (
      SELECT reached, target, value, currency FROM step),
    reached_at = $8, clock_from = $8, clock_held_days = 0, ball = NULL, waiting_since = NULL,
    stocked = true, version = version + 1, updated_at = $3
  WHERE ctid = (SELECT place FROM step)
  RETURNING *
)"""
# What `outbox.posting` tells of such a change.
_OUTBOX = f"""outbox AS (
  INSERT INTO outbox_drafts ({outbox.COLUMNS})
  SELECT o.workspace_id, CASE WHEN news.data IS NULL THEN gen_random_uuid() ELSE $6 END,
    clock_timestamp(), news.type, 'opportunity', o.id,
    o.version, $3, false, news.data
  FROM step JOIN opportunities o ON true CROSS JOIN LATERAL (VALUES
    ('opportunity.milestone_reached', true, jsonb_build_object(
      'occurred_at', CAST($8 AS timestamptz), 'milestone', $7::text, 'milestone_id', target,
      'position', reached)),
    ('opportunity.updated',
      (stated, said_in, held_by) IS DISTINCT FROM (o.value, o.currency, o.ball), NULL)
  ) AS news(type, told, data)
  WHERE news.told
)"""
# All of it or nothing: should a row not be where it was read, this divides by zero.
_WHOLLY = """1 / (opportunities.id IS NOT NULL
    AND (ending IS NOT NULL)::int = (SELECT count(*) FROM ended))::int"""
ADVANCE = f"""WITH {WALL}, {_DOOR}, {_STEPS}, {_TOLD}, {_STAYS},
{_POSTED}, {_STANDS}, {_OUTBOX}
SELECT step.key_id, {_WHOLLY} AS wholly, step.number, {SHARE} AS progress, step.home,
  {COLUMNS}, {PRODUCTS}
FROM step LEFT JOIN opportunities ON true"""


async def advance(
    lane: Lane, caller: Caller, id: UUID, told: ReachIn, moment: datetime
) -> Found | None:
    """The opportunity after its step. None: it is no such step, and nothing was written."""
    said = (id, uuid7(), told.milestone, moment, *amount_of(told.amount), *act_of(told))
    row = await lane.row(ADVANCE, *caller, *said)
    if row is None:
        return None
    key_id, _, number, progress, home, *columns, products = row
    section = Section(number, told.milestone, has_criteria=progress is not None)
    body = written(columns, section, home, caller.now, products=products, progress=progress)
    return Found(key_id, body.encode(), columns[-3])


def act_of(told: ReachIn) -> tuple[Any, ...]:
    """How it was told: the act, what can be shown for it, and in which words."""
    evidence = [each.model_dump(exclude_none=True) for each in told.evidence]
    act = told.act.value if told.act else None
    return act, json.dumps(evidence) if evidence else None, told.what
