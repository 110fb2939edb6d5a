"""The door of every endpoint: one transaction, one checked key, one clock reading."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncConnection

from app.api.finish import Repeated
from app.api.headers import TAG
from app.api.limits import Shown, admit_counted, verified
from app.api.parameters import asked_plainly
from app.api.replicas import engine_of
from app.core import database
from app.core.bearers import is_token
from app.core.errors import Invalid, NotFound, PreconditionRequired, Unauthenticated
from app.core.idempotency import Claim, claim, fingerprint, key_of
from app.core.sight import Role
from app.core.texts import language_of
from app.core.work import Work
from app.domain.access import Admitted, Scope, allow
from app.domain.sight import check, sight_of

bearer = HTTPBearer(
    auto_error=False,
    scheme_name="api_key",
    description="An API key of your workspace (`bc_…`), or a token of the issuer that this"
    " installation trusts.",
)


async def transaction(request: Request) -> AsyncIterator[AsyncConnection]:
    writes = request.method != "GET"
    engine = await engine_of(request)
    async with database.transaction(engine, writes=writes) as connection:
        yield connection


# scope="function": commit before the response leaves, so that a failed commit is an error
# the client sees. The default commits after a 200 has already been sent.
Transaction = Annotated[AsyncConnection, Depends(transaction, scope="function")]
Key = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


async def presented(request: Request, key: Key) -> Shown:
    """The key of the request, or its token, checked; turned away before a connection is taken."""
    if key is None or len(request.headers.getlist("authorization")) > 1:
        raise Unauthenticated("Send one API key or token: `Authorization: Bearer bc_…`.")
    tokens = request.app.state.tokens
    if tokens is None or not is_token(key.credentials):
        return key.credentials
    return await verified(request, tokens, key.credentials)


# Named first in the signature, so that it is asked first.
Presented = Annotated[Shown, Depends(presented)]


def needs(scope: Scope | None) -> Any:
    async def work(request: Request, shown: Presented, db: Transaction) -> Work:
        admitted_work = await entered(request, db, shown, scope)
        await once(request, admitted_work, scope)
        return admitted_work

    work.__dict__["scope"] = scope
    return Depends(work)


async def entered(request: Request, db: AsyncConnection, shown: Shown, scope: Scope | None) -> Work:
    """The work of whoever comes, if this operation is open to the key, the person and the role."""
    return await inside(request, db, await admit_counted(request, db, shown, scope), scope)


async def inside(
    request: Request, db: AsyncConnection, admitted: Admitted, scope: Scope | None
) -> Work:
    """The same for who was admitted already."""
    if scope is Scope.ADMIN and admitted.role is not Role.ADMIN:
        raise NotFound(NotFound.NOWHERE)
    if scope is not None:
        allow(admitted.key.scopes, scope)
    asked_plainly(request)
    work = _work(request, db, admitted)
    if admitted.key.person_id is not None:
        whose = admitted.role, admitted.key.person_id, admitted.peers
        work = replace(work, sight=await sight_of(work, *whose))
        await check(work, request.scope["route"].name, request.query_params)
    request.state.work = work
    return work


def _work(request: Request, db: AsyncConnection, admitted: Admitted) -> Work:
    home = admitted.home
    return Work(
        db,
        admitted.key.workspace_id,
        home,
        request.app.state.clock(),
        admitted.actor,
        language_of(request.headers.get("accept-language"), home.language),
        request_id=UUID(request.state.request_id),
    )


async def once(request: Request, work: Work, scope: Scope | None) -> None:
    """A change sent with an idempotency key is claimed here, or was answered before.

    Not before the key was checked: what is kept belongs to the workspace. A question may carry one
    too, and is simply asked again: it has no effect, and its answer of yesterday is no answer.
    """
    values = request.headers.getlist("idempotency-key")
    if not values or request.method == "GET":
        return
    key = key_of(values)
    if not changes(scope):
        return
    claimed = Claim(key, f"{request.method} {request.scope['route'].path_format}")
    url = request.url
    # What a person was answered is for that person.
    whose = "" if work.sight.people is None else f"{work.sight.person_id} "
    mark = fingerprint(request.method, f"{whose}{url.path}?{url.query}", await request.body())
    answer = await claim(work, claimed, mark)
    if answer is not None:
        raise Repeated(answer)
    request.state.claimed = claimed


def changes(scope: Scope | None) -> bool:
    """Whether who needs this scope may change something."""
    return scope is None or not scope.endswith(":read")


Anyone = Annotated[Work, needs(None)]
Admin = Annotated[Work, needs(Scope.ADMIN)]
ReadOpportunities = Annotated[Work, needs(Scope.OPPORTUNITIES_READ)]
WriteOpportunities = Annotated[Work, needs(Scope.OPPORTUNITIES_WRITE)]
ReadAccounts = Annotated[Work, needs(Scope.ACCOUNTS_READ)]
WriteAccounts = Annotated[Work, needs(Scope.ACCOUNTS_WRITE)]
ReadProcesses = Annotated[Work, needs(Scope.PROCESSES_READ)]
WriteProcesses = Annotated[Work, needs(Scope.PROCESSES_WRITE)]
ReadForecast = Annotated[Work, needs(Scope.FORECAST_READ)]
ReadMatrix = Annotated[Work, needs(Scope.MATRIX_READ)]
WriteMatrix = Annotated[Work, needs(Scope.MATRIX_WRITE)]
ReadEvents = Annotated[Work, needs(Scope.EVENTS_READ)]
WriteWebhooks = Annotated[Work, needs(Scope.WEBHOOKS_WRITE)]
WriteImports = Annotated[Work, needs(Scope.IMPORTS_WRITE)]


def matched_version(request: Request) -> int:
    """The version in `If-Match`: a change without one could overwrite somebody else's."""
    tags = request.headers.getlist("if-match")
    if not tags:
        raise PreconditionRequired(
            "Send the ETag of the object you read as If-Match, so that no change gets lost."
        )
    found = TAG.fullmatch(tags[0].strip())
    if len(tags) > 1 or found is None:
        raise Invalid.parameter("If-Match", "etag", "If-Match takes one ETag as it was sent.")
    # A version beyond what is ever counted to matches nothing, as it should.
    return min(int(found[1]), 2**31 - 1)


IfMatch = Annotated[int, Depends(matched_version)]
