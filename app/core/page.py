"""Pages by key, never by offset: the cursor is the last row's place in the order."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app.core.errors import InvalidCursor
from app.core.work import Work

PARSERS: dict[type, Any] = {
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    Decimal: Decimal,
    int: int,
    str: str,
    UUID: UUID,
}


@dataclass(frozen=True, slots=True)
class Page:
    data: Sequence[Any]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Order:
    """One sortable, never-null expression, present in the rows as `name`; the id breaks ties."""

    name: str
    column: ColumnElement[Any] | InstrumentedAttribute[Any]
    id: ColumnElement[UUID] | InstrumentedAttribute[UUID]
    descending: bool = False


async def page(
    work: Work, query: Select[Any], order: Order, *, limit: int, cursor: str | None, asked: str
) -> Page:
    """One page of `query`. `asked` are the filters; a cursor of other filters is refused."""
    keys = (order.column, order.id)
    if cursor is not None:
        place = tuple_(*_unpack(cursor, order, asked))
        query = query.where(tuple_(*keys) < place if order.descending else tuple_(*keys) > place)
    query = query.order_by(*(key.desc() if order.descending else key for key in keys))
    found = await work.all(query.limit(limit + 1))
    more = len(found) > limit
    return Page(found[:limit], _pack(found[limit - 1], order, asked) if more else None)


def _pack(row: Row[Any], order: Order, asked: str) -> str:
    value = getattr(row, order.name)
    place = [_bound(order, asked), value.isoformat() if isinstance(value, datetime) else str(value)]
    return urlsafe_b64encode(json.dumps([*place, str(row.id)]).encode()).decode().rstrip("=")


def _unpack(cursor: str, order: Order, asked: str) -> tuple[Any, UUID]:
    try:
        bound, value, id = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if bound != _bound(order, asked):
            raise ValueError(bound)
        return PARSERS[order.column.type.python_type](value), UUID(id)
    except (ValueError, TypeError, ArithmeticError, AttributeError) as error:
        detail = "This cursor does not belong to this list with these filters and this order."
        fault = {"parameter": "cursor", "code": "invalid_cursor", "detail": detail}
        raise InvalidCursor(detail, faults=[fault]) from error  # type: ignore[list-item]  # a Fault


def _bound(order: Order, asked: str) -> str:
    return sha256(f"{order.name}|{order.descending}|{asked}".encode()).hexdigest()[:16]
