"""What the world sees of the audit log."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.schemas.base import Instant, Listing, Out


class AuditQuery(Listing):
    actor: Annotated[UUID | None, Field(description="A key, a person or an import.")] = None
    object: Annotated[UUID | None, Field(description="What it was done to.")] = None
    kind: Annotated[
        str | None, Field(max_length=60, description="Of the object.", examples=["target"])
    ] = None
    action: Annotated[
        str | None, Field(max_length=60, description="What was done.", examples=["changed"])
    ] = None
    since: Annotated[Instant | None, Field(description="From this moment on.")] = None
    before: Annotated[Instant | None, Field(description="Until before this moment.")] = None


class AuditEntryOut(Out):
    """One change, by whom, and of what to what; what opens something is left out of it."""

    id: UUID
    at: datetime
    actor_kind: Annotated[str, Field(description="`key`, `person`, `import` or `system`.")]
    actor_id: UUID | None
    action: Annotated[
        str,
        Field(
            description="`created`, `changed`, `deleted`, `restored`, `reverted`, `revoked`,"
            " `rotated`, `joined` or, of the page of a person, `read`."
        ),
    ]
    object_kind: str
    object_id: UUID | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    request_id: UUID | None
