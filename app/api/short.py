"""The short way through the busiest doors, for requests that are just what most of them are.

Nothing here is another rule: a short way answers what the ordinary one would, with the same bytes,
or gives None, and then the ordinary one answers. So whatever is unusual or refused (a key that does
not open, a page of a browser, a filter, a database that is away) is said in one place only.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import Request, Response
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Asgi

from app.api.answers import problem_response
from app.api.bodies import Body
from app.api.headers import conditional
from app.api.limits import refuse_guesses, spend
from app.core.errors import DatabaseUnavailable, MalformedBody, NotFound, Problem
from app.core.keys import digest
from app.core.lane import Caller, Lane, Lost, NoAnswer
from app.core.limits import Bucket
from app.core.refusals import AWAY
from app.domain import opportunity_bytes, opportunity_entry
from app.domain.access import Scope
from app.domain.opportunity_bytes import Found
from app.schemas.opportunities import OpportunityIn

Find = Callable[..., Awaitable[Found | None]]

_ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_LIMIT = re.compile(rb"limit=([1-9][0-9]{0,5})")
_BEARER = b"bearer "
# A request with one of these means something particular.
_PARTICULAR = frozenset((b"origin", b"idempotency-key"))


class Known:
    """In which workspace keys were found: a hint for those who check them again."""

    def __init__(self, most: int = 10_000) -> None:
        self.most = most
        self.workspaces: dict[bytes, UUID] = {}

    def note(self, digest: bytes, workspace_id: UUID) -> None:
        if len(self.workspaces) >= self.most:
            self.workspaces.clear()
        self.workspaces[digest] = workspace_id


@dataclass(frozen=True, slots=True)
class Way:
    """The short way of one operation; `template` is how the log names its address."""

    method: str
    template: str
    scope: Scope
    bucket: Bucket
    find: Find
    status: int = 200

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self.template.replace("{id}", f"(?P<id>{_ID})"))


class Shortcut:
    """Innermost: answers what it can, and lets all else pass to the ordinary routes."""

    def __init__(self, app: ASGIApp, ways: Sequence[Way]) -> None:
        self.app = app
        self.ways = [(way, way.pattern) for way in ways]

    async def __call__(self, scope: Asgi, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for way, pattern in self.ways:
                if way.method == scope["method"] and (found := pattern.fullmatch(scope["path"])):
                    request = Body(scope, receive)
                    response = await _said(way, request, found.groupdict())
                    await (response or self.app)(scope, _again(request, receive), send)
                    return
        await self.app(scope, receive, send)


async def _said(way: Way, request: Request, named: dict[str, str]) -> Response | None:
    try:
        return await _answer(way, request, **named)
    except Problem as problem:
        return problem_response(request.scope, problem)


def _again(request: Request, receive: Receive) -> Receive:
    """What the short way has read already, for the ordinary one."""
    read = getattr(request, "_body", None)
    if read is None:
        return receive
    parts: list[Message] = [{"type": "http.request", "body": read, "more_body": False}]

    async def again() -> Message:
        return parts.pop() if parts else await receive()

    return again


async def _answer(way: Way, request: Request, **named: str) -> Response | None:
    caller = _caller(request, way.scope)
    if caller is None:
        return None
    await refuse_guesses(request, caller.digest)
    try:
        found = await way.find(request, request.app.state.lane, caller, **named)
    except Lost as lost:
        if way.method == "GET":
            return None
        raise DatabaseUnavailable(AWAY) from lost
    except NoAnswer:
        return None
    if found is None:
        return None
    request.state.caller = (caller.workspace_id, found.key_id)
    request.state.template = way.template
    await spend(request, caller.digest, way.bucket)
    if found.body is None:
        raise NotFound(f"There is no opportunity {named['id']}.")
    response = Response(found.body, way.status, media_type="application/json")
    if found.location is not None:
        response.headers["Location"] = found.location
    if found.version is not None:
        response.headers["ETag"] = f'"{found.version}"'
    if way.method != "GET":
        return response
    return conditional(request, response, caller.now, plain=False)


async def _opportunity(request: Request, lane: Lane, caller: Caller, *, id: str) -> Found | None:
    """`GET /v1/opportunities/{id}`, whole and without companions."""
    if request.scope["query_string"]:
        return None
    return await opportunity_bytes.read(lane, caller, UUID(id))


async def _opportunities(request: Request, lane: Lane, caller: Caller) -> Found | None:
    """`GET /v1/opportunities`, the first page of all of them."""
    asked = request.scope["query_string"]
    limit = _LIMIT.fullmatch(asked) if asked else None
    if asked and limit is None:
        return None
    return await opportunity_bytes.page(lane, caller, min(int(limit[1]), 200) if limit else 50)


async def _new_opportunity(request: Request, lane: Lane, caller: Caller) -> Found | None:
    """`POST /v1/opportunities`; what is not valid is told by the ordinary way."""
    if request.scope["query_string"]:
        return None
    try:
        wanted = OpportunityIn.model_validate(await request.json())
    except (ValueError, RecursionError, MalformedBody):
        return None
    return await opportunity_entry.create(lane, caller, wanted)


def _caller(request: Request, scope: Scope) -> Caller | None:
    """Who asks, if their key is known and nothing about the request is particular."""
    keys = []
    for name, value in request.scope["headers"]:
        if name in _PARTICULAR:
            return None
        if name == b"authorization":
            keys.append(value)
    if len(keys) != 1 or keys[0][: len(_BEARER)].lower() != _BEARER:
        return None
    seen = digest(keys[0][len(_BEARER) :].decode("latin-1"))
    workspace_id = request.app.state.known.workspaces.get(seen)
    if workspace_id is None:
        return None
    return Caller(workspace_id, seen, request.app.state.clock(), scope.value)


WAYS = (
    Way(
        "GET",
        "/v1/opportunities/{id}",
        Scope.OPPORTUNITIES_READ,
        Bucket.DEFAULT,
        _opportunity,
    ),
    Way("GET", "/v1/opportunities", Scope.OPPORTUNITIES_READ, Bucket.SEARCH, _opportunities),
    Way(
        "POST",
        "/v1/opportunities",
        Scope.OPPORTUNITIES_WRITE,
        Bucket.DEFAULT,
        _new_opportunity,
        status=201,
    ),
)
