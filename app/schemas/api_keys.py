"""What the world sees of API keys, and the scopes they may hold."""

from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.core.sight import Role
from app.schemas.base import In, Instant, Name
from app.schemas.me import KeyOut


class Scope(StrEnum):
    OPPORTUNITIES_READ = "opportunities:read"
    OPPORTUNITIES_WRITE = "opportunities:write"
    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"
    PROCESSES_READ = "processes:read"
    PROCESSES_WRITE = "processes:write"
    FORECAST_READ = "forecast:read"
    MATRIX_READ = "matrix:read"
    MATRIX_WRITE = "matrix:write"
    IMPORTS_WRITE = "imports:write"
    EVENTS_READ = "events:read"
    WEBHOOKS_WRITE = "webhooks:write"
    ADMIN = "admin"


class ApiKeyIn(In):
    name: Name
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    expires_at: Annotated[Instant | None, Field(description="Default: never.")] = None
    role: Annotated[
        Role, Field(description="How far it sees; other roles than admin need a person.")
    ] = Role.ADMIN
    person_id: Annotated[UUID | None, Field(description="Who comes with it.")] = None

    @model_validator(mode="after")
    def has_somebody(self) -> Self:
        if self.role is not Role.ADMIN and self.person_id is None:
            raise PydanticCustomError("role_of_nobody", "a manager or rep is a person: person_id")
        return self


class RotateIn(In):
    grace_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=30 * 86400,
            strict=True,
            description="How long the old key still opens. Default: a day.",
        ),
    ] = 86400
    expires_at: Annotated[
        Instant | None, Field(description="Of the new key. Default: as the old one.")
    ] = None


class ApiKeyMade(KeyOut):
    key: Annotated[
        str,
        Field(
            description="The key itself. It is not kept and not shown again.",
            json_schema_extra={"x-shown-once": True},
        ),
    ]
