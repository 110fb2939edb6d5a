"""The matrix: customers by products, dense and in order, a page of customers at a time."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Row,
    Select,
    func,
    or_,
    select,
    text,
)

from app.core.page import Page, page
from app.core.work import Work
from app.domain import lapses, matrix_scores
from app.domain.matrix_sql import CELLS
from app.domain.matrix_tallies import Tallies, tallied
from app.domain.naming import begins, ordered
from app.engine.matrix.measures import measures
from app.engine.matrix.status import STALE_AFTER, SYMBOLS, Status
from app.schemas.matrix import MatrixQuery, MatrixSelection, MatrixSummaryOut
from app.schemas.ratios import ratio_out
from app.schemas.sorting import Sort
from app.tables import Account, Product

_CELLS = text(CELLS)
# A cell nobody spoke of, but for its product.
_BLANK: dict[str, Any] = {
    "status": Status.UNKNOWN,
    "symbol": SYMBOLS[Status.UNKNOWN],
    "flags": [],
    "facets": {
        "ours": "unknown",
        "competitors": [],
        "need": "unknown",
        "aware": "unknown",
        "applicable": True,
    },
    "annual_value": None,
    "value_source": "none",
    "score": None,
    "confirmed": None,
    "stale": False,
    "lapsed": None,
    "version": None,
}
Counts = Mapping[Status, int]


async def read(work: Work, asked: MatrixQuery) -> bytes:
    """The page as JSON, put together from what the database wrote; four statements, and five more
    for scores."""
    products = await columns(work, asked.product)
    tallies = tallied(work, asked, [product.id for product in products])
    found = await _customers(work, asked, tallies)
    cells, counts = await _cells(work, found.data, products, asked.lapsed_months)
    blanks = {product.id: _json({"product_id": str(product.id), **_BLANK}) for product in products}
    if asked.include:
        cells = await matrix_scores.scored(work, found.data, cells, blanks)
    rows = [_row(account, cells, counts, blanks) for account in found.data]
    told = {
        "columns": _json([_column(product) for product in products]),
        "rows": f"[{','.join(rows)}]",
        "summary": _summary(await count(work, asked, tallies)),
        "next_cursor": _json(found.next_cursor),
    }
    return _object(told).encode()


async def columns(work: Work, wanted: Sequence[UUID] = ()) -> Sequence[Row[Any]]:
    """The products that are sold, by name; all, or those wanted."""
    query = work.rows(Product).where(Product.active)
    if wanted:
        query = query.where(Product.id.in_(wanted))
    shown: tuple[Any, ...] = (Product.id, Product.key, Product.name)
    return await work.all(
        query.with_only_columns(*shown).order_by(func.lower(Product.name), Product.id)
    )


def chosen(work: Work, asked: MatrixSelection, tallies: Tallies) -> Select[Any]:
    """The accounts that are asked for."""
    query = work.rows(Account).outerjoin(tallies.table, tallies.table.c.account_id == Account.id)
    if asked.segment is not None:
        query = query.where(Account.segment == asked.segment)
    if asked.owner is not None:
        query = query.where(Account.owner_id == asked.owner)
    if asked.q is not None:
        query = query.where(begins(Account, asked.q))
    if asked.status:
        query = query.where(or_(*(tallies.of(Status(word)) > 0 for word in asked.status)))
    if asked.lapsed is not None:
        cells = lapses.lapsed(work, asked.lapsed_months)
        among = select(cells.c.account_id)
        if asked.product:
            among = among.where(cells.c.id.in_(asked.product))
        query = query.where(Account.id.in_(among) == asked.lapsed)
    return query


async def count(work: Work, asked: MatrixSelection, tallies: Tallies) -> dict[Status, int]:
    """The cells of all accounts that are asked for, by status."""
    sums = (func.coalesce(func.sum(tallies.of(status)), 0).label(status.value) for status in Status)
    query = chosen(work, asked, tallies).with_only_columns(*sums, maintain_column_froms=True)
    row = (await work.db.execute(query)).one()
    return {status: int(getattr(row, status.value)) for status in Status}


def summary(counts: Counts) -> MatrixSummaryOut:
    found = measures(counts)
    return MatrixSummaryOut(
        knowledge=ratio_out(found.knowledge),
        penetration=ratio_out(found.penetration),
        occupation=ratio_out(found.occupation),
        open_need=ratio_out(found.open_need),
        unknown=counts.get(Status.UNKNOWN, 0),
        counts={status.value: counts.get(status, 0) for status in Status},
    )


async def _customers(work: Work, asked: MatrixQuery, tallies: Tallies) -> Page:
    query, order = ordered(chosen(work, asked, tallies), Account, Sort(asked.sort))
    return await page(work, query, order, asked)


async def _cells(
    work: Work, accounts: Sequence[Row[Any]], products: Sequence[Row[Any]], months: int
) -> tuple[dict[tuple[UUID, UUID], str], dict[UUID, Counter[str]]]:
    """(the cells that are known, as JSON; how many of each status an account has)."""
    values = {
        "workspace": work.workspace_id,
        "long_ago": work.now - STALE_AFTER,
        "now": work.now,
        "months": months,
        "zone": work.home.time_zone,
        "accounts": [account.id for account in accounts],
        "products": [product.id for product in products],
    }
    cells: dict[tuple[UUID, UUID], str] = {}
    counts: dict[UUID, Counter[str]] = {account.id: Counter() for account in accounts}
    for account_id, product_id, status, told in (await work.db.execute(_CELLS, values)).all():
        cells[account_id, product_id] = told
        counts[account_id][status] += 1
    return cells, counts


def _row(
    account: Row[Any],
    cells: Mapping[tuple[UUID, UUID], str],
    counts: Mapping[UUID, Counter[str]],
    blanks: Mapping[UUID, str],
) -> str:
    id = account.id
    known = {Status(status): n for status, n in counts[id].items()}
    unknown = len(blanks) - sum(known.values()) + known.get(Status.UNKNOWN, 0)
    told = {
        "account_id": _json(str(id)),
        "name": _json(account.name),
        "segment": _json(account.segment),
        "owner_id": _json(account.owner_id and str(account.owner_id)),
        "cells": f"[{','.join(cells.get((id, p)) or blank for p, blank in blanks.items())}]",
        "summary": _summary(known | {Status.UNKNOWN: unknown}),
    }
    return _object(told)


def _summary(counts: Counts) -> str:
    return _told(tuple(counts.get(status, 0) for status in Status))


@lru_cache(maxsize=10_000)
def _told(counts: tuple[int, ...]) -> str:
    """Rows of a page often have the same counts, and pages come again."""
    return summary(dict(zip(Status, counts, strict=True))).model_dump_json()


def _column(product: Row[Any]) -> dict[str, str]:
    return {"product_id": str(product.id), "key": product.key, "name": product.name}


def _object(members: Mapping[str, str]) -> str:
    """An object of members that are JSON already."""
    return "{" + ",".join(f'"{name}":{told}' for name, told in members.items()) + "}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
