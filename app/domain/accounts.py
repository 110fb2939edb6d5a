"""Accounts: the companies that buy, or may."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from app.core.errors import NotFound
from app.core.page import Page, listed
from app.core.work import Work
from app.domain import attributes
from app.domain.naming import begins, ordered
from app.domain.references import present
from app.domain.trees import hang
from app.schemas.accounts import AccountIn, AccountPatch, AccountQuery
from app.tables import Account, Person

FILTERS = {
    "segment": Account.segment,
    "country": Account.country,
    "parent": Account.parent_id,
    "owner": Account.owner_id,
    "source": Account.source,
    "external_id": Account.external_id,
}


async def find(work: Work, asked: AccountQuery) -> Page:
    query, order = ordered(work.rows(Account), Account, asked.sort)
    for name, column in FILTERS.items():
        wanted = getattr(asked, name)
        if wanted is not None:
            query = query.where(column == wanted)
    if asked.q is not None:
        query = query.where(begins(Account, asked.q))
    return await listed(work, query, order, asked)


async def create(work: Work, account: AccountIn) -> Row[Any]:
    await _owned(work, account.owner_id)
    if account.parent_id is not None:
        await hang(work, Account, None, account.parent_id)
    return await work.add(Account, **account.model_dump())


async def read(work: Work, id: UUID) -> Row[Any]:
    row = await work.one(work.rows(Account).where(Account.id == id))
    if row is None:
        raise await missing(work, id)
    return row


async def missing(work: Work, id: UUID) -> NotFound:
    """Why the account is not here: there never was one, or it is part of another by now."""
    of = select(Account.merged_into).where(
        Account.workspace_id == work.workspace_id, Account.id == id
    )
    merged_into = await work.db.scalar(of)
    if merged_into is None:
        return NotFound(f"There is no account {id}.")
    detail = f"The account {id} was merged into {merged_into}."
    return NotFound(detail, merged_into=str(merged_into))


async def change(work: Work, id: UUID, version: int | None, patch: AccountPatch) -> Row[Any]:
    changes = patch.model_dump(exclude_unset=True)
    values = await attributes.merge(work, Account, id, changes)
    await _owned(work, values.get("owner_id"))
    if values.get("parent_id") is not None:
        await hang(work, Account, id, values["parent_id"])
    return await work.change(Account, id, version, **values)


async def _owned(work: Work, owner_id: UUID | None) -> None:
    if owner_id is not None:
        await present(work, {Person: [owner_id]})
