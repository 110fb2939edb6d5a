"""The endpoints of webhooks: who is told, and what became of it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Row

from app.api.door import IfMatch, WriteWebhooks
from app.api.headers import placed, tagged
from app.core.page import Page
from app.domain.webhooks import deliveries, endpoints
from app.schemas.base import Listing, PageOut
from app.schemas.webhooks import (
    WebhookDeliveryOut,
    WebhookDeliveryQuery,
    WebhookDeliveryWithAttempts,
    WebhookEndpointIn,
    WebhookEndpointMade,
    WebhookEndpointOut,
    WebhookEndpointPatch,
)
from app.tables import WebhookEndpoint

router = APIRouter(tags=["events"])


def _loopback(request: Request) -> bool:
    return bool(request.app.state.settings.webhooks_to_loopback)


@router.get("/webhook_endpoints", response_model=PageOut[WebhookEndpointOut])
async def list_webhook_endpoints(work: WriteWebhooks, asked: Annotated[Listing, Query()]) -> Page:
    """The addresses that are told of events, without their secrets."""
    return await endpoints.find(work, asked)


@router.post("/webhook_endpoints", status_code=201)
async def create_webhook_endpoint(
    work: WriteWebhooks, wanted: WebhookEndpointIn, request: Request, response: Response
) -> WebhookEndpointMade:
    """Have events sent to an address. The secret stands in this answer and nowhere else."""
    row = await endpoints.create(work, wanted, loopback=_loopback(request))
    return WebhookEndpointMade.model_validate(
        tagged(response, placed(response, "webhook_endpoints", row))
    )


@router.get("/webhook_endpoints/{id}", response_model=WebhookEndpointOut)
async def read_webhook_endpoint(work: WriteWebhooks, id: UUID, response: Response) -> Row[Any]:
    """One of them, without its secret."""
    return tagged(response, await work.get(WebhookEndpoint, id))


@router.patch("/webhook_endpoints/{id}", response_model=WebhookEndpointOut)
async def change_webhook_endpoint(
    work: WriteWebhooks,
    id: UUID,
    version: IfMatch,
    patch: WebhookEndpointPatch,
    request: Request,
    response: Response,
) -> Row[Any]:
    """Change what is named. Disabled, it rests; enabled again, what was waiting goes on."""
    loopback = _loopback(request)
    return tagged(response, await endpoints.change(work, id, version, patch, loopback=loopback))


@router.delete("/webhook_endpoints/{id}", status_code=204)
async def delete_webhook_endpoint(work: WriteWebhooks, id: UUID, version: IfMatch) -> None:
    """Send it nothing any more."""
    await endpoints.remove(work, id, version)


@router.post("/webhook_endpoints/{id}/rotate-secret")
async def rotate_webhook_secret(
    work: WriteWebhooks, id: UUID, response: Response
) -> WebhookEndpointMade:
    """Give it a new secret. For a day the old one signs as well."""
    return WebhookEndpointMade.model_validate(tagged(response, await endpoints.rotate(work, id)))


@router.post("/webhook_endpoints/{id}/test", status_code=202, response_model=WebhookEndpointOut)
async def test_webhook_endpoint(work: WriteWebhooks, id: UUID) -> Row[Any]:
    """Send it an event of the type `webhook.test`, which nobody else gets."""
    return await endpoints.test(work, id)


@router.get("/webhook_deliveries", response_model=PageOut[WebhookDeliveryOut])
async def list_webhook_deliveries(
    work: WriteWebhooks, asked: Annotated[WebhookDeliveryQuery, Query()]
) -> Page:
    """What was sent and what is waiting, newest first; kept as long as the events."""
    return await deliveries.find(work, asked)


@router.get("/webhook_deliveries/{id}")
async def read_webhook_delivery(work: WriteWebhooks, id: UUID) -> WebhookDeliveryWithAttempts:
    """One of them, with every attempt."""
    return await deliveries.read(work, id)


@router.post("/webhook_deliveries/{id}/resend")
async def resend_webhook_delivery(work: WriteWebhooks, id: UUID) -> WebhookDeliveryWithAttempts:
    """Send it once more, whatever became of it."""
    return await deliveries.resend(work, id)
