"""Numbers the drafts of a workspace, and gives each event to the endpoints that want it.

One publisher at a time: it holds the workspace's head, so that a number is visible only when every
number below it is. A draft that is committed later gets a later number; whoever has read up to a
number has missed nothing. Events of one object come in the order of its versions.
"""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core.database import workspace_transaction
from app.core.event_types import EventType
from app.tables import OutboxDraft, OutboxHead

log = logging.getLogger("backcast.events")

# As many in one statement; of an import there are more, and they follow.
LOT = 5_000
KEPT = timedelta(days=30)

_TYPES = "ARRAY[{}]".format(", ".join(f"'{each}'" for each in EventType))
_EVENT = "type, object, object_id, object_version, created_at, bulk, data"
_WANTED = f"""CASE WHEN n.type = '{EventType.WEBHOOK_TEST}' THEN n.object_id = w.id
    ELSE (w.types = '{{}}' OR n.type = ANY(w.types)) AND (w.bulk OR NOT n.bulk) END"""

_WAITING = "SELECT EXISTS (SELECT FROM outbox_drafts WHERE workspace_id = :workspace)"
_HOLD = """
SELECT seq FROM outbox_heads WHERE workspace_id = :workspace FOR NO KEY UPDATE SKIP LOCKED"""
_NUMBER = f"""
WITH few AS MATERIALIZED (
  SELECT id FROM outbox_drafts WHERE workspace_id = :workspace ORDER BY written_at, id LIMIT :lot
), taken AS (
  DELETE FROM outbox_drafts d USING few
  WHERE d.workspace_id = :workspace AND d.id = few.id RETURNING d.*
), numbered AS (
  SELECT t.*, :seq + row_number() OVER (
    ORDER BY first, object, object_id, object_version, written_at,
      array_position({_TYPES}, type), id) AS seq
  FROM (
    SELECT taken.*, min(written_at) OVER (
      PARTITION BY object, coalesce(object_id, id)) AS first FROM taken) t
), published AS (
  INSERT INTO outbox_events (workspace_id, seq, id, {_EVENT})
  SELECT workspace_id, seq, id, {_EVENT} FROM numbered
), sent AS (
  INSERT INTO webhook_deliveries (workspace_id, id, endpoint_id, seq, state, step, attempts,
    next_at, created_at)
  SELECT n.workspace_id, gen_random_uuid(), w.id, n.seq, 'waiting', 0, 0, :now, :now
  FROM numbered n
  JOIN webhook_endpoints w ON w.workspace_id = :workspace AND w.state = 'enabled'
    AND w.deleted_at IS NULL AND {_WANTED}
)
UPDATE outbox_heads SET seq = seq + (SELECT count(*) FROM taken)
WHERE workspace_id = :workspace RETURNING seq"""
_FORGET = """
WITH gone AS (
  DELETE FROM outbox_events WHERE workspace_id = :workspace AND created_at < :before
    AND seq <= (SELECT max(seq) FROM (
      SELECT seq FROM outbox_events WHERE workspace_id = :workspace AND created_at < :before
      ORDER BY created_at LIMIT :lot) oldest)
  RETURNING seq
)
UPDATE outbox_heads SET forgotten = greatest(forgotten, (SELECT max(seq) FROM gone))
WHERE workspace_id = :workspace AND EXISTS (SELECT FROM gone) RETURNING forgotten"""


async def publish(db: AsyncConnection, workspace_id: UUID, now: datetime) -> bool:
    """Number what waits. False where there was nothing, or somebody else is at it."""
    values: dict[str, Any] = {"workspace": workspace_id, "now": now, "lot": LOT}
    if not await db.scalar(text(_WAITING), values):
        return False
    seq = await db.scalar(text(_HOLD), values)
    if seq is None:
        seq = await _first(db, workspace_id)
    if seq is None:
        return False
    # A statement of its own: it sees what was committed before the head was held.
    await db.execute(text(_NUMBER), values | {"seq": seq})
    return True


async def waiting(engine: AsyncEngine) -> list[UUID]:
    """The workspaces with drafts. `engine`: the patient one, which may look into all of them."""
    async with engine.begin() as db:
        return list(await db.scalars(select(OutboxDraft.workspace_id).distinct()))


async def run(engine: AsyncEngine, now: datetime) -> None:
    """Number what waits, everywhere: a lot of each workspace, so that none waits for another's."""
    for workspace_id in await waiting(engine):
        try:
            async with workspace_transaction(engine, workspace_id) as db:
                await publish(db, workspace_id, now)
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            log.exception("events of the workspace %s are numbered later", workspace_id)


async def forget(db: AsyncConnection, workspace_id: UUID, now: datetime) -> None:
    """Let go of what is older than thirty days, with what became of it."""
    values = {"workspace": workspace_id, "before": now - KEPT, "lot": LOT}
    while await db.scalar(text(_FORGET), values) is not None:
        pass


async def _first(db: AsyncConnection, workspace_id: UUID) -> int | None:
    """The head of a workspace that has none yet; None where there is one that somebody holds."""
    made = insert(OutboxHead).values(
        workspace_id=workspace_id, seq=0, forgotten=0, watched_seq=0, watched_at=None
    )
    seq: int | None = await db.scalar(made.on_conflict_do_nothing().returning(OutboxHead.seq))
    return seq
