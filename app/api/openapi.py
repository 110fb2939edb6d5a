"""The contract as a document: what FastAPI knows, completed by what the door and the frame do."""

from functools import cache
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.api.examples import show
from app.api.glossary import explain
from app.api.links import link
from app.api.open_answers import drop_unused, open_answers
from app.api.operations import complete, operations, shared_responses
from app.api.partials import describe_partial
from app.api.plain import Node, asked, plain, rename_pages, say_nulls
from app.schemas.problems import Problem

DESCRIPTION = """\
Milestone selling: what must arrive at every milestone so that the target arrives at the order,
what did arrive, and where to act.

**Keys.** Every request under `/v1` carries `Authorization: Bearer bc_…`. The key decides the
workspace; the operation names the scope it needs.

**Values.** Money is `{"amount": "100000.00", "currency": "EUR"}`, rates are decimal strings,
instants are UTC and end in `Z`, ids are UUIDs. Fields and parameters that are not documented are
refused.

**Lists** are pages: `{"data": […], "next_cursor": …}`. Ask again with `cursor` until it is null.

**Changes.** An object comes with an `ETag`. Send it as `If-Match` when changing or deleting.

**Sending again.** With an `Idempotency-Key` a request has one effect, however often it is sent: the
later ones get the first answer, marked `Idempotency-Replayed: true`.

**Asking again.** Send the `ETag` of an answer as `If-None-Match`: 304 says there is nothing new.

**Limits** hold per key. `RateLimit` says what is left; 429 comes with `Retry-After`. What an
operation counts for, and where, says its `x-rate-limit`.

**Web pages** may ask when the workspace allows their origin (`allowed_origins`).

**Errors** are `application/problem+json` (RFC 9457). Decide by `code`; `/problems/<code>` says
what it means. Sentences follow `Accept-Language` (`en`, `de`).
"""
TAGS = {
    "access": "Who the caller is.",
    "workspace": "How this workspace counts money and time, and its currency rates.",
    "accounts": "Companies that buy or may buy.",
    "duplicates": "What may be one, and becomes one; each merge can be undone.",
    "products": "What is sold.",
    "people": "Who sells.",
    "teams": "Who sells together.",
    "processes": "How customers come to buy: milestones, published in versions that never change.",
    "milestones": "The acts of customers on the way to the order, and who arrived there.",
    "opportunities": "Chances for an order. The customer alone moves them.",
    "movement": "What happens to an opportunity; every event is kept.",
    "orders": "What was ordered, line by line, for how long, and to whose credit.",
    "cascade": "What every milestone must receive so that the target arrives at the order.",
    "targets": "What shall be ordered, when and by whom.",
    "lights": "Green, amber or red: whether enough arrives at each milestone.",
    "rates": "What share of each milestone reaches the next one, as observed.",
    "forecast": "What will be ordered, and how often that was right.",
    "leaks": "Where and why opportunities leave.",
    "stale": "Opportunities that no longer move.",
    "pipeline": "What is open, how it covers the target, how fast it moves.",
    "sources": "Where business comes from, what that costs, and what it brings.",
    "matrix": "Customers by products: who buys what, from whom, and what nobody asked yet.",
    "imports": "Files of many rows, with a result for every row.",
    "events": "What happened, for other programs: a log, streams, and webhooks.",
    "jobs": "Work outside of requests: what waits, is under way, or was given up.",
    "calendar": "Working days and periods.",
    "operations": "Whether the service lives and can work, and what its problems mean.",
}
# Where the people behind this can be found is for those to say who run a server.
CONTACT = {"name": "Backcast"}
HEADERS = {
    "ETag": "The version of an object, for If-Match; of an answer to a question, for"
    " If-None-Match as well.",
    "Cache-Control": "Only the caller may keep it, and asks again before using it.",
    "Vary": "Another key or language may see another answer.",
    "Backcast-Position": "From where on the change can be seen; send it with a question to see it."
    " Absent where there is only one server to ask.",
    "Idempotency-Replayed": "`true`: this is what was answered the first time. Else absent.",
    "Location": "Where the new object can be read.",
    "X-Request-Id": "The caller's request id if it is a UUID, else a new one.",
    "RateLimit-Policy": 'How much the key may ask in a while: `"default";q=600;w=60`, 600 in 60 s.',
    "RateLimit": 'What is left of it, and for how many seconds: `"default";r=412;t=31`.',
    "Retry-After": "Seconds after which trying again makes sense.",
    "WWW-Authenticate": "How to authenticate.",
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag of the object as it was read. Another one by now: 412.",
    "schema": {"type": "string", "pattern": '^"[0-9]+(-[0-9a-f]{16})?"$'},
    "example": '"3"',
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of an answer you have. Still the same: 304 without a body.",
    "schema": {"type": "string"},
    "example": '"3-5f2a97c1e04b6d38"',
}
POSITION = {
    "name": "Backcast-Position",
    "in": "header",
    "required": False,
    "description": "What the answer to your last change said there: the answer knows that change,"
    " even if it comes from a replica.",
    "schema": {"type": "string", "pattern": "^[0-9A-F]{1,8}/[0-9A-F]{1,8}$"},
    "example": "0/3A5F8C8",
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A text of your own, new for every new intention; bare or in quotes. Sent again"
    " with the same request, it gets the first answer, for at least 24 hours. It belongs to the"
    " workspace and to this operation. Where only a question is asked (a scope that ends in"
    " `:read`) it is accepted, and the question answered anew.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "example": "8e03978e-40d5-43e8-bc93-6894a57f9324",
}


