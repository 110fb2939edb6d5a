"""The matrix as a file: what people mark by hand, written so that an import can read it again."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, text

from app.core.work import Work
from app.domain import matrix
from app.domain.imports.fields import FIELDS, PRODUCT
from app.domain.matrix_sheet import WORDS, sheet
from app.domain.matrix_tallies import tallied
from app.engine.matrix.status import Status
from app.schemas.imports import ImportObject
from app.schemas.matrix import MatrixSelection
from app.tables import Account

AT_ONCE = 500  # customers whose cells are read in one statement

_MARKS = text("""
SELECT c.account_id, c.product_id, c.status,
  (SELECT string_agg(k.value ->> 'name', '; ' ORDER BY k.ordinality)
   FROM jsonb_array_elements(c.competitors) WITH ORDINALITY k) AS competitors
FROM cells c
WHERE c.workspace_id = :workspace AND c.account_id = ANY(CAST(:accounts AS uuid[]))
  AND c.product_id = ANY(CAST(:products AS uuid[])) AND c.status <> 'unknown'""")


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands in one cell of the file."""

    status: Status = Status.UNKNOWN
    text: str = ""


BLANK = Mark()
Line = tuple[str, list[Mark]]


async def as_csv(work: Work, asked: MatrixSelection) -> bytes:
    """Comma, UTF-8 with the mark by which spreadsheets know it; no cell is a formula."""
    products = await matrix.columns(work, asked.product)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(map(_harmless, _header(products)))
    async for name, marks in _lines(work, asked, products):
        writer.writerow(map(_harmless, (name, *(mark.text for mark in marks))))
    return file.getvalue().encode("utf-8-sig")


async def as_sheet(work: Work, asked: MatrixSelection) -> bytes:
    """A workbook in the colours of the article; the words stand in the cells as well."""
    products = await matrix.columns(work, asked.product)
    lines = [line async for line in _lines(work, asked, products)]
    rows = [(name, [(mark.status, mark.text) for mark in marks]) for name, marks in lines]
    # Writing half a million cells takes seconds, in which others want to be answered.
    return await asyncio.to_thread(sheet, _header(products), rows, work.now, work.language)


def _header(products: Sequence[Row[Any]]) -> list[str]:
    """Products by name, where the name says which; an import knows all of these."""
    names = [product.name.lower() for product in products]
    taken = {field.name for field in FIELDS[ImportObject.MATRIX]}
    return ["account"] + [
        product.name
        if names.count(product.name.lower()) == 1 and product.name.lower() not in taken
        else f"{PRODUCT}{product.key}"
        for product in products
    ]


async def _lines(
    work: Work, asked: MatrixSelection, products: Sequence[Row[Any]]
) -> AsyncIterator[Line]:
    ids = [product.id for product in products]
    query = matrix.chosen(work, asked, tallied(work, asked, ids))
    shown: tuple[Any, ...] = (Account.id, Account.name)
    ordered = query.with_only_columns(*shown, maintain_column_froms=True)
    accounts = await work.all(ordered.order_by(func.lower(Account.name), Account.id))
    for start in range(0, len(accounts), AT_ONCE):
        some = accounts[start : start + AT_ONCE]
        marks = await _marks(work, [account.id for account in some], ids)
        for account in some:
            yield account.name, [marks.get((account.id, id), BLANK) for id in ids]


async def _marks(
    work: Work, accounts: Sequence[UUID], products: Sequence[UUID]
) -> Mapping[tuple[UUID, UUID], Mark]:
    values = {"workspace": work.workspace_id, "accounts": accounts, "products": products}
    rows: Iterable[Any] = (await work.db.execute(_MARKS, values)).all()
    return {(row.account_id, row.product_id): _mark(row) for row in rows}


def _mark(row: Any) -> Mark:
    status = Status(row.status)
    named = f": {row.competitors}" if status is Status.COMPETITOR else ""
    return Mark(status, f"{WORDS[status]}{named}")


def _harmless(text: str) -> str:
    """A spreadsheet must not compute what a customer is called."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text
