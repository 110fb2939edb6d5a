"""Every error becomes an RFC 9457 problem here, whoever raised it."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Scope

from app.api.faults import refusal
from app.api.methods import methods_of
from app.core.errors import (
    BodyTooLarge,
    DatabaseUnavailable,
    Internal,
    MalformedBody,
    MethodNotAllowed,
    NotFound,
    Problem,
    UnsupportedMediaType,
)
from app.core.keys import hidden
from app.core.refusals import AWAY, LOST, problem_of
from app.core.texts import language_of

errors = logging.getLogger("backcast.errors")

MEDIA = "application/problem+json"
HTTP: dict[int, type[Problem]] = {
    kind.status: kind
    for kind in (MalformedBody, NotFound, MethodNotAllowed, BodyTooLarge, UnsupportedMediaType)
}


class ProblemResponse(JSONResponse):
    """What was asked for may be repeated, but for what may be a secret in the wrong place."""

    media_type = MEDIA

    def render(self, content: Any) -> bytes:
        return hidden(super().render(content))


def add_answers(app: FastAPI) -> None:
    kinds = (Problem, RequestValidationError, HTTPException, DBAPIError, *LOST)
    for kind in kinds:
        app.add_exception_handler(kind, answer)


async def answer(request: Request, error: Exception) -> JSONResponse:
    if isinstance(problem_from(error), Internal):
        errors.error("request %s", request.state.request_id, exc_info=error)
    return problem_response(request.scope, error)


def problem_response(scope: Scope, error: Exception) -> JSONResponse:
    problem = problem_from(error)
    language = language_of(Headers(scope=scope).get("accept-language"), "en")
    request_id = scope.get("state", {}).get("request_id")
    body = problem.body(language) | {"instance": scope["path"], "request_id": request_id}
    headers = problem.headers | problem.more_headers | {"Content-Language": language}
    if problem.status == MethodNotAllowed.status:
        headers["Allow"] = ", ".join(methods_of(scope["app"], scope["path"]))
    return ProblemResponse(body, problem.status, headers)


def problem_from(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return refusal(error.errors())
    if isinstance(error, HTTPException):
        return _http(error)
    if isinstance(error, DBAPIError):
        return problem_of(error) or _unforeseen()
    if isinstance(error, LOST):
        return DatabaseUnavailable(AWAY)
    return _unforeseen()


def _http(error: HTTPException) -> Problem:
    # FastAPI says "cannot be parsed" of everything that breaks the reading of a body.
    if isinstance(error.__cause__, Problem):
        return error.__cause__
    kind = HTTP.get(error.status_code)
    if kind is NotFound:
        return NotFound(NotFound.NOWHERE)
    return kind(kind.title + ".") if kind else _unforeseen()


def _unforeseen() -> Problem:
    return Internal("The fault is logged under the request id; please report it.")
