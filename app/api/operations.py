"""What the contract says about one operation beyond its bodies: who may, what may go wrong."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from app.api.answers import MEDIA
from app.api.door import bearer, changes, matched_version, transaction
from app.api.finish import REPLAYED, finishes
from app.api.frame import UPLOADS
from app.api.limits import BATCHES, COSTS, bucket_of
from app.api.replicas import POSITION
from app.core.errors import QuotaExceeded, catalogue
from app.domain.access import Scope
from app.schemas.base import In

Node = dict[str, Any]

DATABASE = "read_readyz"
RESULTS = "read_import_results"  # there once the import has ended
EVENTS = "list_events"  # are kept for a while only
UNCHANGED = "NotModified"
STANDING = ("RateLimit-Policy", "RateLimit")
STALE = 412  # says the version that would have matched
# Parameters of a question that name something which may not be there.
REFERENCES = frozenset(
    {"process", "event", "milestone", "scope", "owner", "team", "account", "product"}
)
SUCCESS = {
    "200": "The answer.",
    "201": "Created.",
    "202": "Accepted; it goes on in the background.",
    "204": "Done; there is nothing to show.",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path: as the code has it, and its node of the document (to be filled)."""

    path: str
    method: str
    endpoint: Callable[..., Any]
    calls: tuple[Any, ...]
    speaks_headers: bool
    finished: bool
    node: Node

    @property
    def keyed(self) -> bool:
        return any("scope" in getattr(call, "__dict__", ()) for call in self.calls)

    @property
    def scope(self) -> Scope | None:
        """The scope a key needs; None where every key will do, or none is asked for."""
        found = (call.__dict__.get("scope") for call in self.calls if hasattr(call, "__dict__"))
        return next((scope for scope in found if scope is not None), None)

    @property
    def matches(self) -> bool:
        """Whether it wants to know by If-Match which version it changes."""
        return matched_version in self.calls

    @property
    def may_match(self) -> bool:
        """Whether it can be told which version it may change, and changes any otherwise."""
        return any(parameter.get("name") == "If-Match" for parameter in self.parameters)

    @property
    def uploads(self) -> bool:
        return self.path.endswith("/content") and self.method == "put"

    @property
    def takes_body(self) -> bool:
        return "requestBody" in self.node

    @property
    def writes(self) -> bool:
        """Stateless questions come by POST as well, with a scope to read."""
        reads = self.scope is None or self.scope.endswith(":read")
        return self.keyed and self.method != "get" and not reads

    @property
    def once(self) -> bool:
        """Whether an idempotency key lets it happen only once."""
        return self.takes_key and changes(self.scope)

    @property
    def takes_key(self) -> bool:
        """Whether it may carry an idempotency key; streams may not, they are sent again."""
        asks = self.method == "get"
        return self.finished and not asks and transaction in self.calls

    @property
    def conditional(self) -> bool:
        """Whether its answer has a tag by which a caller may ask if there is anything new."""
        kinds: Node = self.node["responses"].get("200", {}).get("content", {})
        return self.finished and self.method == "get" and "application/json" in kinds

    @property
    def parameters(self) -> list[Node]:
        found: list[Node] = self.node.get("parameters", [])
        return found

    @property
    def fields(self) -> set[str]:
        """Of its body."""
        taken = (kind for name, kind in self.endpoint.__annotations__.items() if name != "return")
        kinds = (each for each in taken if isinstance(each, type) and issubclass(each, In))
        return {field for kind in kinds for field in kind.model_fields}

    @property
    def refers(self) -> bool:
        """Whether it names something that may not be there."""
        names = {parameter["name"] for parameter in self.parameters}
        names |= {field.removesuffix("_id") for field in self.fields}
        in_path = any(parameter["in"] == "path" for parameter in self.parameters)
        return in_path or bool(names & REFERENCES) or (self.writes and self.takes_body)


