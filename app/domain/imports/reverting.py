"""Undoing an import: what it made is taken away, what it changed is given back, as far as nobody
has touched it since. What is left is listed.

Deals it brought in are deleted, as by hand: they can be restored. What it told of deals that were
here before cannot be untold, events stay; it is told back: a step is voided, an exit reopened, the
value and the owner from before told again. A step back that the file told has no such answer; such
a deal is left as it is.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core.database import workspace_transaction
from app.core.errors import ImportState as PastThat
from app.core.work import Work
from app.domain import business, jobs, replay
from app.domain.access import home
from app.domain.imports import sql, turns
from app.domain.imports.traces import RESTORED
from app.domain.jobs import Held
from app.schemas.imports import ImportObject, ImportState
from app.schemas.jobs import JobKind
from app.tables import Import, ImportLeft

ENDED = (
    ImportState.COMPLETED,
    ImportState.COMPLETED_WITH_ERRORS,
    ImportState.FAILED,
    ImportState.CANCELLED,
)

_TABLES = (
    "staged_undo (table_name text, id uuid, made boolean, before jsonb)",
    "staged_left (table_name text, id uuid, reason text)",
    "staged_touched (opportunity_id uuid)",
)

_CHANGED = """
INSERT INTO staged_undo
SELECT c.table_name, c.row_id, c.before IS NULL, c.before
FROM import_changes c JOIN {table} o ON o.workspace_id = :ws AND o.id = c.row_id
WHERE c.workspace_id = :ws AND c.import_id = :import AND c.table_name = '{table}'
  AND o.deleted_at IS NULL"""
_SINCE = """
INSERT INTO staged_left
SELECT c.table_name, c.row_id, 'changed_since'
FROM import_changes c JOIN {table} o ON o.workspace_id = :ws AND o.id = c.row_id
WHERE c.workspace_id = :ws AND c.import_id = :import AND c.table_name = '{table}'
  AND o.deleted_at IS NULL AND o.version <> c.version"""
_BROUGHT = """
INSERT INTO staged_undo
SELECT 'opportunities', o.id, true, NULL FROM opportunities o
WHERE o.workspace_id = :ws AND o.import_id = :import AND o.deleted_at IS NULL"""
_BROUGHT_SINCE = """
INSERT INTO staged_left
SELECT 'opportunities', o.id, 'changed_since' FROM opportunities o
WHERE o.workspace_id = :ws AND o.import_id = :import AND o.deleted_at IS NULL AND o.version <> 1"""
_NO_WAY_BACK = """
INSERT INTO staged_left
SELECT DISTINCT 'opportunities', u.id, 'no_way_back'
FROM staged_undo u JOIN events e ON e.workspace_id = :ws AND e.opportunity_id = u.id
WHERE u.table_name = 'opportunities' AND NOT u.made AND e.import_id = :import
  AND e.kind NOT IN ('reached', 'ordered', 'exited', 'hold_started', 'value_changed',
    'owner_changed')"""
_SET_ASIDE = """
DELETE FROM staged_undo u USING staged_left l WHERE l.table_name = u.table_name AND l.id = u.id"""

_REMOVE = """
UPDATE {table} o SET deleted_at = :now, version = o.version + 1, updated_at = :now
FROM staged_undo u
WHERE u.table_name = '{table}' AND u.made AND o.workspace_id = :ws AND o.id = u.id"""
_RESTORE = """
UPDATE {table} o SET ({columns}) = (SELECT {columns} FROM jsonb_populate_record(o, u.before)),
  version = o.version + 1, updated_at = :now
FROM staged_undo u
WHERE u.table_name = '{table}' AND NOT u.made AND o.workspace_id = :ws AND o.id = u.id"""

_TELL = """
INSERT INTO events (workspace_id, id, opportunity_id, kind, occurred_at, recorded_at, actor, source,
  reconstructed, correction, milestone_id, value, currency, owner_id, credits, reason)
SELECT :ws, {uuid7}, u.id, t.kind, :now, :now, :actor, 'backcast', false, false, t.milestone_id,
  t.value, t.currency, t.owner_id, t.credits, t.reason
