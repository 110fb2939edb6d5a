"""The endpoint of the event log."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from app.api.door import ReadEvents
from app.domain.access import Scope, allow
from app.domain.outbox import reading
from app.schemas.event_log import LoggedEventsOut, LogQuery

router = APIRouter(prefix="/events", tags=["events"])


@router.get("")
async def list_events(
    work: ReadEvents, asked: Annotated[LogQuery, Query()], request: Request
) -> LoggedEventsOut:
    """What happened, in the order in which it is told. Webhooks and streams are hints; this is the
    truth. Events are kept for thirty days.
    """
    if asked.include:
        allow(request.state.admitted.key.scopes, Scope.OPPORTUNITIES_READ)
    return await reading.find(work, asked)