def operations(app: FastAPI, document: Node) -> Iterator[Operation]:
    """Every operation of the document, with the code behind it."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if not isinstance(route, APIRoute) or not route.include_in_schema:
            continue
        calls = tuple(_calls(context.dependant))
        speaks = context.dependant.response_param_name is not None
        for method in context.methods or ():
            path, name = str(context.path_format), method.lower()
            node = document["paths"][path][name]
            yield Operation(path, name, route.endpoint, calls, speaks, finishes(route), node)


def _calls(dependant: Dependant) -> Iterator[Any]:
    for each in dependant.dependencies:
        yield each.call
        yield from _calls(each)


PROBLEMS: tuple[tuple[int, Callable[[Operation], bool]], ...] = (
    (
        400,
        lambda operation: operation.takes_key or (operation.takes_body and not operation.uploads),
    ),
    (401, lambda operation: operation.keyed),
    (403, lambda operation: operation.keyed),
    # To whom has no business there, an address of admins is none.
    (404, lambda operation: operation.refers or operation.scope is Scope.ADMIN),
    (409, lambda o: o.writes or o.once or o.endpoint.__name__ == RESULTS),
    (410, lambda operation: operation.endpoint.__name__ == EVENTS),
    (412, lambda operation: operation.matches or operation.may_match),
    (413, lambda operation: operation.takes_body),
    (415, lambda operation: operation.takes_body),
    # Every door refuses parameters that nobody knows.
    (422, lambda o: o.keyed or bool(o.parameters) or o.takes_body),
    (428, lambda operation: operation.matches),
    (429, lambda operation: operation.keyed),
    (500, lambda _: True),
    (503, lambda operation: operation.keyed or operation.endpoint.__name__ == DATABASE),
    (507, lambda operation: operation.writes),
)

HEADERS_TAKEN: tuple[tuple[str, Callable[[Operation], bool]], ...] = (
    ("IdempotencyKey", lambda operation: operation.takes_key),
    ("IfMatch", lambda operation: operation.matches),
    ("IfNoneMatch", lambda operation: operation.conditional),
    ("Position", lambda operation: operation.keyed and operation.method == "get"),
)


def complete(operation: Operation, schemas: Node) -> None:
    """Say everything about the operation that its signature leaves open."""
    _say_what(operation)
    _say_who(operation)
    _say_bodies(operation)
    _say_answers(operation, schemas)
    for name, takes in HEADERS_TAKEN:
        if takes(operation):
            reference = {"$ref": f"#/components/parameters/{name}"}
            operation.node["parameters"] = [*operation.parameters, reference]


def _say_what(operation: Operation) -> None:
    """The first sentence of the docstring is the summary, the whole of it the description."""
    text = inspect.getdoc(operation.endpoint) or ""
    first = " ".join(text.partition("\n\n")[0].split())
    operation.node["summary"] = first.partition(". ")[0].rstrip(".")
    operation.node["description"] = text


def _say_who(operation: Operation) -> None:
    if not operation.keyed:
        operation.node["security"] = []
        return
    scopes = [] if operation.scope is None else [operation.scope.value]
    operation.node["security"] = [{bearer.scheme_name: scopes}]
    if scopes:
        operation.node["x-required-scope"] = scopes[0]
    name = operation.endpoint.__name__
    bucket = bucket_of(name, operation.method, operation.scope)
    counted: Node = {"policy": bucket.value, "cost": COSTS.get(name, 1)}
    if name in BATCHES:
        counted["for_each"] = f"/{BATCHES[name]}"
    operation.node["x-rate-limit"] = counted


def _say_bodies(operation: Operation) -> None:
    if operation.uploads:
        file = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
        body = {"required": True, "content": dict.fromkeys(UPLOADS, file)}
        operation.node.setdefault("requestBody", body)
    if operation.method == "patch" and operation.takes_body:
        content = operation.node["requestBody"]["content"]
        content["application/merge-patch+json"] = content["application/json"]


def _say_answers(operation: Operation, schemas: Node) -> None:
    answers: Node = operation.node["responses"]
    answers.pop("422", None)
    for status, answer in answers.items():
        if answer["description"] == "Successful Response":
            answer["description"] = SUCCESS[status]
        answer.setdefault("headers", {}).update(_headers(operation, status, answer, schemas))
    if operation.conditional:
        answers["304"] = {"$ref": f"#/components/responses/{UNCHANGED}"}
    for refusal, may in PROBLEMS:
        if may(operation):
            answers[str(refusal)] = {"$ref": f"#/components/responses/Problem{refusal}"}


def _headers(operation: Operation, status: str, answer: Node, schemas: Node) -> Node:
    names = ["X-Request-Id", *(STANDING if operation.keyed else ())]
    if operation.speaks_headers and status in ("201", "202"):
        names.append("Location")
    if operation.conditional:
        names += ["ETag", "Cache-Control", "Vary"]
    elif operation.speaks_headers and "version" in _properties(answer, schemas):
        names.append("ETag")
    if operation.once:
        names.append(REPLAYED)
    if operation.writes and operation.finished:
        names.append(POSITION)
    return _header_references(names)


def _properties(answer: Node, schemas: Node) -> Node:
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Node = schemas.get(name, schema).get("properties", {})
    return found


def shared_responses() -> Node:
    """Answers that many operations give: one for each status, naming the codes that may come."""
    problems = {f"Problem{status}": _problem_response(status) for status, _ in PROBLEMS}
    headers = _header_references(["X-Request-Id", *STANDING, "ETag", "Cache-Control", "Vary"])
    unchanged = {"description": "Nothing new since the answer with this tag.", "headers": headers}
    return problems | {UNCHANGED: unchanged}


def _problem_response(status: int) -> Node:
    kinds = sorted((k for k in catalogue() if k.status == status), key=lambda kind: kind.code)
    names = ["X-Request-Id", *sorted({name for kind in kinds for name in kind.headers})]
    if status == STALE:
        names.append("ETag")
    if status == QuotaExceeded.status:
        names += STANDING
    return {
        "description": "\n".join(f"- `{kind.code}`: {kind.title}." for kind in kinds),
        "headers": _header_references(names),
        "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _header_references(names: list[str]) -> Node:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