FROM staged_undo u
JOIN opportunities o ON o.workspace_id = :ws AND o.id = u.id
CROSS JOIN LATERAL (
  SELECT DISTINCT 'voided' AS kind, e.milestone_id, NULL::numeric AS value, NULL AS currency,
    NULL::uuid AS owner_id, NULL::jsonb AS credits, 'import reverted' AS reason
  FROM events e WHERE e.workspace_id = :ws AND e.opportunity_id = u.id AND e.import_id = :import
    AND e.kind IN ('reached', 'ordered')
  UNION ALL
  SELECT 'reopened', NULL, NULL, NULL, NULL, NULL, 'import reverted'
  WHERE o.status = 'exited' AND u.before ->> 'status' <> 'exited'
  UNION ALL
  SELECT 'hold_ended', NULL, NULL, NULL, NULL, NULL, NULL
  WHERE o.held_since IS NOT NULL AND u.before ->> 'held_since' IS NULL
  UNION ALL
  SELECT 'value_changed', NULL, (u.before ->> 'value')::numeric, u.before ->> 'currency', NULL,
    NULL, NULL
  WHERE (o.value, o.currency)
    IS DISTINCT FROM ((u.before ->> 'value')::numeric, u.before ->> 'currency')
  UNION ALL
  SELECT 'owner_changed', NULL, NULL, NULL, (u.before ->> 'owner_id')::uuid,
    nullif(u.before -> 'credits', 'null'::jsonb), NULL
  WHERE o.owner_id IS DISTINCT FROM (u.before ->> 'owner_id')::uuid) t
