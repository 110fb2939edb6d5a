"""What the world says and sees of webhooks: who is told, and what became of it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.core.event_types import EventType
from app.schemas.base import In, Listing, Out, Short
from app.schemas.patch import ABSENT

Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2000,
        description="An https address of the public internet, without a user in it.",
        examples=["https://hooks.example.com/backcast"],
    ),
]
Types = Annotated[
    list[EventType],
    Field(max_length=len(EventType), description="Only these; empty: all of them."),
]
Bulk = Annotated[
    bool,
    Field(strict=True, description="Also each deal of an import; `import.finished` comes anyway."),
]


class EndpointState(StrEnum):
    ENABLED = "enabled"
    DISABLED = "disabled"


class DisabledReason(StrEnum):
    ASKED = "asked"
    GONE = "gone"
    FAILING = "failing"


class DeliveryState(StrEnum):
    WAITING = "waiting"
    PAUSED = "paused"
    DELIVERED = "delivered"
    FAILED = "failed"
    BLOCKED_TARGET = "blocked_target"


class WebhookEndpointIn(In):
    url: Url
    description: Short = ""
    types: Types = Field(default_factory=list)
    bulk: Bulk = False


class WebhookEndpointPatch(In):
    """JSON Merge Patch: what is left out stays."""

    url: Url = ABSENT
    description: Short = ABSENT
    types: Types = ABSENT
    bulk: Bulk = ABSENT
    state: Annotated[EndpointState, Field(description="`enabled`: what was paused goes on.")] = (
        ABSENT
    )


class WebhookEndpointOut(Out):
    id: UUID
    url: str
    description: str
    types: list[EventType]
    bulk: bool
    state: EndpointState
    disabled_reason: Annotated[
        DisabledReason | None,
        Field(description="`gone`: it answered 410; `failing`: nothing but failures for days."),
    ]
    failing_since: Annotated[
        datetime | None, Field(description="Since when no attempt has succeeded.")
    ]
    old_secret_until: Annotated[
        datetime | None, Field(description="Until when the secret before this one signs as well.")
    ]
    version: int
    created_at: datetime
    updated_at: datetime


class WebhookEndpointMade(WebhookEndpointOut):
    secret: Annotated[
        str,
        Field(
            description="Signs what is sent. It is not shown again.",
            json_schema_extra={"x-shown-once": True},
        ),
    ]


class WebhookAttemptOut(Out):
    number: int
    at: datetime
    duration_ms: int
    status: Annotated[int | None, Field(description="Null: there was no answer.")]
    error: Annotated[
        str | None,
        Field(
            description="`name`, `timeout`, `connection`, `tls`, `protocol` or `blocked_target`."
        ),
    ]
    excerpt: Annotated[str | None, Field(description="How the answer began.")]


class WebhookDeliveryOut(Out):
    id: UUID
    endpoint_id: UUID
    event_id: UUID
    event_type: EventType
    state: DeliveryState
    attempts: int
    next_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


class WebhookDeliveryWithAttempts(WebhookDeliveryOut):
    log: Annotated[list[WebhookAttemptOut], Field(description="The latest fifty, oldest first.")]


class WebhookDeliveryQuery(Listing):
    endpoint: Annotated[UUID | None, Field(description="Only to this endpoint.")] = None
    state: DeliveryState | None = None
