"""The endpoints of identities."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy import Row

from app.api.door import Admin
from app.api.headers import placed
from app.core.page import Page
from app.domain import identities
from app.schemas.base import Listing, PageOut
from app.schemas.identities import IdentityIn, IdentityOut
from app.tables import Identity

router = APIRouter(prefix="/identities", tags=["access"])


@router.get("", response_model=PageOut[IdentityOut])
async def list_identities(work: Admin, asked: Annotated[Listing, Query()]) -> Page:
    """Who is known to an issuer of tokens, and as whom."""
    return await identities.find(work, asked)


@router.post("", status_code=201, response_model=IdentityOut)
async def create_identity(work: Admin, wanted: IdentityIn, response: Response) -> Row[Any]:
    """Say whose tokens these are. Not needed where the issuer vouches for e-mail addresses."""
    return placed(response, "identities", await identities.create(work, wanted))


@router.get("/{id}", response_model=IdentityOut)
async def read_identity(work: Admin, id: UUID) -> Row[Any]:
    """One identity."""
    return await work.get(Identity, id)


@router.delete("/{id}", status_code=204)
async def delete_identity(work: Admin, id: UUID) -> None:
    """Let these tokens open nothing, at once; unless an e-mail address links them again."""
    await identities.remove(work, id)
