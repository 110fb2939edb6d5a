"""What undoing an import does to rows: what it made is taken away, what it changed is given back,
as far as nobody else has touched it since. What is left is listed.

Deals it brought in are deleted, as by hand: they can be restored. What it told of deals that were
here before stays in the log, and one event more says that none of it counts any longer.
"""

from collections import Counter
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.core.work import Work
from app.domain import business, replay
from app.domain.imports import handing_on, in_use, sql
from app.domain.imports.accounts import climb
from app.domain.imports.traces import RESTORED
from app.domain.outbox import posting
from app.domain.trees import hold
from app.tables import Account

_TABLES = (
    *handing_on.TABLES,
    "staged_left (table_name text, id uuid, reason text)",
    "staged_touched (opportunity_id uuid)",
)
_SET_ASIDE = """
DELETE FROM staged_undo u USING staged_left l WHERE l.table_name = u.table_name AND l.id = u.id"""

# What it was called, or whom it belonged to, before is somebody else's by now, or is gone.
_TAKEN = """
INSERT INTO staged_left
SELECT DISTINCT u.table_name, u.id, 'no_way_back' FROM staged_undo u
JOIN {table} o ON o.workspace_id = :ws AND o.id = u.id
JOIN {table} x ON x.workspace_id = :ws AND x.id <> o.id AND x.deleted_at IS NULL AND {same}
WHERE u.table_name = '{table}' AND NOT u.made AND u.before IS NOT NULL"""
_SAME = {
    "accounts": ("x.source = o.source AND x.external_id = u.before ->> 'external_id'",),
    "people": (
        "x.source = o.source AND x.external_id = u.before ->> 'external_id'",
        "lower(x.email) = lower(u.before ->> 'email')",
    ),
}
_GONE = """
INSERT INTO staged_left
SELECT DISTINCT u.table_name, u.id, 'no_way_back' FROM staged_undo u
JOIN {other} x ON x.workspace_id = :ws AND x.id = (u.before ->> '{column}')::uuid
WHERE u.table_name = '{table}' AND NOT u.made AND x.deleted_at IS NOT NULL"""
_REFERENCES = (
    ("opportunities", "account_id", "accounts"),
    ("accounts", "parent_id", "accounts"),
    ("accounts", "owner_id", "people"),
)

# Whom it was below before is below it by now.
_MOVED = """
FROM staged_undo u JOIN accounts a ON a.workspace_id = :ws AND a.id = u.id
WHERE u.table_name = 'accounts' AND NOT u.made
  AND u.before ->> 'parent_id' <> coalesce(a.parent_id::text, '')"""
_ANY_MOVED = f"SELECT EXISTS (SELECT {_MOVED})"
_WANTED = """
SELECT a.id, CASE WHEN u.id IS NULL THEN a.parent_id ELSE (u.before ->> 'parent_id')::uuid END
  AS above
FROM accounts a
LEFT JOIN staged_undo u ON u.table_name = 'accounts' AND u.id = a.id AND NOT u.made
  AND u.before IS NOT NULL
WHERE a.workspace_id = '{ws}' AND a.deleted_at IS NULL"""
_CIRCLE = """
INSERT INTO staged_left SELECT 'accounts', u.id, 'no_way_back' {moved}
  AND u.id IN (SELECT above FROM staged_up)""".replace("{moved}", _MOVED)

_REMOVE = """
UPDATE {table} o SET deleted_at = :now, version = o.version + 1, updated_at = :now
FROM staged_undo u
WHERE u.table_name = '{table}' AND u.made AND o.workspace_id = :ws AND o.id = u.id"""
_RESTORE = """
UPDATE {table} o SET ({columns}) = (SELECT {columns} FROM jsonb_populate_record(o, u.before)),
  version = o.version + {more}, updated_at = :now
FROM staged_undo u
WHERE u.table_name = '{table}' AND NOT u.made AND u.before IS NOT NULL AND o.workspace_id = :ws
  AND o.id = u.id"""
_COUNT = "SELECT count(*) FROM staged_undo WHERE table_name = :table AND NOT made"