WHERE u.table_name = 'opportunities' AND NOT u.made"""
_TOUCHED = """
INSERT INTO staged_touched SELECT id FROM staged_undo WHERE table_name = 'opportunities'"""

# Whom something that stays still speaks of.
_IN_USE = {
    "accounts": (
        "SELECT account_id FROM opportunities WHERE workspace_id = :ws AND deleted_at IS NULL",
        "SELECT parent_id FROM accounts a WHERE workspace_id = :ws AND deleted_at IS NULL"
        " AND NOT EXISTS (SELECT FROM staged_undo u WHERE u.table_name = 'accounts' AND u.made"
        " AND u.id = a.id)",
        "SELECT account_id FROM cells WHERE workspace_id = :ws",
    ),
    "people": (
        "SELECT owner_id FROM opportunities WHERE workspace_id = :ws AND deleted_at IS NULL",
        "SELECT owner_id FROM accounts WHERE workspace_id = :ws AND deleted_at IS NULL",
        "SELECT person_id FROM credits WHERE workspace_id = :ws",
    ),
    "products": (
        "SELECT p.product_id FROM opportunity_products p JOIN opportunities o"
        " ON o.workspace_id = :ws AND o.id = p.opportunity_id AND o.deleted_at IS NULL"
        " WHERE p.workspace_id = :ws",
        "SELECT product_id FROM cells WHERE workspace_id = :ws",
    ),
}
_USED = """
INSERT INTO staged_left
SELECT u.table_name, u.id, 'in_use' FROM staged_undo u
WHERE u.table_name = '{table}' AND u.made AND u.id IN ({used})"""


async def ask(work: Work, id: UUID, *, dry_run: bool) -> Row[Any]:
    """Queue the undoing of an import that has ended."""
    row = await work.get(Import, id)
    if row.object == ImportObject.MATRIX:
        raise PastThat("What a file said of cells is taken back in the matrix.")
    if row.dry_run:
        raise PastThat("It was a dry run: there is nothing to undo.")
    ready = (
        Import.state.in_([state.value for state in ENDED]),
        func.coalesce(Import.revert["state"].astext, "") != "queued",
    )
    found = await _put(work, id, ready, _queued(row, dry_run=dry_run))
    if found is None:
        raise PastThat("An import is undone once it has ended, and once at a time.")
    await jobs.enqueue(work, JobKind.IMPORT_REVERT, id)
    return found


async def again(work: Work, id: UUID) -> None:
    """Try it again after it was given up."""
    row = await work.get(Import, id)
    if row.revert is None or row.revert["state"] != "failed":
        raise PastThat("Nobody waits for this import to be undone.")
    queued = _queued(row, dry_run=row.revert["dry_run"])
    if await _put(work, id, (Import.state.in_([state.value for state in ENDED]),), queued) is None:
        raise PastThat("An import is undone once it has ended.")


async def fail(db: AsyncConnection, held: Held, problem: dict[str, Any]) -> None:
    """It went no further, and why: in the transaction in which the job is given up."""
    own = (Import.workspace_id == held.workspace_id, Import.id == UUID(held.subject))
    row = (await db.execute(select(Import.revert).where(*own).with_for_update())).one()
    told = (row.revert or {"dry_run": False}) | {"state": "failed", "problem": problem}
    await db.execute(update(Import).where(*own).values(revert=told))


async def run(engine: AsyncEngine, clock: Callable[[], datetime], held: Held) -> None:
    """Undo it in one transaction, in a turn of its own among the imports of the workspace. A dry
    run goes back when everything is done and counted."""
    await turns.follow(engine, held)
    async with workspace_transaction(engine, held.workspace_id) as db:
        own = await home(db, held.workspace_id)
        actor = f"import:{held.subject}"
        work = Work(db, held.workspace_id, own, clock(), actor, own.language)
        await turns.take(work, held)
        row = await work.get(Import, UUID(held.subject))
        if row.state not in ENDED or not row.revert:
            problem = PastThat("The import goes on; it is undone once it has ended.").body()
            if await jobs.bury(db, held, problem, work.now):
                await fail(db, held, problem)
            return
        await _put(work, row.id, (), await _through(work, row))
        if not await jobs.complete(db, held, work.now):
            await db.rollback()


async def _through(work: Work, row: Row[Any]) -> dict[str, Any]:
    """Undo it, or see what that would be; what came of it."""
    dry_run = bool(row.revert["dry_run"])
    savepoint = await work.db.begin_nested()
    sums = await _undo(work, row.id)
    left = await sql.rows(work, "SELECT table_name, id, reason FROM staged_left")
    await (savepoint.rollback() if dry_run else savepoint.commit())
    await _list(work, row.id, left)
    told = sums | {"state": "completed", "dry_run": dry_run, "left": len(left)}
    undone = row.revert.get("undone")
    if not dry_run:
        await work.note("reverted", Import, row.id, **sums, left=len(left))
        undone = _added(undone or {}, sums) | {"at": work.now.isoformat()}
    return told | {"undone": undone}


def _queued(row: Row[Any], *, dry_run: bool) -> dict[str, Any]:
    """What was undone before is not forgotten."""
    undone = row.revert["undone"] if row.revert and "undone" in row.revert else None
    return {"state": "queued", "dry_run": dry_run, "undone": undone}


def _added(before: dict[str, Any], sums: dict[str, Any]) -> dict[str, Any]:
    """The sums of what was undone in several goes."""
    return {
        name: dict(Counter(before.get(name, {})) + Counter(each)) for name, each in sums.items()
    }


async def _put(
    work: Work, id: UUID, ready: Sequence[ColumnElement[bool]], revert: dict[str, Any]
) -> Row[Any] | None:
    """Say how far the undoing is, if the import is `ready` for that."""
    own = (Import.workspace_id == work.workspace_id, Import.id == id)
    changed = update(Import).where(*own, *ready).values(revert=revert)
    return (await work.db.execute(changed.returning(*Import.__table__.columns))).one_or_none()


async def _undo(work: Work, id: UUID) -> dict[str, Any]:
    here = {"import": id}
    for table in _TABLES:
        await work.db.execute(text(f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP"))
    for statement in (_BROUGHT, _BROUGHT_SINCE):
        await sql.change(work, statement, **here)
    for table in RESTORED:
        for statement in (_CHANGED, _SINCE):
            await sql.change(work, statement.replace("{table}", table), **here)
    await sql.change(work, _NO_WAY_BACK, **here)
    await sql.change(work, _SET_ASIDE)
    removed: Counter[str] = Counter()
    restored: Counter[str] = Counter()
    await sql.change(work, _TELL, **here, actor=work.actor)
    await sql.change(work, _TOUCHED)
    await _table(work, "opportunities", removed, restored)
    await replay.derive(work, table="staged_touched")
    await business.recount(work, "SELECT opportunity_id FROM staged_touched")
    for table, users in _IN_USE.items():
        used = " UNION ALL ".join(users)
        await sql.change(work, _USED.replace("{table}", table).replace("{used}", used))
        await sql.change(work, _SET_ASIDE)
        await _table(work, table, removed, restored)
    return {"removed": dict(removed), "restored": dict(restored)}


async def _table(work: Work, table: str, removed: Counter[str], restored: Counter[str]) -> None:
    removed[table] = await sql.change(work, _REMOVE.replace("{table}", table))
    said = _RESTORE.replace("{table}", table).replace("{columns}", RESTORED[table])
    restored[table] = await sql.change(work, said)


async def _list(work: Work, id: UUID, left: Sequence[Row[Any]]) -> None:
    own = (ImportLeft.workspace_id == work.workspace_id, ImportLeft.import_id == id)
    await work.db.execute(delete(ImportLeft).where(*own))
    if left:
        here = {"workspace_id": work.workspace_id, "import_id": id}
        rows = [
            here | {"table_name": row.table_name, "id": row.id, "reason": row.reason}
            for row in left
        ]
        await work.db.execute(insert(ImportLeft), rows)
