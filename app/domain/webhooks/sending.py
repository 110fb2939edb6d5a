"""Sends what is due: claimed, sent and recorded in three steps, of which the middle one holds no
transaction.

Who claims a delivery holds it for a while; if they die in between, somebody sends it again, under
the same number: at least once, and an attempt counts when it is recorded. A late record is not
taken once somebody else has claimed the delivery.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import workspace_transaction
from app.core.ids import uuid7
from app.core.outbound import Answer, Outbound
from app.core.signing import signed
from app.core.work import Work
from app.domain.access import home
from app.domain.outbox.reading import told_of
from app.domain.webhooks import endpoints
from app.engine import retries
from app.schemas.webhooks import DeliveryState, DisabledReason
from app.tables import WebhookDelivery, WebhookEndpoint

ACTOR = "backcast"
# Longer than any attempt takes.
LEASE = timedelta(seconds=60)
# To one endpoint at the same time from one process: a slow receiver holds up nobody but itself.
AT_ONCE = 4
GIVEN_UP_AFTER = timedelta(days=5)
GONE = 410
SAID = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Backcast"}

Clock = Callable[[], datetime]

_CLAIM = text("""
WITH due AS MATERIALIZED (
  SELECT d.id FROM (
    SELECT e.id, :most - coalesce(b.n, 0) AS room
    FROM webhook_endpoints e
    LEFT JOIN unnest(CAST(:busy AS uuid[]), CAST(:counts AS int[])) AS b(id, n) ON b.id = e.id
    WHERE e.workspace_id = :workspace AND e.state = 'enabled' AND e.deleted_at IS NULL) open
  CROSS JOIN LATERAL (
    SELECT id FROM webhook_deliveries
    WHERE workspace_id = :workspace AND endpoint_id = open.id AND state = 'waiting'
      AND next_at <= :now AND (leased_until IS NULL OR leased_until <= :now)
    ORDER BY next_at, seq LIMIT greatest(open.room, 0) FOR UPDATE SKIP LOCKED) d
  LIMIT :room
), claimed AS (
  UPDATE webhook_deliveries w SET lease = :lease, leased_until = :until
  FROM due WHERE w.workspace_id = :workspace AND w.id = due.id RETURNING w.*
)
SELECT c.id AS delivery_id, c.endpoint_id, c.attempts, c.step, c.lease, v.*, e.url, e.secret,
  CASE WHEN e.old_secret_until > :now THEN e.old_secret END AS old_secret
FROM claimed c
JOIN outbox_events v ON v.workspace_id = :workspace AND v.seq = c.seq
JOIN webhook_endpoints e ON e.workspace_id = :workspace AND e.id = c.endpoint_id
ORDER BY v.seq""")
_RECORD = text("""
UPDATE webhook_deliveries SET attempts = attempts + 1, step = :step, state = :state,
  next_at = :next_at, finished_at = :finished_at, lease = NULL, leased_until = NULL
WHERE workspace_id = :workspace AND id = :id AND lease = :lease
RETURNING attempts""")
_NOTE = text("""
INSERT INTO webhook_attempts (workspace_id, delivery_id, number, at, duration_ms, status, error,
  excerpt)
VALUES (:workspace, :id, :number, :at, :duration_ms, :status, :error, :excerpt)""")
_WELL = text("""
UPDATE webhook_endpoints SET failing_since = NULL
WHERE workspace_id = :workspace AND id = :endpoint AND failing_since IS NOT NULL""")
_ILL = text("""
UPDATE webhook_endpoints SET failing_since = :now
WHERE workspace_id = :workspace AND id = :endpoint AND failing_since IS NULL""")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this process sends now: the bytes, and all that signs and records them."""

    workspace_id: UUID
    id: UUID
    endpoint_id: UUID
    step: int
    lease: UUID
    event_id: UUID
    url: str
    secrets: tuple[str, ...]
    body: bytes


