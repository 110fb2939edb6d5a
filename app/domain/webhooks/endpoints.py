"""Endpoints: addresses that want to be told of events."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from app.core.addresses import Blocked, read
from app.core.errors import Conflict, Invalid
from app.core.event_types import EventObject, EventType
from app.core.page import Order, Page, page
from app.core.signing import new_secret
from app.core.work import Work
from app.domain.outbox.telling import Told, tell
from app.schemas.base import Listing
from app.schemas.webhooks import (
    DisabledReason,
    EndpointState,
    WebhookEndpointIn,
    WebhookEndpointPatch,
)
from app.tables import WebhookEndpoint

# So long an old secret signs beside the new one.
ROTATION = timedelta(hours=24)
MOST = 20

_PAUSE = text("""
UPDATE webhook_deliveries SET state = 'paused', next_at = NULL, lease = NULL, leased_until = NULL
WHERE workspace_id = :workspace AND endpoint_id = :endpoint AND state = 'waiting'""")
_GO_ON = text("""
UPDATE webhook_deliveries SET state = 'waiting', next_at = :now
WHERE workspace_id = :workspace AND endpoint_id = :endpoint AND state = 'paused'""")
# Whoever adds one waits for whoever is adding one, so that nobody counts too few.
_ROOM = text("""
SELECT count(e.id) FROM (SELECT id FROM workspaces WHERE id = :workspace FOR NO KEY UPDATE) w
LEFT JOIN webhook_endpoints e ON e.workspace_id = w.id AND e.deleted_at IS NULL""")


async def find(work: Work, asked: Listing) -> Page:
    order = Order("created_at", WebhookEndpoint.created_at, WebhookEndpoint.id)
    query = work.rows(WebhookEndpoint)
    return await page(work, query, order, asked)


async def create(work: Work, wanted: WebhookEndpointIn, *, loopback: bool) -> Row[Any]:
    """The row with its secret, which is shown this once."""
    check(wanted.url, loopback=loopback)
    if await work.db.scalar(_ROOM, {"workspace": work.workspace_id}) >= MOST:
        raise Conflict(f"A workspace has at most {MOST} webhook endpoints.")
    return await work.add(
        WebhookEndpoint,
        url=wanted.url,
        description=wanted.description,
        types=[each.value for each in dict.fromkeys(wanted.types)],
        bulk=wanted.bulk,
        state=EndpointState.ENABLED.value,
        secret=new_secret(),
    )


def check(url: str, *, loopback: bool) -> None:
    """Refuse what can be seen at once. Names are asked for at each delivery: they may mean another
    address by then, and nobody waits for them inside a transaction."""
    try:
        read(url, loopback=loopback)
    except Blocked as blocked:
        raise Invalid.at("/url", "blocked_target", str(blocked)) from blocked


async def change(
    work: Work, id: UUID, version: int, patch: WebhookEndpointPatch, *, loopback: bool
) -> Row[Any]:
    values = patch.model_dump(exclude_unset=True, mode="json")
    if "url" in values:
        check(values["url"], loopback=loopback)
    state = values.pop("state", None)
    if state is not None:
        values |= _standing(state)
    row = await work.change(WebhookEndpoint, id, version, **values)
    if state is not None:
        await _follow(work, id, state)
    return row


async def remove(work: Work, id: UUID, version: int) -> None:
    """Nothing is sent any more; what was sent stays in the log as long as its events do."""
    await work.remove(WebhookEndpoint, id, version)
    await _follow(work, id, EndpointState.DISABLED)


async def rotate(work: Work, id: UUID) -> Row[Any]:
    """A new secret; the one before signs as well for a day, so that no receiver misses anything."""
    row = await work.get(WebhookEndpoint, id)
    until = work.now + ROTATION
    return await work.change(
        WebhookEndpoint,
        id,
        row.version,
        secret=new_secret(),
        old_secret=row.secret,
        old_secret_until=until,
    )


async def test(work: Work, id: UUID) -> Row[Any]:
    """An event for this endpoint alone, sent like any other."""
    row = await work.get(WebhookEndpoint, id)
    if row.state != EndpointState.ENABLED:
        raise Conflict("The endpoint is disabled; enable it, then test it.")
    await tell(work, Told(EventType.WEBHOOK_TEST, EventObject.WEBHOOK_ENDPOINT, id, row.version))
    return row


async def disable(work: Work, row: Row[Any], reason: DisabledReason) -> None:
    """Its receiver does not want or bear it any more; others are told."""
    if row.state == EndpointState.DISABLED:
        return
    values = _standing(EndpointState.DISABLED) | {"disabled_reason": reason.value}
    changed = await work.change(WebhookEndpoint, row.id, None, **values)
    await _follow(work, row.id, EndpointState.DISABLED)
    kind, about = EventType.WEBHOOK_DISABLED, EventObject.WEBHOOK_ENDPOINT
    await tell(work, Told(kind, about, row.id, changed.version, {"reason": reason.value}))


def _standing(state: str) -> dict[str, Any]:
    if state == EndpointState.DISABLED:
        return {"state": state, "disabled_reason": DisabledReason.ASKED.value}
    return {"state": state, "disabled_reason": None, "failing_since": None}


async def _follow(work: Work, id: UUID, state: str) -> None:
    """Deliveries rest and go on with their endpoint."""
    statement = _GO_ON if state == EndpointState.ENABLED else _PAUSE
    values = {"workspace": work.workspace_id, "endpoint": id}
    await work.db.execute(statement, values | ({"now": work.now} if statement is _GO_ON else {}))
