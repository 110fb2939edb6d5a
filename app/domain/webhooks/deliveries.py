"""The log of deliveries: what was sent where, what came of it, and sending it once more."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select, text

from app.core.errors import Conflict, NotFound
from app.core.page import Order, Page, page
from app.core.work import Work
from app.schemas.webhooks import (
    EndpointState,
    WebhookAttemptOut,
    WebhookDeliveryOut,
    WebhookDeliveryQuery,
    WebhookDeliveryWithAttempts,
)
from app.tables import OutboxEvent, WebhookAttempt, WebhookDelivery, WebhookEndpoint

SHOWN = 50

_RESEND = text("""
UPDATE webhook_deliveries SET state = 'waiting', step = 0, next_at = :now, finished_at = NULL
WHERE workspace_id = :workspace AND id = :id AND (lease IS NULL OR leased_until < :now)
RETURNING id""")


async def find(work: Work, asked: WebhookDeliveryQuery) -> Page:
    """Newest first."""
    query = _viewed(work)
    for column, wanted in (
        (WebhookDelivery.endpoint_id, asked.endpoint),
        (WebhookDelivery.state, asked.state),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    created, id = WebhookDelivery.created_at.expression, WebhookDelivery.id.expression
    order = Order("created_at", created, id, descending=True)
    return await page(work, query, order, asked)


async def read(work: Work, id: UUID) -> WebhookDeliveryWithAttempts:
    row = await _get(work, id)
    query = work.rows(WebhookAttempt).where(WebhookAttempt.delivery_id == id)
    tries = await work.all(query.order_by(WebhookAttempt.number.desc()).limit(SHOWN))
    log = [WebhookAttemptOut.model_validate(each) for each in reversed(tries)]
    seen = WebhookDeliveryOut.model_validate(row)
    return WebhookDeliveryWithAttempts(**seen.model_dump(), log=log)


async def resend(work: Work, id: UUID) -> WebhookDeliveryWithAttempts:
    """Send it at once and, where that fails, by the whole schedule again; its log goes on."""
    row = await _get(work, id)
    endpoint = await work.get(WebhookEndpoint, row.endpoint_id)
    if endpoint.state != EndpointState.ENABLED:
        raise Conflict("The endpoint is disabled; enable it, then send again.")
    values = {"workspace": work.workspace_id, "id": id, "now": work.now}
    if await work.db.scalar(_RESEND, values) is None:
        raise Conflict("It is being sent at this moment.")
    return await read(work, id)


async def _get(work: Work, id: UUID) -> Row[Any]:
    row = await work.one(_viewed(work).where(WebhookDelivery.id == id))
    if row is None:
        raise NotFound(f"There is no webhook delivery {id}.")
    return row


def _viewed(work: Work) -> Select[Any]:
    """Deliveries with the event each is of."""
    here = WebhookDelivery.workspace_id
    event = (OutboxEvent.workspace_id == here) & (OutboxEvent.seq == WebhookDelivery.seq)
    told = (OutboxEvent.id.label("event_id"), OutboxEvent.type.label("event_type"))
    query = select(WebhookDelivery).add_columns(*told).join(OutboxEvent, event)
    return query.where(here == work.workspace_id)
