"""The endpoints of streams: events as they happen, for who keeps a connection open."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request

from app.api.door import Key, ReadEvents, Transaction, inside, presented
from app.api.limits import admit_counted, guarded, spend
from app.api.origins import check_origin
from app.api.streams import EventStream, Listener
from app.core.errors import CursorExpired, InvalidCursor, Unauthenticated
from app.core.keys import digest
from app.core.limits import Bucket
from app.core.work import Work
from app.domain import stream_tokens
from app.domain.access import Admitted, Scope
from app.domain.outbox import reading
from app.schemas.event_log import NEWEST
from app.schemas.streams import StreamQuery, StreamTokenMade

router = APIRouter(tags=["events"])

STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {EventStream.media_type: {"schema": {"type": "string"}}}}
}


def offered(request: Request, key: Key) -> None:
    """A key or a token; without either it is turned away before a connection is taken."""
    if key is None and "token" not in request.query_params:
        raise Unauthenticated("Send an API key, or `token` from `POST /v1/stream_tokens`.")


async def listening(
    request: Request, _: Annotated[None, Depends(offered)], key: Key, db: Transaction
) -> Work:
    """Who listens: by key as everywhere, or by a token that such a key has made."""
    if key is not None:
        shown = await presented(request, key)
        admitted = await admit_counted(request, db, shown, Scope.EVENTS_READ)
    else:
        admitted = await _by_token(request, db)
    return await inside(request, db, admitted, Scope.EVENTS_READ)


listening.__dict__["scope"] = Scope.EVENTS_READ
Listens = Annotated[Work, Depends(listening)]


async def _by_token(request: Request, db: Transaction) -> Admitted:
    token = request.query_params["token"]
    async with guarded(request, digest(token)):
        admitted = await stream_tokens.admit(db, token, request.app.state.clock())
    request.state.admitted = admitted
    request.state.caller = (admitted.key.workspace_id, admitted.key.id)
    await spend(request, admitted.key.digest, Bucket.DEFAULT)
    check_origin(request, admitted.home)
    return admitted


@router.get("/stream", status_code=200, response_class=EventStream, responses=STREAM)
async def open_stream(
    work: Listens,
    asked: Annotated[StreamQuery, Query()],
    request: Request,
    last_event_id: Annotated[
        str | None, Header(max_length=100, description="The `id` that was heard last.")
    ] = None,
) -> EventStream:
    """Events as they happen, as server-sent events: `data` as in `GET /v1/events`, `id` its cursor.

    An event `reset` says that some were forgotten before they were heard: read anew, and go on.
    """
    state = request.app.state
    seq, reset = await _begin(work, last_event_id, asked.after)
    key = request.state.admitted.key
    whose = work.workspace_id, key.id, key.expires_at
    listener = Listener(*whose, work.home, seq, asked.types, reset)
    listener.woken.set()
    return EventStream(state.streams, state.engine, listener)


@router.post("/stream_tokens")
async def create_stream_token(work: ReadEvents, request: Request) -> StreamTokenMade:
    """Make a token that opens streams for five minutes, for the `EventSource` of a browser."""
    return stream_tokens.make(work, request.state.admitted.key.id)


async def _begin(work: Work, heard: str | None, after: str | None) -> tuple[int, bool]:
    """The number to begin behind, and whether something before it is lost. A browser sends what it
    heard last by itself, so that must never be refused."""
    head = await reading.head_in(work.db, work.workspace_id)
    try:
        return reading.place(work, head, heard or after or NEWEST), False
    except CursorExpired:
        return head.seq, True
    except InvalidCursor:
        if heard is None:
            raise
        return head.seq, True
