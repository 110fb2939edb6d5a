"""The short way through the busiest doors, for requests that are just what most of them are.

Nothing here is another rule: a short way answers what the ordinary one would, with the same bytes,
or gives None, and then the ordinary one answers. So whatever is unusual or refused (a key that does
not open, a page of a browser, a filter, a database that is away) is said in one place only.
"""

import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from fastapi import Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Asgi

from app.api.answers import problem_response
from app.api.bodies import Body
from app.api.compression import WORTH_IT, Compression
from app.api.frame import errors, log, request_id_of, seal
from app.api.headers import conditional, tag_of
from app.api.limits import address_of, refuse_guesses, who
from app.api.replicas import lane_of, place_after
from app.api.short_answers import to_change, to_question
from app.core.errors import MalformedBody, NotFound, OutcomeUnknown, Problem, QuotaExceeded
from app.core.keys import digest
from app.core.lane import Caller, Lane, Lost, NoAnswer
from app.core.limits import Bucket, Limits, Spent
from app.core.refusals import UNKNOWN
from app.core.tally import Tally, tally
from app.domain import opportunity_bytes, opportunity_entry, opportunity_page, opportunity_steps
from app.domain.access import Scope
from app.domain.opportunity_bytes import Found
from app.schemas.base import In
from app.schemas.events import ReachIn
from app.schemas.opportunities import OpportunityIn

Sent = TypeVar("Sent", bound=In)
Find = Callable[..., Awaitable[Found | None]]

_ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_LIMIT = re.compile(rb"limit=([1-9][0-9]{0,5})")
_BEARER = b"bearer "
# A request with one of these means something particular.
_PARTICULAR = frozenset((b"origin", b"idempotency-key", b"transfer-encoding", b"backcast-position"))


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
    """Outermost: answers what it can by itself, and lets all else pass to what stands around."""

    def __init__(self, app: ASGIApp, *, ways: Sequence[Way], body_limit: int) -> None:
        self.app = app
        self.ways = [(way, way.pattern) for way in ways]
        self.body_limit = body_limit

    async def __call__(self, scope: Asgi, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for way, pattern in self.ways:
                if way.method == scope["method"] and (found := pattern.fullmatch(scope["path"])):
                    await self._go(way, found.groupdict(), scope, receive, send)
                    return
        await self.app(scope, receive, send)

    async def _go(
        self, way: Way, named: dict[str, str], scope: Asgi, receive: Receive, send: Send
    ) -> None:
        asking = _asking(way, scope["headers"], self.body_limit)
        if asking is None:
            await self.app(scope, receive, send)
            return
        began, request = time.perf_counter(), Body(scope, receive)
        tally.set(Tally())
        scope.setdefault("state", {})["request_id"] = asking.request_id
        try:
            answered = await _answer(way, request, asking, named, send)
        except Exception as error:  # noqa: BLE001 - nobody stands further out to say a last word
            answered = await _refused(request, asking, error, send)
        if answered is None:
            await self.app(scope, _again(request, receive), send)
        else:
            log(scope, answered, time.perf_counter() - began)


@dataclass(slots=True)
class Asking:
    """What the headers of a plain request say."""

    key: bytes
    request_id: str
    takes_gzip: bool
    has_tag: bool


def _asking(way: Way, headers: Sequence[tuple[bytes, bytes]], body_limit: int) -> Asking | None:
    """What these headers ask for; None when any of them means something particular."""
    said = dict(headers)
    key = said.get(b"authorization", b"")
    if not _PARTICULAR.isdisjoint(said) or key[: len(_BEARER)].lower() != _BEARER:
        return None
    if sum(name == b"authorization" for name, _ in headers) > 1:
        return None
    if way.method != "GET" and not _plain_body(said, body_limit):
        return None
    seen = digest(key[len(_BEARER) :].decode("latin-1"))
    request_id = said.get(b"x-request-id", b"").decode("latin-1")
    takes_gzip = b"gzip" in said.get(b"accept-encoding", b"")
    return Asking(seen, request_id_of(request_id), takes_gzip, b"if-none-match" in said)


def _plain_body(said: dict[bytes, bytes], limit: int) -> bool:
    """Whether the body is JSON without more ado, and of a length that is read."""
    length = said.get(b"content-length", b"")
    plain = said.get(b"content-type") == b"application/json" and b"content-encoding" not in said
    return plain and length.isdigit() and int(length[:18]) <= limit


async def _reached(request: Request, lane: Lane, caller: Caller, *, id: str) -> Found | None:
    """`POST /v1/opportunities/{id}/reach`; what is refused is told by the ordinary way."""
    told = await _sent(request, ReachIn)
    return None if told is None else await opportunity_steps.reach(lane, caller, UUID(id), told)


async def _sent(request: Request, kind: type[Sent]) -> Sent | None:
    """The body, if it is what such a request takes and comes without a question."""
    if request.scope["query_string"]:
        return None
    try:
        return kind.model_validate(await request.json())
    except (ValueError, RecursionError, MalformedBody, ClientDisconnect):
        return None


def _again(request: Request, receive: Receive) -> Receive:
    """What the short way has read already, for the ordinary one."""
    read = getattr(request, "_body", None)
    if read is None:
        return receive
    parts: list[Message] = [{"type": "http.request", "body": read, "more_body": False}]

    async def again() -> Message:
        return parts.pop() if parts else await receive()

    return again


async def _answer(
    way: Way, request: Request, asking: Asking, named: dict[str, str], send: Send
) -> int | None:
    """Answer, and say with which status. None: nothing was done, and nothing was said."""
    state = request.app.state
    workspace_id = state.known.workspaces.get(asking.key)
    if workspace_id is None:
        return None
    if not state.limits.calm(address_of(request.scope)):
        await refuse_guesses(request, asking.key)
    caller = Caller(workspace_id, asking.key, state.clock(), way.scope.value)
    spent = await _spent(state.limits, who(asking.key), way.bucket)
    if spent is None:
        return None
    found = await _found(way, request, caller, named)
    if found is None:
        await state.limits.give_back(spent)
        return None
    own = request.scope["state"]
    own["caller"], own["template"] = (workspace_id, found.key_id), way.template
    own["spent"] = spent
    if found.body is None:
        raise NotFound(f"There is no opportunity {named['id']}.")
    placed = way.method != "GET" and state.replica is not None
    if placed or asking.has_tag or (asking.takes_gzip and len(found.body) >= WORTH_IT):
        return await _particular(way, request, asking, caller, found, send)
    head = _head(way, asking, caller, found, spent)
    await send({"type": "http.response.start", "status": way.status, "headers": head})
    await send({"type": "http.response.body", "body": found.body})
    return way.status


async def _found(way: Way, request: Request, caller: Caller, named: dict[str, str]) -> Found | None:
    try:
        return await way.find(request, lane_of(request), caller, **named)
    except Lost as lost:
        if way.method == "GET":
            return None
        raise OutcomeUnknown(UNKNOWN) from lost
    except NoAnswer:
        return None


async def _spent(limits: Limits, key: str, bucket: Bucket) -> Spent | None:
    """Counted before anything is done; None where it does not fit: the ordinary way says so."""
    try:
        return limits.spend_here(key, bucket) or await limits.spend(key, bucket, 1)
    except QuotaExceeded:
        return None


def _head(
    way: Way, asking: Asking, caller: Caller, found: Found, spent: Spent
) -> list[tuple[bytes, bytes]]:
    body, version = found.body or b"", found.version
    if way.method != "GET":
        return to_change(body, found.location, version, asking.request_id, spent.standing)
    tag = tag_of(None if version is None else str(version), body, caller.now)
    return to_question(body, tag, asking.request_id, spent.standing)


async def _particular(
    way: Way, request: Request, asking: Asking, caller: Caller, found: Found, send: Send
) -> int:
    """To a caller who names a tag, reads what is compressed, or may ask a replica next."""
    response = Response(found.body, way.status, media_type="application/json")
    if found.location is not None:
        response.headers["Location"] = found.location
    if found.version is not None:
        response.headers["ETag"] = f'"{found.version}"'
    if way.method == "GET":
        response = conditional(request, response, caller.now, plain=False)
    else:
        await place_after(request, response)
    return await _sealed(request, asking, response, send)


async def _refused(request: Request, asking: Asking, error: Exception, send: Send) -> int:
    if not isinstance(error, Problem):
        errors.exception("request %s", asking.request_id)
    return await _sealed(request, asking, problem_response(request.scope, error), send)


async def _sealed(request: Request, asking: Asking, response: Response, send: Send) -> int:
    await seal(request, response)
    sent = Compression(response) if asking.takes_gzip else response
    await sent(request.scope, request.receive, send)
    return response.status_code


async def _opportunity(request: Request, lane: Lane, caller: Caller, *, id: str) -> Found | None:
    """`GET /v1/opportunities/{id}`, whole and without companions."""
    if request.scope["query_string"]:
        return None
    return await opportunity_bytes.read(lane, caller, id)


async def _opportunities(request: Request, lane: Lane, caller: Caller) -> Found | None:
    """`GET /v1/opportunities`, the first page of all of them."""
    asked = request.scope["query_string"]
    limit = _LIMIT.fullmatch(asked) if asked else None
    if asked and limit is None:
        return None
    return await opportunity_page.page(lane, caller, min(int(limit[1]), 200) if limit else 50)


async def _new_opportunity(request: Request, lane: Lane, caller: Caller) -> Found | None:
    """`POST /v1/opportunities`; what is not valid is told by the ordinary way."""
    wanted = await _sent(request, OpportunityIn)
    return None if wanted is None else await opportunity_entry.create(lane, caller, wanted)


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
    Way(
        "POST",
        "/v1/opportunities/{id}/reach",
        Scope.OPPORTUNITIES_WRITE,
        Bucket.DEFAULT,
        _reached,
    ),
)
