"""What the world says and sees of streams of events."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.schemas.base import In, Out
from app.schemas.event_log import TYPES
from app.schemas.shapes import OneOf


class StreamQuery(In):
    after: Annotated[
        str | None,
        Field(
            max_length=100,
            description="Where to begin, as with `GET /v1/events`; `Last-Event-ID` counts before"
            " it. Default: `now`.",
        ),
    ] = None
    types: Annotated[
        list[str],
        OneOf(TYPES),
        Field(default_factory=list, description="Only these, separated by commas."),
    ]
    token: Annotated[
        str | None,
        Field(
            max_length=300,
            description="From `POST /v1/stream_tokens`, instead of a key: a browser's"
            " `EventSource` cannot send headers.",
        ),
    ] = None


class StreamTokenMade(Out):
    token: Annotated[
        str,
        Field(
            description="Opens streams until it expires; those that are open go on, but end then"
            " if it was made with a token of an issuer.",
            json_schema_extra={"x-shown-once": True},
        ),
    ]
    expires_at: datetime
