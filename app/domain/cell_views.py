"""Single cells: what is known of one, how it came to be known, and what stands against it."""

from typing import Any
from uuid import UUID

from app.core.errors import NotFound, Problem
from app.core.page import Order, Page, page
from app.core.work import Work
from app.domain import cell_deals, cell_rows, cells
from app.domain.cells import Change, Voice
from app.domain.references import present
from app.engine.matrix.facets import Facet, stated
from app.engine.matrix.status import DECIDING
from app.schemas.base import Listing, MoneyOut
from app.schemas.cells import (
    CellOut,
    CellSaid,
    ConflictOut,
    ConflictQuery,
    facets_out,
    judged,
)
from app.tables import Account, CellChange, CellConflict, Product

PERSON = Voice("manual", confirmed=True)


async def read(work: Work, account_id: UUID, product_id: UUID) -> CellOut:
    """What is known of a cell; that is nothing as long as nobody spoke of it."""
    await present(work, {Account: [account_id], Product: [product_id]})
    key = account_id, product_id
    row = (await cell_rows.stored(work, [key])).get(key)
    facets = cell_rows.facets_of(row)
    seen = judged(facets)
    values = {name: facet.value for name, facet in facets.items()}
    value = stated(DECIDING[seen["status"]], values)
    return CellOut(
        account_id=account_id,
        product_id=product_id,
        **seen,
        facets=facets_out(facets, work.now),
        annual_value=MoneyOut.model_validate(value) if value else None,
        value_source="stated" if value else "none",
        opportunity_ids=list(await cell_deals.open_at(work, account_id, product_id)),
        version=row and row.version,
        created_at=row and row.created_at,
        updated_at=row and row.updated_at,
    )


async def put(
    work: Work, account_id: UUID, product_id: UUID, version: int | None, cell: CellSaid
) -> tuple[CellOut, bool]:
    """(the cell with what is said of it now, whether anybody had spoken of it before)."""
    change = Change(account_id, product_id, cell.said, version=version)
    [done] = await cells.write(work, [change], PERSON)
    if isinstance(done, Problem):
        raise done
    return await read(work, account_id, product_id), done.fresh


async def history(work: Work, account_id: UUID, product_id: UUID, asked: Listing) -> Page:
    """Every change of the cell, the latest first."""
    await present(work, {Account: [account_id], Product: [product_id]})
    here = (CellChange.account_id == account_id, CellChange.product_id == product_id)
    order = Order("recorded_at", CellChange.recorded_at, CellChange.id, descending=True)
    return await page(
        work,
        work.rows(CellChange).where(*here),
        order,
        asked,
        of=f"{account_id}{product_id}{asked.asked}",
    )


async def conflicts(work: Work, asked: ConflictQuery) -> Page:
    """What stands against confirmed facets, the latest claim first."""
    query = work.rows(CellConflict)
    columns = {
        "account": CellConflict.account_id,
        "product": CellConflict.product_id,
        "facet": CellConflict.facet,
        "source": CellConflict.source,
    }
    for name, column in columns.items():
        wanted = getattr(asked, name)
        if wanted is not None:
            query = query.where(column == wanted)
    order = Order("at", CellConflict.at, CellConflict.id, descending=True)
    found = await page(work, query, order, asked)
    keys = [(row.account_id, row.product_id) for row in found.data]
    rows = await cell_rows.stored(work, list(dict.fromkeys(keys)))
    facets = {key: cell_rows.facets_of(row) for key, row in rows.items()}
    data = [
        _conflict(row, facets[key][row.facet]) for key, row in zip(keys, found.data, strict=True)
    ]
    return Page(data, found.next_cursor)


def _conflict(row: Any, stands: Facet) -> ConflictOut:
    if stands.said is None:
        raise NotFound(f"Nobody confirmed the {row.facet} of this cell.")
    own = {name: getattr(row, name) for name in ConflictOut.model_fields if hasattr(row, name)}
    return ConflictOut(
        **own,
        stands=dict(stands.value),
        confirmed_by=stands.said.by,
        confirmed_at=stands.said.at,
    )
