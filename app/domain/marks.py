"""Marks: what is due at a customer, or at one of its cells, and who sees to it."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import InstrumentedAttribute

from app.core.page import Order, Page, listed
from app.core.work import Work
from app.domain.references import present
from app.schemas.marks import MarkIn, MarkOut, MarkPatch, MarkQuery
from app.tables import Account, Mark, Person, Product

FILTERS = {
    "account": Mark.account_id,
    "product": Mark.product_id,
    "owner": Mark.owner_id,
    "kind": Mark.kind,
}
ORDERS: dict[str, InstrumentedAttribute[Any]] = {
    "due_on": Mark.due_on,
    "created_at": Mark.created_at,
}


async def find(work: Work, asked: MarkQuery) -> Page:
    """The due list, unless another order is asked for."""
    query = work.rows(Mark)
    for name, column in FILTERS.items():
        wanted = getattr(asked, name)
        if wanted is not None:
            query = query.where(column == wanted)
    if asked.done is not None:
        query = query.where(Mark.done_at.is_not(None) if asked.done else Mark.done_at.is_(None))
    if asked.due_until is not None:
        query = query.where(Mark.due_on <= asked.due_until)
    day = asked.sort.lstrip("-")
    order = Order(day, ORDERS[day], Mark.id, descending=asked.sort.startswith("-"))
    found = await listed(work, query, order, asked)
    return replace(found, data=[seen(work, row) for row in found.data])


async def read(work: Work, id: UUID) -> MarkOut:
    return seen(work, await work.get(Mark, id))


async def create(work: Work, mark: MarkIn) -> MarkOut:
    products = [mark.product_id] if mark.product_id else []
    people = [mark.owner_id] if mark.owner_id else []
    await present(work, {Account: [mark.account_id], Product: products, Person: people})
    return seen(work, await work.add(Mark, **mark.model_dump()))


async def change(work: Work, id: UUID, version: int, patch: MarkPatch) -> MarkOut:
    values = patch.model_dump(exclude_unset=True)
    if values.get("owner_id") is not None:
        await present(work, {Person: [values["owner_id"]]})
    return seen(work, await work.change(Mark, id, version, **values))


def seen(work: Work, row: Row[Any]) -> MarkOut:
    own = {name: getattr(row, name) for name in MarkOut.model_fields if hasattr(row, name)}
    return MarkOut(**own, overdue=row.done_at is None and row.due_on < work.today)
