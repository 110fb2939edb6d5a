"""What the world sees of API keys, and the scopes they may hold."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

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


class ApiKeyMade(KeyOut):
    key: Annotated[
        str,
        Field(
            description="The key itself. It is not kept and not shown again.",
            json_schema_extra={"x-shown-once": True},
        ),
    ]
