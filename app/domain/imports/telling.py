"""Staged events on their way into the history, and what follows from them."""

from typing import Any

from sqlalchemy import inspect, text

from app.core.ids import UUID7_SQL
from app.core.work import Work
from app.domain import business, newcomers, replay
from app.domain.history import TAKEN_BACK
from app.domain.imports import sql
from app.domain.imports.mapping import Plan
from app.tables import Event

# Events as they will be stored, but for what is the same of all; `position` of their milestone.
_STAGED = (
    "CREATE TEMPORARY TABLE staged_events ON COMMIT DROP AS"
    " SELECT e.*, CAST(NULL AS int) AS position FROM events e WITH NO DATA",
    "ALTER TABLE staged_events ALTER id SET DEFAULT " + UUID7_SQL,
    "CREATE TEMPORARY TABLE staged_touched (opportunity_id uuid) ON COMMIT DROP",
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

_COLUMNS = [column.name for column in inspect(Event).columns]
_OF_ALL = {
    "workspace_id": "CAST(:workspace AS uuid)",
    "recorded_at": "CAST(:now AS timestamptz)",
    "actor": "CAST(:actor AS text)",
    "source": "CAST(:source AS text)",
    "import_id": "CAST(:import AS uuid)",
    "correction": "false",
}
_TOLD = """
SELECT {columns} FROM staged_events s
WHERE {is_not} EXISTS (SELECT FROM newcomers n WHERE n.id = s.opportunity_id)""".replace(
    "{columns}", ", ".join(f"{_OF_ALL.get(name, f's.{name}')} AS {name}" for name in _COLUMNS)
)
_BROUGHT = _TOLD.replace("{is_not}", "")
_STORED = f"INSERT INTO events ({', '.join(_COLUMNS)}) {_TOLD.replace('{is_not}', 'NOT')}"

_TOUCHED = """
INSERT INTO staged_touched SELECT DISTINCT opportunity_id FROM staged_events s
WHERE NOT EXISTS (SELECT FROM newcomers n WHERE n.id = s.opportunity_id)"""


async def begin(work: Work) -> None:
    """Make `staged_events` and `staged_touched`, and the tables of those who are new."""
    await newcomers.begin(work)
    for statement in _STAGED:
        await work.db.execute(text(statement))


async def forget_known(work: Work, plan: Plan) -> int:
    """Drop the staged events that were told before; how many that were."""
    await work.db.execute(text("ANALYZE staged_events"))
    if await sql.value(work, _EVER):
        while await sql.change(work, _AGAIN, source=plan.source):
            pass
    return await sql.change(work, _KNOWN, source=plan.source)


async def introduce(work: Work, plan: Plan) -> None:
    """Store the newcomers together with their staged events."""
    await newcomers.enter(work, _BROUGHT, **_named(work, plan))


async def tell(work: Work, plan: Plan, *, changed: bool = False) -> int:
    """Write the staged events of known deals and bring in line what is derived; how many events.

    `changed`: other deals are in `staged_touched` already, about which no event is told.
    """
    told = await sql.change(work, _STORED, workspace=work.workspace_id, **_named(work, plan))
    await sql.change(work, _TOUCHED)
    await work.db.execute(text("ANALYZE staged_touched"))
    if told or changed:
        await replay.derive(work, table="staged_touched")
        await business.decide(work, table="staged_touched")
    return told


def _named(work: Work, plan: Plan) -> dict[str, Any]:
    return {"source": plan.source, "actor": work.actor, "import": plan.import_id}
