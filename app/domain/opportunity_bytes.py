"""Opportunities as the bytes of an answer: what `pipeline` shows, written by PostgreSQL.

One statement binds itself to the workspace, checks the key, and writes what the key may see, byte
for byte as the ordinary way does (`tests/api/test_short_way.py`). Numbers of the parameters: $1
workspace, $2 digest of the key, $3 now, $4 scope; then what is asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.lane import WALL, Caller, Lane
from app.domain.opportunity_json import COLUMNS, rare, section_of, written
from app.domain.opportunity_memory import MARK, Told, keep, remembered, span
from app.domain.pipeline import AGE, DUPLICATE_OF, PROGRESS, STATUS
from app.engine.currencies import DECIMALS
from app.schemas import attributes as words

# A key whose use is to be noted goes the ordinary way, which notes it; a key of a person as well,
# which knows what the person may see.
NOTED = "10 minutes"
# Found in a text only where the member begins: within a value its quotes would be escaped.
_ATTRIBUTES = '"attributes":'


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, and with which key."""

    key_id: UUID
    body: bytes | None
    version: int | None = None
    location: str | None = None


def _instant(column: str) -> str:
    """As pydantic writes it: UTC, and microseconds only if there are any."""
    digits = f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')"""
    return f"replace({digits}, '.000000', '') || 'Z'"


def decimals(currency: str) -> str:
    unusual: dict[int, list[str]] = {}
    for code, decimals in DECIMALS.items():
        if decimals != 2:  # noqa: PLR2004 - as most have
            unusual.setdefault(decimals, []).append(f"'{code}'")
    cases = (f"WHEN {currency} IN ({', '.join(some)}) THEN {n}" for n, some in unusual.items())
    return f"CASE {' '.join(cases)} ELSE 2 END"


def _money(amount: str, currency: str) -> str:
    digits = f"round({amount}, {decimals(currency)})"
    said = f"""'{{"amount":"' || {digits} || '","currency":"' || {currency} || '"}}'"""
    return f"CAST({said} AS json)"


# Half to even, as Python rounds; PostgreSQL rounds half away from zero. OFFSET 0: asked once.
SHARE = f"""(SELECT CASE WHEN p - trunc(p, 4) = 0.00005
    THEN trunc(p, 4) + mod(trunc(p * 10000), 2) * 0.0001 ELSE round(p, 4) END::text
  FROM (SELECT {PROGRESS} AS p OFFSET 0) share)"""
_CREDITS = """CASE WHEN credits IS NOT NULL THEN (
  SELECT CAST('[' || string_agg(row_to_json(share)::text, ',' ORDER BY told) || ']' AS json)
  FROM jsonb_array_elements(opportunities.credits) WITH ORDINALITY AS said(one, told)
  CROSS JOIN LATERAL (SELECT one->>'person_id' AS person_id, one->>'percent' AS percent) share)
  END"""

# Looked up by the primary key and nothing else: a range in the order of the key, with sorting
# switched off. Of an equality the planner would take any index that begins with the workspace,
# because of a workspace it does not know it expects a single row.
_VERSION = """(SELECT v.number FROM process_versions v
  WHERE v.workspace_id = opportunities.workspace_id
    AND v.id BETWEEN opportunities.version_id AND opportunities.version_id ORDER BY v.id)"""
_MILESTONE = """(SELECT m.key FROM milestones m
  WHERE m.workspace_id = opportunities.workspace_id
    AND m.id BETWEEN opportunities.milestone_id AND opportunities.milestone_id ORDER BY m.id)"""
PRODUCTS = """ARRAY(SELECT p.product_id FROM opportunity_products p
  WHERE p.workspace_id = opportunities.workspace_id
    AND p.opportunity_id BETWEEN opportunities.id AND opportunities.id
  ORDER BY p.opportunity_id, p.product_id)"""

# The members of an answer in their order; a name alone is a column of the opportunity.
_MEMBERS = {
    "id": "",
    "name": "",
    "process_id": "",
    "process_version": _VERSION,
    "account_id": "",
    "owner_id": "",
    "credits": _CREDITS,
    "value": _money("opportunities.value", "opportunities.currency"),
    "status": STATUS,
    "milestone": f"CASE WHEN position > 0 THEN {_MILESTONE} END",
    "milestone_position": "opportunities.position",
    "reached_at": _instant("reached_at"),
    "age_days": AGE,
    "section_progress": f"CASE WHEN position > 0 THEN {SHARE} END",
    "held_until": f"CASE WHEN {STATUS} = 'on_hold' THEN {_instant('held_until')} END",
    "ball": "",
    "waiting_since": _instant("waiting_since"),
    "won_at": _instant("won_at"),
    "ordered_value": _money("opportunities.ordered_value", "moment.currency"),
    "exited_at": _instant("exited_at"),
    "exit_kind": "",
    "exit_reason": "",
    "duplicate_of": DUPLICATE_OF,
    "business_type": "",
    "business_subtype": "",
    "product_ids": PRODUCTS,
    "attributes": "",
    "external_close_date": "",
    "external_probability": "trim_scale(external_probability)::text",
    "source": "",
    "external_id": "",
    "version": "",
    "created_at": _instant("opportunities.created_at"),
    "updated_at": _instant("opportunities.updated_at"),
}