async def due(engine: AsyncEngine, now: datetime) -> list[UUID]:
    """The workspaces where something is due. `engine`: the patient one."""
    query = select(WebhookDelivery.workspace_id).distinct()
    late = WebhookDelivery.next_at <= now
    async with engine.begin() as db:
        return list(await db.scalars(query.where(WebhookDelivery.state == "waiting", late)))


async def claim(
    engine: AsyncEngine, workspace_id: UUID, now: datetime, busy: Mapping[UUID, int], room: int
) -> list[Claimed]:
    """Take what is due, `room` at the most, as far as its endpoint is not busy enough already."""
    values = {
        "workspace": workspace_id,
        "now": now,
        "until": now + LEASE,
        "lease": uuid7(),
        "most": AT_ONCE,
        "room": room,
        "busy": list(busy),
        "counts": list(busy.values()),
    }
    async with workspace_transaction(engine, workspace_id) as db:
        rows: Sequence[Row[Any]] = (await db.execute(_CLAIM, values)).all()
        own = await home(db, workspace_id) if rows else None
    if own is None:
        return []
    return [
        Claimed(
            workspace_id,
            row.delivery_id,
            row.endpoint_id,
            row.step,
            row.lease,
            row.id,
            row.url,
            tuple(each for each in (row.secret, row.old_secret) if each),
            told_of(own, workspace_id, row).model_dump_json().encode(),
        )
        for row in rows
    ]


async def send(outbound: Outbound, one: Claimed, now: datetime) -> Answer:
    """One attempt: what is signed is what is sent."""
    headers = SAID | signed(one.secrets, one.event_id, now, one.body)
    return await outbound.post(one.url, one.body, headers)


async def record(
    engine: AsyncEngine, one: Claimed, answer: Answer, began: datetime, now: datetime
) -> bool:
    """What came of it, and what follows; False where somebody else holds it by now."""
    async with workspace_transaction(engine, one.workspace_id) as db:
        own = {"workspace": one.workspace_id, "id": one.id}
        outcome = _outcome(one, answer, now)
        number = await db.scalar(_RECORD, own | outcome | {"lease": one.lease})
        if number is None:
            return False
        tried = {"number": number, "at": began, "duration_ms": answer.duration_ms}
        seen = {"status": answer.status, "error": answer.error, "excerpt": answer.excerpt}
        await db.execute(_NOTE, own | tried | seen)
        work = Work(db, one.workspace_id, await home(db, one.workspace_id), now, ACTOR)
        await _judge(work, one, answer)
    return True


async def deliver(engine: AsyncEngine, outbound: Outbound, clock: Clock, one: Claimed) -> None:
    began = clock()
    answer = await send(outbound, one, began)
    await record(engine, one, answer, began, clock())


def _outcome(one: Claimed, answer: Answer, now: datetime) -> dict[str, Any]:
    step = one.step + 1
    pause = None if answer.delivered else retries.wait(step, secrets.randbelow(retries.PARTS))
    if pause is not None and not answer.blocked and answer.status != GONE:
        waiting = {"state": DeliveryState.WAITING.value, "next_at": now + pause}
        return waiting | {"step": step, "finished_at": None}
    state = DeliveryState.DELIVERED if answer.delivered else DeliveryState.FAILED
    if answer.blocked:
        state = DeliveryState.BLOCKED_TARGET
    return {"state": state.value, "next_at": None, "step": step, "finished_at": now}


async def _judge(work: Work, one: Claimed, answer: Answer) -> None:
    """What an attempt says of the endpoint."""
    values = {"workspace": work.workspace_id, "endpoint": one.endpoint_id}
    if answer.delivered:
        await work.db.execute(_WELL, values)
        return
    await work.db.execute(_ILL, values | {"now": work.now})
    row = await work.one(work.rows(WebhookEndpoint).where(WebhookEndpoint.id == one.endpoint_id))
    if row is None:
        return
    if answer.status == GONE:
        await endpoints.disable(work, row, DisabledReason.GONE)
    elif row.failing_since is not None and work.now - row.failing_since >= GIVEN_UP_AFTER:
        await endpoints.disable(work, row, DisabledReason.FAILING)
