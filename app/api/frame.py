"""What stands around every request: its id, its log line, the limit of its body, its last word.

Plain ASGI classes: they see streams and connection loss as they are.
"""

import json
import logging
import time
from functools import lru_cache
from uuid import UUID

from fastapi import Request, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.answers import problem_response
from app.api.compression import WORTH_IT
from app.api.limits import standing_headers
from app.core.errors import BodyTooLarge, Problem, UnsupportedMediaType
from app.core.ids import uuid7
from app.core.lines import say
from app.core.tally import Tally, tally

requests = logging.getLogger("backcast.requests")
errors = logging.getLogger("backcast.errors")

# For the log alone: the client hung up, or was hung up on, before it had said all.
GONE = 499

SAFE = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))
JSON = ("application/json", "application/merge-patch+json")
UPLOADS = (
    "text/csv",
    "application/csv",
    "text/plain",
    "application/octet-stream",
    "application/x-ndjson",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)


def request_id_of(said: str) -> str:
    """The caller's request id if it is a UUID, else a new one: nothing foreign enters the log."""
    try:
        return str(UUID(said)) if said else str(uuid7())
    except ValueError:
        return str(uuid7())


class Envelope:
    """Outermost: gives the request its id, logs one line, and turns the unforeseen into a 500."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})["request_id"] = request_id_of(
            Headers(scope=scope).get("x-request-id", "")
        )
        began, status = time.perf_counter(), 0
        tally.set(Tally())

        async def stamped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _stamp(MutableHeaders(scope=message), scope["state"]["request_id"])
            await send(message)

        try:
            await self.app(scope, receive, stamped)
        except ClientDisconnect:
            status = status or GONE
        except Exception as error:
            errors.exception("request %s", scope["state"]["request_id"])
            if status:
                raise
            await problem_response(scope, error)(scope, receive, stamped)
        finally:
            log(scope, status, time.perf_counter() - began)


class Gate:
    """Refuses bodies that are too large or of another type before anything reads them."""

    def __init__(self, app: ASGIApp, *, body_limit: int, upload_limit: int) -> None:
        self.app = app
        self.body_limit = body_limit
        self.upload_limit = upload_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self.app(scope, receive, send)
            return
        upload = scope["path"].endswith("/content") and scope["path"].startswith("/v1/imports/")
        limit = self.upload_limit if upload else self.body_limit
        headers = Headers(scope=scope)
        refusal = _media(headers, UPLOADS if upload else JSON) or _length(headers, limit)
        if refusal is not None:
            await problem_response(scope, refusal)(scope, receive, send)
            return
        await self.app(scope, _counted(receive, limit), send)


def _media(headers: Headers, known: tuple[str, ...]) -> Problem | None:
    empty = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
    if empty:
        return None
    kind, _, rest = headers.get("content-type", "").partition(";")
    charset = rest.lower().partition("charset=")[2].strip().strip('"')
    if headers.get("content-encoding", "identity") != "identity":
        return UnsupportedMediaType("Send the body without a content encoding.")
    if not kind and known is UPLOADS:
        return None  # a file sent as it is, by `curl -T` for one
    if kind.strip().lower() not in known:
        return UnsupportedMediaType(f"Send the body as {known[0]}.")
    if charset not in ("", "utf-8", "utf8") and known is JSON:
        return UnsupportedMediaType("JSON is UTF-8 here.")
    return None


def _length(headers: Headers, limit: int) -> Problem | None:
    length = headers.get("content-length", "0")
    if length.isdigit() and int(length[:18]) > limit:
        return _too_large(limit)
    return None


def _counted(receive: Receive, limit: int) -> Receive:
    """Bodies without a length are counted as they come."""
    seen = 0

    async def count() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise _too_large(limit)
        return message

    return count


def _too_large(limit: int) -> Problem:
    return BodyTooLarge(f"A body here has at most {limit:,} bytes; send it in parts.")


def _stamp(headers: MutableHeaders, request_id: str) -> None:
    headers["X-Request-Id"] = request_id
    for name, value in SAFE:
        headers[name.decode()] = value.decode()
    headers.setdefault("Cache-Control", "no-store")


async def seal(request: Request, response: Response) -> None:
    """Give an answer at once the headers that it would get on its way out, in their order."""
    raw, state = response.raw_headers, request.state
    raw += [(b"x-request-id", state.request_id.encode()), *SAFE]
    names = {name for name, _ in raw}
    if b"cache-control" not in names:
        raw.append((b"cache-control", b"no-store"))
    raw += await standing_headers(request, response.status_code)
    _vary(raw, large=len(response.body) >= WORTH_IT)


def _vary(raw: list[tuple[bytes, bytes]], *, large: bool) -> None:
    """With the encoding, if an answer is large enough to be compressed; and with the origin."""
    more = (b"Accept-Encoding", b"Origin") if large else (b"Origin",)
    at = next((n for n, (name, _) in enumerate(raw) if name == b"vary"), None)
    before = [] if at is None else raw[at][1].split(b", ")
    value = b", ".join(dict.fromkeys((*before, *more)))
    if at is None:
        raw.append((b"vary", value))
    else:
        raw[at] = (b"vary", value)


def log(scope: Scope, status: int, seconds: float) -> None:
    metrics = scope["app"].state.metrics
    if metrics is not None:
        metrics.count(scope["method"], template_of(scope), status, seconds)
    if not requests.isEnabledFor(logging.INFO):
        return
    state, asked = scope["state"], tally.get() or Tally()
    workspace_id, key_id = state.get("caller", (None, None))
    # Put together by hand: nothing in it needs to be escaped but what `dumps` is asked for.
    say(
        requests,
        f'{{"request_id": "{state["request_id"]}", "method": {_word(scope["method"])},'
        f' "route": {_word(template_of(scope))}, "status": {status},'
        f' "ms": {seconds * 1000:.1f}, "db_ms": {asked.seconds * 1000:.1f},'
        f' "db_count": {asked.count}, "workspace": {_quoted(workspace_id)},'
        f' "key": {_quoted(key_id)}}}',
    )


@lru_cache(maxsize=1_000)
def _word(said: str | None) -> str:
    """Few are used, again and again."""
    return json.dumps(said)


def _quoted(id: UUID | None) -> str:
    return "null" if id is None else f'"{id}"'


def template_of(scope: Scope) -> str | None:
    """The address with the names of its variable parts; None for one that is not ours."""
    known: str | None = scope["state"].get("template")
    if known is not None or scope.get("route") is None:
        return known
    path: str = scope["path"]
    for name, value in scope.get("path_params", {}).items():
        path = path.replace(f"/{value}", f"/{{{name}}}", 1)
    return path