WHOLE = ", ".join(f"{said or f'opportunities.{name}'} AS {name}" for name, said in _MEMBERS.items())
OWN = """FROM opportunities
  WHERE opportunities.workspace_id = k.workspace_id AND opportunities.deleted_at IS NULL"""
# Attributes are anybody's JSON: written by PostgreSQL with spaces, and its numbers in its own way.
SEEN = f"""opportunities.version,
    (SELECT row_to_json(whole)::text FROM (SELECT {WHOLE}) whole) AS body,
    CASE WHEN opportunities.attributes <> '{{}}' THEN opportunities.attributes::text END
      AS attributes {OWN}"""
KEY_OPENS = f"""k.workspace_id = wall.workspace_id AND k.digest = $2
  AND k.revoked_at IS NULL AND (k.expires_at > $3 OR k.expires_at IS NULL)
  AND $4 = ANY(k.scopes) AND k.person_id IS NULL
  AND k.last_used_at >= CAST($3 AS timestamptz) - interval '{NOTED}'"""
WHOLE_DOOR = f"""WITH {WALL}
SELECT found.* FROM wall CROSS JOIN LATERAL (
SELECT k.id AS key_id, seen.*
FROM api_keys k
CROSS JOIN LATERAL (
  SELECT CAST($3 AS timestamptz) AS now, w.hold_limit_days, w.currency
  FROM workspaces w WHERE w.id = k.workspace_id) moment
LEFT JOIN LATERAL ({{asked}}) seen ON true
WHERE {KEY_OPENS}
OFFSET 0) found"""
ONE = WHOLE_DOOR.replace(
    "{asked}", f"SELECT {SEEN} AND opportunities.id BETWEEN $5 AND $5 ORDER BY opportunities.id"
)

# The same as columns.
PLAIN_DOOR = f"""WITH {WALL}
SELECT k.id AS key_id, k.currency AS home, {{what}}
FROM wall CROSS JOIN LATERAL (
  SELECT k.id, k.workspace_id, w.currency, w.secret FROM api_keys k
  CROSS JOIN LATERAL (
    SELECT currency, secret FROM workspaces WHERE workspaces.id = k.workspace_id) w
  WHERE {KEY_OPENS}
  OFFSET 0) k
LEFT JOIN LATERAL ({{asked}}) opportunities ON true"""
_ROW = f"{OWN} AND id BETWEEN $5 AND $5 ORDER BY id"
PLAIN_ONE = PLAIN_DOOR.replace("{what}", f"opportunities.mark, {COLUMNS}, {PRODUCTS}").replace(
    "{asked}", f"SELECT {MARK} AS mark, * {_ROW}"
)
MARK_ONE = PLAIN_DOOR.replace("{what}", "opportunities.mark").replace(
    "{asked}", f"SELECT {MARK} AS mark {_ROW}"
)


async def read(lane: Lane, caller: Caller, id: str) -> Found | None:
    """One opportunity; without a body when there is none. None: ask the ordinary way."""
    told = remembered(lane, caller).get(id)
    if told is None or not told.since <= caller.now < told.until:
        return await _read_plain(lane, caller, id)
    if told.body is None:
        return await read_rare(lane, caller, id)
    row = await lane.row(MARK_ONE, *caller, id)
    if row is None:
        return None
    key_id, home, mark = row
    if mark is None:
        return Found(key_id, None)
    if (mark, home) != (told.mark, told.home):
        return await _read_plain(lane, caller, id)
    return Found(key_id, told.body, told.version)


async def _read_plain(lane: Lane, caller: Caller, id: str) -> Found | None:
    row = await lane.row(PLAIN_ONE, *caller, id)
    if row is None:
        return None
    key_id, home, mark, *columns, products = row
    if mark is None:
        return Found(key_id, None)
    told = await telling(lane, caller, home, mark, columns, products)
    if told.body is None:
        return await read_rare(lane, caller, id)
    return Found(key_id, told.body, told.version)


async def telling(
    lane: Lane,
    caller: Caller,
    home: str,
    mark: str,
    columns: Sequence[Any],
    products: Sequence[UUID],
) -> Told:
    """What is told of an opportunity with these COLUMNS; kept for the next time."""
    section = await section_of(lane, caller.workspace_id, columns[3], columns[11])
    if rare(columns, section):
        told = Told(mark, home, None, columns[-3])
    else:
        body = written(columns, section, home, caller.now, products=products).encode()
        told = Told(mark, home, body, columns[-3], *span(columns, caller.now))
    keep(lane, caller, told)
    return told


async def read_rare(lane: Lane, caller: Caller, id: str) -> Found | None:
    """The same, whatever it shows."""
    row = await lane.row(ONE, *caller, id)
    if row is None:
        return None
    key_id, version, body, attributes = row
    return Found(key_id, body and with_attributes(body, attributes).encode(), version)


def with_attributes(body: str, attributes: str | None) -> str:
    """An opportunity as PostgreSQL wrote it, its attributes as we write them."""
    if attributes is None:
        return body
    begin = body.index(_ATTRIBUTES) + len(_ATTRIBUTES)
    return body[:begin] + words.written(attributes) + body[begin + len(attributes) :]
