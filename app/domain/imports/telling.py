"""Staged events on their way into the history, and what follows from them."""

from typing import Any

from sqlalchemy import text

from app.core.work import Work
from app.domain import business, newcomers, replay
from app.domain.history import TAKEN_BACK
from app.domain.imports import sql
from app.domain.imports.mapping import Plan

_TABLES = (
    "staged_events (opportunity_id uuid, kind text, occurred_at timestamptz, source_event_id text,"
    " reconstructed boolean, milestone_id uuid, position int, version_id uuid, owner_id uuid,"
    " value numeric, currency text, act text, what text, evidence jsonb, exit_kind text,"
    " reason text, competitor text, until timestamptz, note text)",
    "staged_touched (opportunity_id uuid)",
)

# No ON CONFLICT: what is there already is looked up first, so that a second import writes nothing.
_KNOWN = """
DELETE FROM staged_events s USING events e
WHERE e.workspace_id = :ws AND e.source = :source AND e.source_event_id = s.source_event_id"""

# What was told and taken back can be told again, under another id: each stays in the log.
_AGAIN = """
UPDATE staged_events s SET source_event_id = s.source_event_id || '|again' FROM events e
WHERE e.workspace_id = :ws AND e.source = :source AND e.source_event_id = s.source_event_id
  AND {taken_back}""".replace("{taken_back}", TAKEN_BACK)
_EVER = "SELECT EXISTS (SELECT FROM events e WHERE e.workspace_id = :ws AND e.kind = 'reverted')"

_TELL = """
INSERT INTO {told} (workspace_id, id, opportunity_id, kind, occurred_at, recorded_at, actor, source,
  source_event_id, import_id, reconstructed, milestone_id, version_id, owner_id, value, currency,
  correction, act, what, evidence, exit_kind, reason, competitor, until, note)
SELECT :ws, {uuid7}, opportunity_id, kind, occurred_at, :now, :actor, :source, source_event_id,
  :import, reconstructed, milestone_id, version_id, owner_id, value, currency, false, act, what,
  evidence, exit_kind, reason, competitor, until, note
FROM staged_events s
WHERE {is_not} EXISTS (SELECT FROM newcomers n WHERE n.id = s.opportunity_id)"""
_BROUGHT = _TELL.replace("{told}", newcomers.EVENTS).replace("{is_not}", "")
_STORED = _TELL.replace("{told}", "events").replace("{is_not}", "NOT")

_TOUCHED = """
INSERT INTO staged_touched SELECT DISTINCT opportunity_id FROM staged_events s
WHERE NOT EXISTS (SELECT FROM newcomers n WHERE n.id = s.opportunity_id)"""


async def begin(work: Work) -> None:
    """Make `staged_events` and `staged_touched`, and the tables of those who are new."""
    await newcomers.begin(work)
    for table in _TABLES:
        await work.db.execute(text(f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP"))


async def forget_known(work: Work, plan: Plan) -> int:
    """Drop the staged events that were told before; how many that were."""
    await work.db.execute(text("ANALYZE staged_events"))
    if await sql.value(work, _EVER):
        while await sql.change(work, _AGAIN, source=plan.source):
            pass
    return await sql.change(work, _KNOWN, source=plan.source)


async def introduce(work: Work, plan: Plan) -> None:
    """Store the newcomers together with their staged events."""
    await sql.change(work, _BROUGHT, **_named(work, plan))
    await newcomers.enter(work)


async def tell(work: Work, plan: Plan, *, changed: bool = False) -> int:
    """Write the staged events of known deals and bring in line what is derived; how many events.

    `changed`: other deals are in `staged_touched` already, about which no event is told.
    """
    told = await sql.change(work, _STORED, **_named(work, plan))
    await sql.change(work, _TOUCHED)
    await work.db.execute(text("ANALYZE staged_touched"))
    if told or changed:
        await replay.derive(work, table="staged_touched")
        await business.decide(work, table="staged_touched")
    return told


def _named(work: Work, plan: Plan) -> dict[str, Any]:
    return {"source": plan.source, "actor": work.actor, "import": plan.import_id}
