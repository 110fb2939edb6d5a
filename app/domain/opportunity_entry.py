"""A new opportunity in one statement: checked, written with its first event, and seen.

What follows from the first event alone is known without asking for the whole history: the deal
stands before the first milestone, with the value and the owner it came with
(`tests/api/test_short_way.py` derives it again, and nothing differs). Whatever stands against it
makes the statement do nothing; the ordinary way (`entries`) then says what.
"""

import json
from typing import Any

from app.core.ids import uuid7
from app.core.lane import WALL, Caller, Lane
from app.domain.entries import id_of, owner_without_share, references, shares_of
from app.domain.opportunity_bytes import KEY_OPENS, Found
from app.domain.opportunity_json import COLUMNS, Section, written
from app.domain.outbox import posting
from app.schemas.events import amount_of
from app.schemas.opportunities import OpportunityIn
from app.tables import Person

# As text, since the driver would have to be told of every one what it is.
_COLUMNS = {
    "id": "$5::uuid",
    "name": "$7::text",
    "source": "$8::text",
    "external_id": "$9::text",
    "owner_id": "$10::uuid",
    "credits": "$11::jsonb",
    "value": "$12::numeric",
    "currency": "$13::text",
    "business_type": "$14::text",
    "counted_as": "$14::text",
    "business_subtype": "$15::text",
    "attributes": "$16::jsonb",
    "external_close_date": "$17::date",
    "external_probability": "$18::numeric",
    "created_at": "$19::timestamptz",
    "clock_from": "$19::timestamptz",
    "updated_at": "$3",
    "business_chosen": "$14::text IS NOT NULL",
    "version": "1",
    "status": "'open'",
    "position": "0",
    "clock_held_days": "0",
    "stocked": "false",
    "workspace_id": "door.workspace_id",
    "process_id": "door.process_id",
    "version_id": "door.version_id",
}
_EVENT = {
    "id": "$6::uuid",
    "opportunity_id": "id",
    "kind": "'created'",
    "occurred_at": "created_at",
    "recorded_at": "updated_at",
    "actor": "'key:' || (SELECT key_id FROM door)",
    "source": "'api'",
    "reconstructed": "false",
    "correction": "false",
    **{name: name for name in ("workspace_id", "version_id", "value", "currency", "owner_id")},
    "credits": "credits",
}
_TOLD = posting.NEW.format(
    workspace="workspace_id",
    news="$6::uuid",
    id="id",
    now="updated_at",
    bulk="false",
    entered="opportunities",
)
CREATE = f"""WITH {WALL}, door AS MATERIALIZED (
  SELECT found.* FROM wall CROSS JOIN LATERAL (
    SELECT k.id AS key_id, k.workspace_id, p.id AS process_id, v.id AS version_id, v.number,
      w.currency
    FROM api_keys k
    CROSS JOIN LATERAL (SELECT currency FROM workspaces WHERE workspaces.id = k.workspace_id) w
    CROSS JOIN LATERAL (
      SELECT id FROM processes WHERE workspace_id = k.workspace_id AND deleted_at IS NULL
        AND (key = $20 OR id = CAST($21 AS uuid))) p
    CROSS JOIN LATERAL (
      SELECT id, number FROM process_versions
      WHERE workspace_id = k.workspace_id AND process_id = p.id ORDER BY number DESC LIMIT 1) v
    WHERE {KEY_OPENS} AND NOT EXISTS (
      SELECT FROM unnest(CAST($22 AS uuid[])) AS named(id)
      WHERE (
        -- By the primary key: of an equality the planner would read all people of the workspace.
        SELECT people.id FROM people WHERE people.workspace_id = k.workspace_id
          AND people.id BETWEEN named.id AND named.id AND people.deleted_at IS NULL
        ORDER BY people.id) IS NULL)
    OFFSET 0) found
), opportunities AS (
  INSERT INTO opportunities ({", ".join(_COLUMNS)})
  SELECT {", ".join(_COLUMNS.values())} FROM door
  ON CONFLICT DO NOTHING
  RETURNING *
), told AS (
  INSERT INTO events ({", ".join(_EVENT)}) SELECT {", ".join(_EVENT.values())} FROM opportunities
), outbox AS (
  {_TOLD}
)
SELECT door.key_id, door.number, door.currency, {COLUMNS} FROM opportunities CROSS JOIN door"""


async def create(lane: Lane, caller: Caller, wanted: OpportunityIn) -> Found | None:
    """The new opportunity. None: ask the ordinary way; nothing was written."""
    created_at, shares = wanted.created_at or caller.now, shares_of(wanted.credits)
    unusual = wanted.account is not None or wanted.account_id is not None or wanted.product_ids
    unfit = owner_without_share(shares, wanted.owner_id, "/credits")
    if unusual or unfit is not None or created_at > caller.now:
        return None
    id = uuid7()
    asked = (created_at, wanted.process_id, id_of(wanted.process_id), references(wanted)[Person])
    row = await lane.row(CREATE, *caller, id, uuid7(), *_stated(wanted, shares), *asked)
    if row is None:
        return None
    key_id, number, home, *columns = row
    body = written(columns, Section(number, None, has_criteria=False), home, caller.now)
    return Found(key_id, body.encode(), 1, f"/v1/opportunities/{id}")


def _stated(wanted: OpportunityIn, shares: list[dict[str, Any]] | None) -> tuple[Any, ...]:
    value, currency = amount_of(wanted.value)
    return (
        wanted.name,
        wanted.source,
        wanted.external_id,
        wanted.owner_id,
        None if shares is None else json.dumps(shares),
        value,
        currency,
        wanted.business_type,
        wanted.business_subtype,
        json.dumps(wanted.attributes),
        wanted.external_close_date,
        wanted.external_probability,
    )
