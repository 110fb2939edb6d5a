"""What the world sees of the event log."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field

from app.core.event_types import EventObject, EventType
from app.schemas.base import In, Out, digits
from app.schemas.shapes import OneOf

TYPES = tuple(each.value for each in EventType)
NEWEST = "now"


class ObjectOut(Out):
    """What an event is about, at the version it has since then."""

    type: EventObject
    id: UUID | None
    version: Annotated[
        int | None, Field(description="Drop what is older than what you have; null: not counted.")
    ]


class LoggedEventOut(Out):
    """Thin: what happened to what. Ask for the object to see how it is now."""

    id: UUID
    cursor: Annotated[str, Field(description="To be asked for what comes after it.")]
    type: EventType
    created_at: datetime
    object: ObjectOut
    bulk: Annotated[bool, Field(description="One of many that one import or move has changed.")]
    data: dict[str, Any]


class LoggedEventsOut(Out):
    data: list[LoggedEventOut]
    next_cursor: Annotated[str, Field(description="Where to go on, now or later; never null.")]
    more: Annotated[bool, Field(description="Whether there is something behind it already.")]


class LogQuery(In):
    after: Annotated[
        str | None,
        Field(
            max_length=100,
            description="`next_cursor` of the answer before, the `cursor` of an event, or `now`"
            " for none of those that are there. Default: from the oldest that is kept.",
        ),
    ] = None
    types: Annotated[
        list[str],
        OneOf(TYPES),
        Field(default_factory=list, description="Only these, separated by commas."),
    ]
    include: Annotated[
        list[str],
        OneOf(("object",)),
        Field(
            default_factory=list,
            description="`object`: opportunities as they are now, in `data.object`; needs the"
            " scope `opportunities:read`.",
        ),
    ]
    limit: Annotated[
        int, BeforeValidator(digits), Field(ge=1, description="At most 200 per answer.")
    ] = 50

    @property
    def page_size(self) -> int:
        return min(self.limit, 200)
