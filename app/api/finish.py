"""The last step of every answer, still inside its transaction: kept for a repeat, or tagged."""

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError

from app.api.bodies import Body
from app.api.headers import conditional
from app.api.replicas import place_after
from app.core.idempotency import Answer, Claim, keep
from app.core.refusals import GONE, LOST, MET, READ_ONLY, state_of
from app.core.work import Work
from app.schemas.accounts import AccountOut
from app.schemas.processes import ProcessOut
from app.schemas.products import ProductOut
from app.schemas.teams import TeamOut
from app.schemas.workspaces import WorkspaceOut

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Once = Callable[[Body], Coroutine[Any, Any, Response]]

# What an answer says about what was made travels with it when it is repeated.
REPEATED = ("content-type", "location", "etag", "retry-after")
REPLAYED = "Idempotency-Replayed"
# Objects that only change when their version does. Others hold something that moves by itself or
# with its neighbours: an age, the team of today, what the targets below sum up to.
STILL = frozenset({AccountOut, ProcessOut, ProductOut, TeamOut, WorkspaceOut})
ATTEMPTS = 3
FUNCTION_STACK = "fastapi_function_astack"  # where FastAPI looks for it
LANGUAGE = "en"  # the only one in which a still object is known by its version alone


class Repeated(Exception):
    """Raised by the door: this request was answered before, and this is what was said."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def finished(*routers: APIRouter) -> tuple[APIRouter, ...]:
    """The routers, every answer of theirs finished; an endpoint need not do anything for it."""
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute) and not finishes(route):
                route.get_route_handler = Finish(route)  # type: ignore[method-assign]  # FastAPI's seam
    return routers


def finishes(route: APIRoute) -> bool:
    return isinstance(route.get_route_handler, Finish)


class Finish:
    """Makes the handler of one route: what FastAPI makes of it, and then the last step.

    The transaction of a request (a dependency of scope "function") ends in here: so a request that
    had to yield to another can be asked once more, from the beginning.
    """

    def __init__(self, route: APIRoute) -> None:
        self.make = route.get_route_handler
        self.secret = holds_secret(route.response_model)
        self.still = route.response_model in STILL

    def __call__(self) -> Handler:
        handle = self.make()

        async def once(request: Body) -> Response:
            async with AsyncExitStack() as stack:
                request.scope[FUNCTION_STACK] = stack
                try:
                    response = await handle(request)
                except Repeated as repeated:
                    return _replayed(repeated.answer)
                if (claimed := getattr(request.state, "claimed", None)) is not None:
                    await _keep(request.state.work, claimed, response, secret=self.secret)
                return _finished(request, response, still=self.still)

        async def answer(request: Request) -> Response:
            asked = Body(request.scope, request.receive)
            response = await _patiently(once, asked)
            await place_after(request, response)
            return response

        return answer


async def _patiently(
    once: Callable[[Body], Coroutine[Any, Any, Response]], asked: Body
) -> Response:
    """The answer to a request that is asked again where that may help."""
    for _ in range(ATTEMPTS - 1):
        try:
            return await once(asked)
        except (DBAPIError, *LOST) as error:
            if not (asked.whole and _again(asked, error)):
                raise
        asked.state.claimed = None
    return await once(asked)


def _again(request: Request, error: Exception) -> bool:
    """Whether the same request may fare better: it had to yield, or only asks and was cut off.

    What a replica cannot do (it is away, or may not note something) the primary may.
    """
    state = state_of(error) if isinstance(error, DBAPIError) else ""
    if state in MET or request.method != "GET":
        return state in MET
    if request.state.from_replica:
        return state in ("", READ_ONLY) or state.startswith(GONE)
    return isinstance(error, DBAPIError) and error.connection_invalidated


def holds_secret(model: Any) -> bool:
    """Whether answers of this form hold something that is shown once and kept nowhere."""
    fields = getattr(model, "model_fields", {}).values()
    extras = [field.json_schema_extra for field in fields]
    return any(isinstance(extra, dict) and "x-shown-once" in extra for extra in extras)


async def _keep(work: Work, claimed: Claim, response: Response, *, secret: bool) -> None:
    names = [name for name in REPEATED if name in response.headers]
    said = {name: response.headers[name] for name in names}
    body = None if secret else bytes(response.body)
    await keep(work, claimed, Answer(response.status_code, said, body))


def _replayed(answer: Answer) -> Response:
    return Response(answer.body, answer.status, answer.headers | {REPLAYED: "true"})


def _finished(request: Request, response: Response, *, still: bool) -> Response:
    if request.method != "GET":
        return response
    work: Work = request.state.work
    plain = still and not request.url.query and work.language == LANGUAGE
    return conditional(request, response, work.now, plain=plain)
