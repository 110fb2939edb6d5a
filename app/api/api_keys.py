"""The endpoints of API keys."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Row

from app.api.door import Admin
from app.api.headers import placed
from app.core.page import Page
from app.domain import access
from app.schemas.api_keys import ApiKeyIn, ApiKeyMade, RotateIn
from app.schemas.base import Listing, PageOut
from app.schemas.me import KeyOut
from app.tables import ApiKey

router = APIRouter(prefix="/api_keys", tags=["access"])


@router.get("", response_model=PageOut[KeyOut])
async def list_api_keys(work: Admin, asked: Annotated[Listing, Query()]) -> Page:
    """The keys of the workspace, also the revoked ones, without their secrets."""
    return await access.find_keys(work, asked)


@router.post("", status_code=201)
async def create_api_key(
    work: Admin, wanted: ApiKeyIn, request: Request, response: Response
) -> ApiKeyMade:
    """Make a key. Its secret stands in this answer and nowhere else."""
    access.allow_granting(request.state.admitted.key.scopes, wanted.scopes)
    row, secret = await access.issue(work, wanted)
    seen = KeyOut.model_validate(placed(response, "api_keys", row))
    return ApiKeyMade(**seen.model_dump(), key=secret)


@router.post("/{id}/rotate", status_code=201)
async def rotate_api_key(
    work: Admin, id: UUID, wanted: RotateIn, request: Request, response: Response
) -> ApiKeyMade:
    """Make a key that takes this one's place. The old one still opens for the grace asked for."""
    row, secret = await access.rotate(work, id, wanted, request.state.admitted.key.scopes)
    seen = KeyOut.model_validate(placed(response, "api_keys", row))
    return ApiKeyMade(**seen.model_dump(), key=secret)


@router.get("/{id}", response_model=KeyOut)
async def read_api_key(work: Admin, id: UUID) -> Row[Any]:
    """One key, without its secret."""
    return await work.get(ApiKey, id)


@router.delete("/{id}", status_code=204)
async def revoke_api_key(work: Admin, id: UUID) -> None:
    """Close the door to a key at once. No If-Match: this must not wait for a second look."""
    await access.revoke_key(work, id)
