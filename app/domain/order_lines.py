"""The lines of an order as they are told: read, checked against its amount, and kept."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import insert, or_

from app.core.errors import Invalid, NotFound
from app.core.ids import uuid7
from app.core.work import Work
from app.schemas.base import MoneyIn
from app.schemas.events import ReachIn, amount_of
from app.schemas.orders import OrderLineIn
from app.tables import OrderLine, Product

# As long as an amount may be; a sum of lines must not become longer.
LARGEST = Decimal(10**18)


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its product found."""

    product_id: UUID
    quantity: Decimal | None
    amount: Decimal
    currency: str
    direct_cost: Decimal | None
    term_start: date | None
    term_end: date | None


async def read(work: Work, told: ReachIn, *, is_order: bool) -> list[Line]:
    """The lines of what was told; `Invalid` where they do not fit it."""
    if not is_order and told.lines:
        raise Invalid.at("/lines", "not_the_order", "only an order consists of lines")
    if is_order and told.amount is None and not told.lines:
        raise Invalid.at("/amount", "missing", "an order has an amount")
    if not told.lines:
        return []
    _one_currency(told)
    products = await _products(work, told.lines)
    lines = [_line(each, products[_named(each)]) for each in told.lines]
    _adds_up(told.amount, lines)
    return lines


def total(lines: Sequence[Line]) -> tuple[Decimal, str] | None:
    """What the lines amount to; None without lines."""
    if not lines:
        return None
    return sum((line.amount for line in lines), Decimal(0)), lines[0].currency


async def keep(work: Work, opportunity_id: UUID, event_id: UUID, lines: Sequence[Line]) -> None:
    """Write the lines of an order beside its event, all in one statement."""
    if not lines:
        return
    own = {
        "workspace_id": work.workspace_id,
        "opportunity_id": opportunity_id,
        "event_id": event_id,
    }
    rows = [
        own | {"id": uuid7(), "position": place} | asdict(line)
        for place, line in enumerate(lines, start=1)
    ]
    await work.db.execute(insert(OrderLine), rows)


def _one_currency(told: ReachIn) -> None:
    currency = (told.amount or told.lines[0].amount).currency
    for index, line in enumerate(told.lines):
        for name, money in (("amount", line.amount), ("direct_cost", line.direct_cost)):
            if money is not None and money.currency != currency:
                detail = f"an order is in one currency; here it is {currency}"
                raise Invalid.at(f"/lines/{index}/{name}/currency", "another_currency", detail)


async def _products(work: Work, lines: Sequence[OrderLineIn]) -> dict[UUID | str, UUID]:
    """Every product by what the lines call it, in one statement."""
    names = [_named(line) for line in lines]
    columns: tuple[Any, ...] = (Product.id, Product.key)
    query = work.rows(Product).with_only_columns(*columns)
    ids = [name for name in names if isinstance(name, UUID)]
    keys = [name for name in names if isinstance(name, str)]
    found: dict[UUID | str, UUID] = {}
    for row in await work.all(query.where(or_(Product.id.in_(ids), Product.key.in_(keys)))):
        found |= {row.id: row.id, row.key: row.id}
    for index, name in enumerate(names):
        if name not in found:
            if isinstance(name, UUID):
                raise NotFound(f"There is no product {name}.")
            detail = f"there is no product with the key {name!r}"
            raise Invalid.at(f"/lines/{index}/product_key", "unknown_product", detail)
    return found


def _named(line: OrderLineIn) -> UUID | str:
    name = line.product_id or line.product_key
    assert name is not None
    return name


def _line(told: OrderLineIn, product_id: UUID) -> Line:
    amount, currency = amount_of(told.amount)
    assert amount is not None
    assert currency is not None
    cost, _ = amount_of(told.direct_cost)
    return Line(product_id, told.quantity, amount, currency, cost, told.term_start, told.term_end)


def _adds_up(amount: MoneyIn | None, lines: Sequence[Line]) -> None:
    together = sum((line.amount for line in lines), Decimal(0))
    if amount is not None and amount.amount != together:
        detail = f"the lines add up to {together}, the amount says {amount.amount}"
        raise Invalid.at("/lines", "not_the_amount", detail)
    if together >= LARGEST:
        raise Invalid.at("/lines", "amount_too_large", "an amount has at most 18 digits")
