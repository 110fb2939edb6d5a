"""The endpoints of pairs that may be one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.api.door import ReadAccounts, WriteAccounts
from app.api.headers import placed
from app.core.page import Page
from app.domain import distinctions, duplicates
from app.domain.access import Scope, allow
from app.schemas.base import PageOut
from app.schemas.duplicates import (
    DismissalIn,
    DismissalOut,
    DismissalQuery,
    DuplicateObject,
    DuplicateQuery,
    DuplicatesOut,
)

router = APIRouter(prefix="/duplicates", tags=["duplicates"])


def may(request: Request, object: DuplicateObject, scope: Scope) -> None:
    """Opportunities are looked at, and told apart, with the rights to them."""
    if object is DuplicateObject.OPPORTUNITIES:
        allow(request.state.admitted.key.scopes, scope)


@router.get("")
async def list_duplicates(
    work: ReadAccounts, request: Request, asked: Annotated[DuplicateQuery, Query()]
) -> DuplicatesOut:
    """Accounts that may be one, or open opportunities of an account, the most alike first.

    What is compared is the name without its spelling and legal form, the web domain, the VAT id
    and the postcode. Pairs that were dismissed, and a group with its company, are left out.
    """
    may(request, asked.object, Scope.OPPORTUNITIES_READ)
    return await duplicates.find(work, asked)


@router.get("/dismissals", response_model=PageOut[DismissalOut])
async def list_dismissals(
    work: ReadAccounts, request: Request, asked: Annotated[DismissalQuery, Query()]
) -> Page:
    """The pairs of which somebody said that they are two."""
    may(request, asked.object, Scope.OPPORTUNITIES_READ)
    return await distinctions.find(work, asked)


@router.post("/dismissals", status_code=201)
async def dismiss_duplicate(
    work: WriteAccounts, request: Request, told: DismissalIn, response: Response
) -> DismissalOut:
    """These two are two: the pair is not listed any more."""
    may(request, told.object, Scope.OPPORTUNITIES_WRITE)
    return placed(response, "duplicates/dismissals", await distinctions.say(work, told))


@router.get("/dismissals/{id}")
async def read_dismissal(work: ReadAccounts, request: Request, id: UUID) -> DismissalOut:
    """One pair of which somebody said that they are two."""
    seen = await distinctions.read(work, id)
    may(request, seen.object, Scope.OPPORTUNITIES_READ)
    return seen


@router.delete("/dismissals/{id}", status_code=204)
async def delete_dismissal(work: WriteAccounts, id: UUID) -> None:
    """They may be one after all: the pair is listed again."""
    await distinctions.take_back(work, id)
