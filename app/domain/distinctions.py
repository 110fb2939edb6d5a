"""Pairs of which somebody said that they are two: nobody is asked about them again."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete

from app.core.errors import NotFound
from app.core.page import Order, Page, page
from app.core.work import Work
from app.domain.references import present
from app.schemas.duplicates import DismissalIn, DismissalOut, DismissalQuery, DuplicateObject
from app.tables import Account, DistinctAccounts, DistinctOpportunities, Opportunity

Pairs = type[DistinctAccounts] | type[DistinctOpportunities]
TABLES: dict[DuplicateObject, tuple[Pairs, type[Account] | type[Opportunity]]] = {
    DuplicateObject.ACCOUNTS: (DistinctAccounts, Account),
    DuplicateObject.OPPORTUNITIES: (DistinctOpportunities, Opportunity),
}


async def find(work: Work, asked: DismissalQuery) -> Page:
    table, _ = TABLES[asked.object]
    order = Order("said_at", table.said_at, table.id)
    found = await page(work, work.rows(table), order, asked)
    return Page([_seen(asked.object, row) for row in found.data], found.next_cursor)


async def say(work: Work, told: DismissalIn) -> DismissalOut:
    """These two are two. Said again, the database refuses."""
    table, of = TABLES[told.object]
    first_id, second_id = told.ids
    await present(work, {of: told.ids})
    row = await work.add(
        table,
        first_id=first_id,
        second_id=second_id,
        note=told.note,
        said_at=work.now,
        said_by=work.actor,
    )
    return _seen(told.object, row)


async def read(work: Work, id: UUID) -> DismissalOut:
    for object, (table, _) in TABLES.items():
        row = await work.one(work.rows(table).where(table.id == id))
        if row is not None:
            return _seen(object, row)
    raise _unknown(id)


async def take_back(work: Work, id: UUID) -> None:
    """They may be one after all."""
    for table, _ in TABLES.values():
        own = (table.workspace_id == work.workspace_id, table.id == id)
        if await work.db.scalar(delete(table).where(*own).returning(table.id)):
            return
    raise _unknown(id)


def _unknown(id: UUID) -> NotFound:
    return NotFound(f"There is no dismissal {id}.")


def _seen(object: DuplicateObject, row: Row[Any]) -> DismissalOut:
    fields = {name: getattr(row, name) for name in DismissalOut.model_fields if hasattr(row, name)}
    return DismissalOut(object=object, **fields)
