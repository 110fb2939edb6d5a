"""What orders are measured by: their value, or their margin as far as it is known."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from app.schemas.base import MoneyOut, Out


class OrderUnit(StrEnum):
    """What an order is measured by."""

    ORDER_VALUE = "order_value"
    GROSS_MARGIN = "gross_margin"


OrderUnitKey = Annotated[
    OrderUnit,
    Field(
        description="What orders are measured by: their value, or what is left of it after the"
        " direct costs of their lines."
    ),
]


class MarginShareOut(Out):
    """What is left of an order's value, told from the orders of the process in the same days of
    which every line tells its cost."""

    share: Annotated[
        str | None, Field(examples=["0.3500"], description="Null where no margin is known.")
    ]
    order_value: Annotated[MoneyOut, Field(description="Of the orders whose margin is known.")]
    gross_margin: Annotated[MoneyOut | None, Field(description="Of the same; null: of none.")]
    n: Annotated[int, Field(description="Orders whose margin is known.")]
    missing_margin_count: Annotated[int, Field(description="Orders whose margin is not known.")]
    status: Annotated[
        str, Field(description="`ok` | `partial` | `unknown` (of no order) | `no_orders`.")
    ]
    source: Annotated[str, Field(examples=["observed"])]
    formula: str
