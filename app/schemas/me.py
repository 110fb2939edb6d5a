"""What the world sees of a caller."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import Out


class WorkspaceBrief(Out):
    id: UUID
    name: str
    time_zone: str
    currency: str
    language: str


class KeyOut(Out):
    id: UUID
    name: str
    hint: str
    scopes: list[str]
    role: Annotated[str, Field(description="How far it sees: admin, manager or rep.")]
    person_id: Annotated[UUID | None, Field(description="Who comes with it; null: nobody.")]
    replaces_id: Annotated[UUID | None, Field(description="The key in whose place it came.")]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class Limits(Out):
    page_size: int
    body_bytes: int
    upload_bytes: int
    milestones_per_process: int


class MeOut(Out):
    workspace: WorkspaceBrief
    key: KeyOut
    scopes: list[str]
    limits: Limits
    now: datetime
