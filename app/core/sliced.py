"""Pages of lists that were computed, not selected: the same cursors, without the database."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Callable, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import TypeVar

from app.core.errors import Fault, InvalidCursor
from app.core.page import Asked, Page

Item = TypeVar("Item")
# Where an item stands in the list: smallest first, by two numbers; the id (as text) breaks ties.
Rank = tuple[Decimal, Decimal, str]


def sliced(items: Sequence[Item], rank: Callable[[Item], Rank], asked: Asked) -> Page:
    """One page of items in the order of their ranks. A cursor of another question is refused."""
    ranked = sorted(((rank(item), item) for item in items), key=lambda pair: pair[0])
    limit, filters = asked.page_size, asked.asked
    if asked.cursor is not None:
        place = _unpack(asked.cursor, filters)
        ranked = [pair for pair in ranked if pair[0] > place]
    found = ranked[:limit]
    more = len(ranked) > limit
    return Page([item for _, item in found], _pack(found[-1][0], filters) if more else None)


def sliced_in_order(items: Sequence[Item], rank: Callable[[Item], Rank], asked: Asked) -> Page:
    """The same of items that lie in the order of their ranks: few of them are looked at."""
    limit, filters, begin = asked.page_size, asked.asked, 0
    if asked.cursor is not None:
        begin = bisect_right(items, _unpack(asked.cursor, filters), key=rank)
    found = items[begin : begin + limit]
    more = len(items) > begin + limit
    return Page(list(found), _pack(rank(found[-1]), filters) if more else None)


def _pack(rank: Rank, asked: str) -> str:
    place = [_bound(asked), str(rank[0]), str(rank[1]), rank[2]]
    return urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _unpack(cursor: str, asked: str) -> Rank:
    try:
        bound, first, second, id = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if bound != _bound(asked):
            raise ValueError(bound)
        numbers = Decimal(first), Decimal(second)
        if not all(number.is_finite() for number in numbers):
            raise ValueError(numbers)
        return *numbers, str(id)
    except (ValueError, TypeError, ArithmeticError, AttributeError) as error:
        detail = "This cursor does not belong to this list with these filters."
        fault: Fault = {"parameter": "cursor", "code": "invalid_cursor", "detail": detail}
        raise InvalidCursor(detail, faults=[fault]) from error


def _bound(asked: str) -> str:
    return sha256(asked.encode()).hexdigest()[:16]
