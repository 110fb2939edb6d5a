"""The endpoints of accounts that become one."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.api.door import ReadAccounts, WriteAccounts
from app.api.headers import placed
from app.core.page import Page
from app.domain import account_merges
from app.schemas.base import PageOut
from app.schemas.merges import MergedOut, MergeIn, MergeOut, MergeQuery

router = APIRouter(tags=["duplicates"])


TRIED: dict[int | str, dict[str, Any]] = {
    200: {"model": MergedOut, "description": "What would become of them; nothing is kept."}
}


@router.post("/accounts/merge", status_code=201, responses=TRIED)
async def merge_accounts(work: WriteAccounts, wanted: MergeIn, response: Response) -> MergedOut:
    """Make one account of several: everything that refers to the others refers to it from now on.

    The others are found no longer; asked for one, the 404 says where it went. Their opportunities
    are told whose they are, and which type of business that makes them. With `dry_run` nothing is
    kept.
    """
    seen = await account_merges.merge(work, wanted)
    if wanted.dry_run:
        response.status_code = 200
        return seen
    return placed(response, "merges", seen)


@router.get("/merges", response_model=PageOut[MergeOut])
async def list_merges(work: ReadAccounts, asked: Annotated[MergeQuery, Query()]) -> Page:
    """The merges of accounts, the newest first, with what each of them changed."""
    return await account_merges.find(work, asked)


@router.get("/merges/{id}")
async def read_merge(work: ReadAccounts, id: UUID) -> MergeOut:
    """One merge, with what it changed."""
    return await account_merges.read(work, id)


@router.post("/merges/{id}/undo")
async def undo_merge(work: WriteAccounts, id: UUID) -> MergeOut:
    """Take a merge back: everything is again where it was.

    What came to the kept account since stays there. Where something else has changed what the
    merge left behind, nothing is undone, and the 409 says in `changed` what it was.
    """
    return await account_merges.undo(work, id)