def describe(app: FastAPI) -> None:
    """Let `app.openapi()` give the whole contract, put together once, when first asked for."""
    app.openapi = cache(lambda: _document(app))  # type: ignore[method-assign]  # FastAPI's own way


def _document(app: FastAPI) -> Node:
    found = get_openapi(
        title=app.title,
        version=version("backcast"),
        summary="Milestone selling as a service.",
        description=DESCRIPTION,
        contact=CONTACT,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        servers=[{"url": "/", "description": "The server that gives this document."}],
        routes=app.routes,
    )
    _complete(app, found)
    rename_pages(found)
    say_nulls(found["components"]["schemas"], found["paths"])
    open_answers(found)
    drop_unused(found)
    explain(found)
    show(found)
    link(found["paths"])
    found["tags"] = _tags(found["paths"])
    return found


def _complete(app: FastAPI, found: Node) -> None:
    """Say of every operation what its signature leaves open, and of schemas what all share."""
    components = found["components"]
    schemas = {name: plain(schema) for name, schema in components["schemas"].items()}
    for operation in operations(app, found):
        complete(operation, schemas)
        describe_partial(operation.node, schemas)
        for parameter in operation.parameters:
            if "schema" in parameter:
                parameter["schema"] = asked(plain(parameter["schema"]))
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    components |= {
        "schemas": schemas | _problem_schemas(),
        "responses": shared_responses(),
        "headers": {name: _header(text) for name, text in HEADERS.items()},
        "parameters": {
            "IdempotencyKey": IDEMPOTENCY_KEY,
            "IfMatch": IF_MATCH,
            "IfNoneMatch": IF_NONE_MATCH,
            "Position": POSITION,
        },
    }


def _problem_schemas() -> Node:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    parts = schema.pop("$defs")
    return {name: plain(part) for name, part in (parts | {"Problem": schema}).items()}


def _header(text: str) -> Node:
    return {"description": text, "schema": {"type": "string"}}


def _tags(paths: Node) -> list[Node]:
    used = {tag for path in paths.values() for node in path.values() for tag in node["tags"]}
    known = [{"name": name, "description": text} for name, text in TAGS.items() if name in used]
    return known + [{"name": name} for name in sorted(used - set(TAGS))]
