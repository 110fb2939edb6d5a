"""The endpoints of accounts."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy import Row

from app.api.door import IfMatch, ReadAccounts, WriteAccounts
from app.api.headers import placed, tagged
from app.api.shapes import OR_PARTIAL, shaped, shaped_page
from app.domain import accounts
from app.schemas.accounts import AccountIn, AccountOut, AccountPatch, AccountQuery, AccountShape
from app.schemas.shapes import CountedPageOut
from app.tables import Account

router = APIRouter(prefix="/accounts", tags=["accounts"])
Pages = CountedPageOut[AccountOut]


@router.get("", response_model=Pages, responses=OR_PARTIAL)
async def list_accounts(work: ReadAccounts, asked: Annotated[AccountQuery, Query()]) -> Any:
    """The accounts of the workspace, page by page."""
    return shaped_page(AccountOut, await accounts.find(work, asked), asked)


@router.post("", status_code=201, response_model=AccountOut)
async def create_account(work: WriteAccounts, account: AccountIn, response: Response) -> Row[Any]:
    """Enter a company that buys or may buy."""
    row = await accounts.create(work, account)
    return tagged(response, placed(response, "accounts", row))


@router.get("/{id}", response_model=AccountOut, responses=OR_PARTIAL)
async def read_account(
    work: ReadAccounts, id: UUID, asked: Annotated[AccountShape, Query()], response: Response
) -> Any:
    """One account. Where it was merged into another, the 404 says `merged_into`."""
    row = tagged(response, await accounts.read(work, id))
    return shaped(response, AccountOut.model_validate(row), asked)


@router.patch("/{id}", response_model=AccountOut)
async def change_account(
    work: WriteAccounts, id: UUID, version: IfMatch, patch: AccountPatch, response: Response
) -> Row[Any]:
    """Change what is named and leave the rest; members of `attributes` merge as well."""
    return tagged(response, await accounts.change(work, id, version, patch))


@router.delete("/{id}", status_code=204)
async def delete_account(work: WriteAccounts, id: UUID, version: IfMatch) -> None:
    """Take the account out of all lists. Its opportunities keep referring to it."""
    await work.remove(Account, id, version)
