"""What is said of an order, line by line, and what the world sees of it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.base import Amount, Day, In, Key, Listing, MoneyIn, MoneyOut, Out, money_out
from app.schemas.scopes import Moment


class OrderLineIn(In):
    product_id: UUID | None = None
    product_key: Annotated[Key | None, Field(description="In place of `product_id`.")] = None
    quantity: Annotated[
        Amount | None, Field(gt=0, examples=["2"], description="Default: not known.")
    ] = None
    amount: Annotated[MoneyIn, Field(description="Of the whole line, after discounts.")]
    term_start: Annotated[Day | None, Field(description="The first day it is paid for.")] = None
    term_end: Annotated[
        Day | None, Field(description="The last day it is paid for; then a renewal is due.")
    ] = None
    direct_cost: Annotated[
        MoneyIn | None,
        Field(description="What the line costs us by itself. Default: not known, which is not 0."),
    ] = None

    @model_validator(mode="after")
    def one_product(self) -> Self:
        if (self.product_id is None) == (self.product_key is None):
            raise PydanticCustomError("one_product", "send product_id or product_key, one of them")
        return self

    @model_validator(mode="after")
    def one_term(self) -> Self:
        if self.term_start and self.term_end and self.term_end < self.term_start:
            raise PydanticCustomError("term_backwards", "term_end lies before term_start")
        return self


class OrderLineOut(Out):
    id: UUID
    product_id: UUID
    quantity: Annotated[str | None, Field(description="Null: nobody said.")]
    amount: MoneyOut
    direct_cost: Annotated[MoneyOut | None, Field(description="Null: not known, which is not 0.")]
    margin: Annotated[MoneyOut | None, Field(description="`amount` less `direct_cost`.")]
    term_start: date | None
    term_end: date | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of `order_lines`."""
        plain = {name: getattr(row, name) for name in ("id", "product_id", "term_start")}
        return cls(
            **plain,
            term_end=row.term_end,
            quantity=None if row.quantity is None else f"{row.quantity.normalize():f}",
            amount=MoneyOut.model_validate(money_out(row.amount, row.currency)),
            direct_cost=money_out(row.direct_cost, row.currency),
            margin=money_out(left(row.amount, row.direct_cost), row.currency),
        )


class OrderOut(Out):
    """One order: what was agreed, and what is left of it."""

    id: Annotated[UUID, Field(description="The event that told of it.")]
    ordinal: Annotated[int, Field(description="From 2: a further partial order of the deal.")]
    ordered_at: datetime
    owner_id: Annotated[UUID | None, Field(description="Who owned the deal then.")]
    net_value: MoneyOut | None
    direct_cost: Annotated[
        MoneyOut | None, Field(description="Of all lines; null as soon as one is not known.")
    ]
    margin: Annotated[MoneyOut | None, Field(description="`net_value` less `direct_cost`.")]
    reporting_value: Annotated[
        MoneyOut | None, Field(description="In the reporting currency, frozen at the order.")
    ]
    missing_cost_count: Annotated[
        int | None, Field(description="Lines whose cost is not known; null without lines.")
    ]
    lines: list[OrderLineOut]
    product_ids: Annotated[
        list[UUID],
        Field(description="What was bought: by the lines, else what the deal is about."),
    ]


class OrderQuery(Listing, Moment):
    pass


def left(amount: Decimal | None, cost: Decimal | None) -> Decimal | None:
    """What an amount leaves; unknown where one of the two is."""
    return None if amount is None or cost is None else amount - cost
