"""Pages by key, never by offset: the cursor is the last row's place in the order, signed."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, or_, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app.core.counting import TotalCount, counted
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
SIGNATURE_BYTES = 16

Column = ColumnElement[Any] | InstrumentedAttribute[Any]


@dataclass(frozen=True, slots=True)
class Page:
    data: Sequence[Any]
    next_cursor: str | None
    total_count: TotalCount | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """One sortable, never-null expression, present in the rows as `name`."""

    name: str
    column: Column
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """The first key, those that decide where it is equal, and the id where all are."""

    name: str
    column: Column
    id: ColumnElement[UUID] | InstrumentedAttribute[UUID]
    descending: bool = False
    then: tuple[Key, ...] = ()

    @property
    def keys(self) -> tuple[Key, ...]:
        first = Key(self.name, self.column, self.descending)
        return first, *self.then, Key("id", self.id, self.descending)


class Asked(Protocol):
    """What a page is asked; see `app.schemas.base.Listing`. `asked` are the filters."""

    @property
    def page_size(self) -> int: ...
    @property
    def cursor(self) -> str | None: ...
    @property
    def asked(self) -> str: ...


class Listed(Asked, Protocol):
    """What a list is asked; see `app.schemas.shapes.Counting`."""

    @property
    def counts(self) -> bool: ...


async def listed(work: Work, query: Select[Any], order: Order, asked: Listed) -> Page:
    """The page of `query` that was asked for, counted if that was asked as well."""
    found = await page(work, query, order, asked)
    return replace(found, total_count=await counted(work, query)) if asked.counts else found


async def page(
    work: Work,
    query: Select[Any],
    order: Order,
    asked: Asked,
    *,
    of: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> Page:
    """One page of `query`; a cursor of another question is refused. `of`: the question, where the
    filters alone do not say it. `values`: for what the query leaves open."""
    limit, cursor, question = asked.page_size, asked.cursor, asked.asked if of is None else of
    if cursor is not None:
        query = query.where(_beyond(order.keys, _unpack(work, cursor, order, question)))
    query = query.order_by(
        *(key.column.desc() if key.descending else key.column for key in order.keys)
    )
    found = await work.all(query.limit(limit + 1), values)
    more = len(found) > limit
    place = _pack(work, found[limit - 1], order, question) if more else None
    return Page(found[:limit], place)


def _beyond(keys: Sequence[Key], place: Sequence[Any]) -> ColumnElement[bool]:
    """Whether a row comes after this place. Rows compare as a whole where all keys run one way."""
    if len({key.descending for key in keys}) == 1:
        here, there = tuple_(*(key.column for key in keys)), tuple_(*place)
        return here < there if keys[0].descending else here > there
    first, value = keys[0], place[0]
    later = first.column < value if first.descending else first.column > value
    reached = first.column <= value if first.descending else first.column >= value
    tied = and_(first.column == value, _beyond(keys[1:], place[1:]))
    # `reached` says nothing new; an index on the first key can begin with it.
    return and_(reached, or_(later, tied))


def _pack(work: Work, row: Row[Any], order: Order, asked: str) -> str:
    values = [getattr(row, key.name) for key in order.keys]
    return cursor_to(values, order, asked, workspace_id=work.workspace_id, secret=work.home.secret)


def cursor_to(
    values: Sequence[Any], order: Order, asked: str, *, workspace_id: UUID, secret: bytes
) -> str:
    """The cursor to what comes after these values of the order's keys."""
    place = json.dumps([_text(value) for value in values]).encode()
    signed = _signature(workspace_id, secret, order, asked, place) + place
    return urlsafe_b64encode(signed).decode().rstrip("=")


def _unpack(work: Work, cursor: str, order: Order, asked: str) -> list[Any]:
    try:
        signed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        signature, place = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
        if not compare_digest(signature, _own_signature(work, order, asked, place)):
            raise ValueError("signature")
        parsers = _parsers(order)
        return [parse(value) for parse, value in zip(parsers, json.loads(place), strict=True)]
    except ValueError as error:
        detail = "This cursor does not belong to this list with these filters and this order."
        raise InvalidCursor.parameter("cursor", "invalid_cursor", detail) from error


def _own_signature(work: Work, order: Order, asked: str, place: bytes) -> bytes:
    return _signature(work.workspace_id, work.home.secret, order, asked, place)


def _signature(workspace_id: UUID, secret: bytes, order: Order, asked: str, place: bytes) -> bytes:
    """Made of everything the cursor belongs to: workspace (its secret), list, order, question.

    So a cursor that was changed, or comes with another question, does not fit. Nothing is granted
    by one that does: the page is asked for with the caller's own key and filters.
    """
    keys = [f"{'-' if key.descending else ''}{key.name}" for key in order.keys]
    context = json.dumps([str(workspace_id), str(order.id), keys, asked]).encode()
    return digest(secret, context + b"\n" + place, sha256)[:SIGNATURE_BYTES]


def _parsers(order: Order) -> Iterator[Any]:
    return (PARSERS[key.column.type.python_type] for key in order.keys)


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