# In the statement that does it, so that none is without the other.
_DELETE = (
    "WITH changed AS ("
    + _REMOVE.replace("{table}", "opportunities")
    + " RETURNING o.id, o.version)"
    + posting.DELETED
)
# A deal whose state is what it was is another all the same: what was told of it is.
_MOVE = """
WITH changed AS (
  UPDATE opportunities o SET version = o.version + 1, updated_at = :now FROM staged_undo u
  WHERE u.table_name = 'opportunities' AND NOT u.made AND o.workspace_id = :ws AND o.id = u.id
    AND o.version = u.stands
  RETURNING o.id, o.version) {told}""".replace("{told}", posting.UPDATED)

_TAKE_BACK = """
INSERT INTO events (workspace_id, id, opportunity_id, kind, occurred_at, recorded_at, actor, source,
  import_id, reconstructed, correction)
SELECT :ws, {uuid7}, u.id, 'reverted', :now, :now, :actor, 'backcast', :import, false, false
FROM staged_undo u
WHERE u.table_name = 'opportunities' AND NOT u.made AND u.id IN (
  SELECT opportunity_id FROM events WHERE workspace_id = :ws AND import_id = :import)"""
_NAMED = """
DELETE FROM opportunity_products x USING staged_undo u
WHERE u.table_name = 'opportunities' AND NOT u.made AND x.workspace_id = :ws
  AND x.opportunity_id = u.id AND x.import_id = :import"""
_TOUCHED = """
INSERT INTO staged_touched SELECT id FROM staged_undo WHERE table_name = 'opportunities'"""


async def undo(work: Work, id: UUID) -> dict[str, Any]:
    """How many rows were removed, restored, handed on to another import; `staged_left` has those
    that were left as they are."""
    for table in _TABLES:
        await work.db.execute(text(f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP"))
    await hold(work, Account)
    await handing_on.gather(work, id)
    await sql.change(work, _SET_ASIDE)
    await handing_on.look_back(work)
    await _no_way_back(work)
    handed = await handing_on.hand_on(work, id)
    removed: Counter[str] = Counter()
    restored: Counter[str] = Counter()
    await _deals(work, id, removed, restored)
    for table in ("accounts", "people", "products"):
        if await in_use.set_aside(work, table, id):
            await in_use.inherit(work, table, id, handed)
        removed[table] = await sql.change(work, _REMOVE.replace("{table}", table))
        restored[table] = await _restore(work, table, more=1)
    await handing_on.close(work, id)
    return {"removed": dict(removed), "restored": dict(restored), "handed_on": dict(handed)}


async def _no_way_back(work: Work) -> None:
    lost = [
        _TAKEN.replace("{table}", table).replace("{same}", same)
        for table, conditions in _SAME.items()
        for same in conditions
    ]
    for table, column, other in _REFERENCES:
        said = _GONE.replace("{table}", table).replace("{column}", column)
        lost.append(said.replace("{other}", other))
    for said in lost:
        # At once: for whatever else it has no way back either, it is left once.
        await sql.change(work, said)
        await sql.change(work, _SET_ASIDE)
    # What is left where it is may close another circle.
    while await _circle(work):
        await sql.change(work, _SET_ASIDE)


async def _circle(work: Work) -> int:
    """List those that would come to lie below themselves; how many."""
    if not await sql.value(work, _ANY_MOVED):
        return 0
    await climb(work, _WANTED.replace("{ws}", str(work.workspace_id)))
    found = await sql.change(work, _CIRCLE)
    await work.db.execute(text("DROP TABLE staged_up"))
    return found


async def _deals(work: Work, id: UUID, removed: Counter[str], restored: Counter[str]) -> None:
    """With all that follows from their events, and what others are told of them."""
    await sql.change(work, _TOUCHED)
    await sql.change(work, _TAKE_BACK, actor=work.actor, **{"import": id})
    await sql.change(work, _NAMED, **{"import": id})
    removed["opportunities"] = await sql.change(work, _DELETE)
    restored["opportunities"] = await _restore(work, "opportunities", more=0)
    await work.db.execute(text("ANALYZE staged_touched"))
    await replay.derive(work, table="staged_touched")
    await sql.change(work, _MOVE)
    await business.recount(work, "SELECT opportunity_id FROM staged_touched")


async def _restore(work: Work, table: str, *, more: int) -> int:
    """How many rows the import has no part in any more."""
    said = _RESTORE.replace("{table}", table).replace("{columns}", RESTORED[table])
    await sql.change(work, said.replace("{more}", str(more)))
    return int(await sql.value(work, _COUNT, table=table))
