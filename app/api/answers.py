"""Every error becomes an RFC 9457 problem here, whoever raised it."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Scope

from app.core.errors import (
    BodyTooLarge,
    DatabaseUnavailable,
    Fault,
    Internal,
    Invalid,
    MalformedBody,
    MethodNotAllowed,
    NotFound,
    Problem,
    UnknownParameter,
    UnsupportedMediaType,
)
from app.core.refusals import AWAY, problem_of
from app.core.texts import language_of

MEDIA = "application/problem+json"
HTTP: dict[int, type[Problem]] = {
    kind.status: kind
    for kind in (MalformedBody, NotFound, MethodNotAllowed, BodyTooLarge, UnsupportedMediaType)
}
# pydantic's own codes are bound to its versions; these are ours. Unlisted: `invalid`.
CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "string_pattern_mismatch": "pattern",
    "too_long": "too_many",
    "too_short": "too_few",
    "enum": "not_one_of",
    "literal_error": "not_one_of",
    "uuid_parsing": "not_a_uuid",
    "greater_than": "too_small",
    "greater_than_equal": "too_small",
    "less_than": "too_large",
    "less_than_equal": "too_large",
    "timezone_aware": "time_zone_missing",
    "decimal_max_digits": "amount_too_large",
    "decimal_parsing": "not_a_decimal",
}


def add_answers(app: FastAPI) -> None:
    kinds = (Problem, RequestValidationError, HTTPException, DBAPIError, OSError, PoolTimeout)
    for kind in kinds:
        app.add_exception_handler(kind, answer)


async def answer(request: Request, error: Exception) -> JSONResponse:
    return problem_response(request.scope, error)


def problem_response(scope: Scope, error: Exception) -> JSONResponse:
    problem = problem_from(error)
    language = language_of(Headers(scope=scope).get("accept-language"), "en")
    request_id = scope.get("state", {}).get("request_id")
    body = problem.body(language) | {"instance": scope["path"], "request_id": request_id}
    headers = problem.headers | problem.more_headers | {"Content-Language": language}
    if isinstance(error, HTTPException) and error.headers:
        headers |= {k: v for k, v in error.headers.items() if k.lower() == "allow"}
    return JSONResponse(body, problem.status, headers, media_type=MEDIA)


def problem_from(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return _invalid(error.errors())
    if isinstance(error, HTTPException):
        return _http(error)
    if isinstance(error, DBAPIError):
        return problem_of(error) or _unforeseen()
    # asyncpg lets a refused connection through as the operating system said it.
    if isinstance(error, OSError | PoolTimeout):
        return DatabaseUnavailable(AWAY)
    return _unforeseen()


def _http(error: HTTPException) -> Problem:
    # FastAPI says "cannot be parsed" of everything that breaks the reading of a body.
    if isinstance(error.__cause__, Problem):
        return error.__cause__
    kind = HTTP.get(error.status_code)
    return kind(kind.title + ".") if kind else _unforeseen()


def _unforeseen() -> Problem:
    return Internal("The fault is logged under the request id; please report it.")


def _invalid(faults: Sequence[Any]) -> Problem:
    if any(fault["type"] == "json_invalid" for fault in faults):
        return MalformedBody("The body is not valid JSON.")
    told = [_fault(fault) for fault in faults]
    unknown = [fault for fault in told if fault["code"] == "unknown_parameter"]
    kind = UnknownParameter if unknown and len(unknown) == len(told) else Invalid
    first = told[0]
    where = first.get("parameter") or first.get("pointer") or "body"
    more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
    return kind(f"{where}: {first['detail']}{more}", faults=told)


def _fault(fault: Any) -> Fault:
    """Where and what; never the rejected input, which may be a secret in the wrong field."""
    place, *path = fault["loc"]
    code = CODES.get(fault["type"], fault["type"])
    if "_" not in fault["type"] and fault["type"] not in CODES:
        code = "invalid"
    detail = str(fault["msg"])
    if place == "body":
        pointer = "".join(f"/{_escaped(step)}" for step in path)
        return {"pointer": pointer, "code": code, "detail": detail}
    name = str(path[0]) if path else str(place)
    if code == "unknown_field":
        return {
            "parameter": name,
            "code": "unknown_parameter",
            "detail": "There is no such parameter.",
        }
    return {"parameter": name, "code": code, "detail": detail}


def _escaped(step: object) -> str:
    """JSON pointer, RFC 6901."""
    return str(step).replace("~", "~0").replace("/", "~1")
