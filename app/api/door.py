"""The door of every endpoint: one transaction, one checked key, one clock reading."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncConnection

from app.api.finish import Repeated
from app.api.headers import TAG
from app.api.limits import admit_counted
from app.api.parameters import asked_plainly
from app.core.errors import (
    Invalid,
    PreconditionRequired,
    Unauthenticated,
)
from app.core.idempotency import Claim, claim, fingerprint, key_of
from app.core.texts import language_of
from app.core.work import Work
from app.domain.access import Admitted, Scope, allow

bearer = HTTPBearer(
    auto_error=False, scheme_name="api_key", description="An API key of your workspace (`bc_…`)."
)


async def transaction(request: Request) -> AsyncIterator[AsyncConnection]:
    async with request.app.state.engine.begin() as connection:
        yield connection


# scope="function": commit before the response leaves, so that a failed commit is an error
# the client sees. The default commits after a 200 has already been sent.
Transaction = Annotated[AsyncConnection, Depends(transaction, scope="function")]
Key = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


def presented(key: Key) -> str:
    """The key of the request; without one it is turned away before a connection is taken."""
    if key is None:
        raise Unauthenticated("Send an API key: `Authorization: Bearer bc_…`.")
    return key.credentials


# Named first in the signature, so that it is asked first.
Presented = Annotated[str, Depends(presented)]


def needs(scope: Scope | None) -> Any:
    async def work(request: Request, secret: Presented, db: Transaction) -> Work:
        admitted = await admit_counted(request, db, secret, scope)
        if scope is not None:
            allow(admitted.key.scopes, scope)
        asked_plainly(request)
        admitted_work = work_of(request, db, admitted)
        await once(request, admitted_work, scope)
        return admitted_work

    work.__dict__["scope"] = scope
    return Depends(work)


def work_of(request: Request, db: AsyncConnection, admitted: Admitted) -> Work:
    key = admitted.key
    language = language_of(request.headers.get("accept-language"), admitted.home.language)
    now = request.app.state.clock()
    work = Work(db, key.workspace_id, admitted.home, now, f"key:{key.id}", language)
    request.state.work = work
    return work


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
    mark = fingerprint(request.method, f"{url.path}?{url.query}", await request.body())
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
