"""What undoing an import left as it is, page by page."""

from uuid import UUID

from app.core.page import Order, Page, page
from app.core.work import Work
from app.schemas.imports import ImportLeftOut, LeftQuery
from app.tables import Import, ImportLeft


async def find(work: Work, id: UUID, asked: LeftQuery) -> Page:
    await work.get(Import, id)
    query = work.rows(ImportLeft).where(ImportLeft.import_id == id)
    order = Order("table_name", ImportLeft.table_name.expression, ImportLeft.id.expression)
    asked_of = f"{id} {asked.asked}"
    found = await page(work, query, order, asked, of=asked_of)
    told = [
        ImportLeftOut(object=row.table_name, object_id=row.id, reason=row.reason)
        for row in found.data
    ]
    return Page(told, found.next_cursor)
