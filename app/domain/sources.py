"""Sources: the fairs, campaigns, partners and other ways on which business comes."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.errors import Invalid
from app.core.page import Column, Page, listed
from app.core.work import Work
from app.domain.naming import begins, ordered
from app.domain.products import slug
from app.domain.references import present
from app.schemas.sources import SourceIn, SourcePatch, SourceQuery
from app.tables import Account, Source


async def find(work: Work, asked: SourceQuery) -> Page:
    query, order = ordered(work.rows(Source), Source, asked.sort)
    exact: tuple[tuple[Column, Any], ...] = (
        (Source.key, asked.key),
        (Source.kind, asked.kind),
        (Source.account_id, asked.account),
        (Source.active, asked.active),
    )
    for column, value in exact:
        if value is not None:
            query = query.where(column == value)
    if asked.q is not None:
        query = query.where(begins(Source, asked.q))
    return await listed(work, query, order, asked)


async def create(work: Work, source: SourceIn) -> Row[Any]:
    key = source.key or slug(source.name)
    if not key:
        raise Invalid.at("/key", "missing", "No key can be made of this name; send one.")
    await _account_there(work, source.account_id)
    return await work.add(Source, **source.model_dump() | {"key": key})


async def change(work: Work, id: UUID, version: int | None, patch: SourcePatch) -> Row[Any]:
    await _account_there(work, patch.account_id)
    return await work.change(Source, id, version, **patch.model_dump(exclude_unset=True))


async def _account_there(work: Work, id: UUID | None) -> None:
    await present(work, {Account: [] if id is None else [id]})
