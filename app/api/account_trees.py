"""The endpoints of groups of accounts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.api.door import ReadAccounts
from app.domain import account_trees
from app.schemas.account_trees import AccountSummaryOut, AccountTreeOut, SummaryQuery, TreeQuery

router = APIRouter(prefix="/accounts/{id}", tags=["accounts"])


@router.get("/tree")
async def read_account_tree(
    work: ReadAccounts, id: UUID, asked: Annotated[TreeQuery, Query()]
) -> AccountTreeOut:
    """What the account belongs to, and what belongs to it, level by level."""
    return await account_trees.tree(work, id, asked)


@router.get("/summary")
async def read_account_summary(
    work: ReadAccounts, id: UUID, asked: Annotated[SummaryQuery, Query()]
) -> AccountSummaryOut:
    """What the account ordered and has open, alone or with all below it."""
    return await account_trees.summary(work, id, asked)
