"""What the world sees of credits: who is credited with which part of which order."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import Listing, MoneyOut, Out, PageOut
from app.schemas.scopes import Business, Moment, PeriodKey


class CreditQuery(Listing, Moment):
    period: PeriodKey | None = None
    process: Annotated[str | None, Field(description="Id or key. Default: all of them.")] = None
    business_type: Business = Business.ALL
    owner: Annotated[
        UUID | None, Field(description="Orders in which this person has a share, whole as ever.")
    ] = None


class OrderPartOut(Out):
    """The part of one person in one line of an order."""

    person_id: Annotated[UUID | None, Field(description="Null: nobody is credited.")]
    percent: str | None
    line_id: Annotated[UUID | None, Field(description="Null: the order has no lines.")]
    product_id: Annotated[
        UUID | None,
        Field(description="Null: an order without lines, about no product or about several."),
    ]
    value: MoneyOut | None
    margin: Annotated[MoneyOut | None, Field(description="Null: a cost is not known.")]


class CreditedOrderOut(Out):
    """An order, and the parts it falls into: they add up to it to the last unit."""

    order_id: Annotated[UUID, Field(description="The event that told of it.")]
    opportunity_id: UUID
    name: str
    process_id: UUID
    account_id: UUID | None
    business_type: str | None
    business_subtype: str | None
    ordered_at: datetime
    ordinal: Annotated[int, Field(description="From 2: a further partial order of the deal.")]
    new_customer: Annotated[
        bool | None,
        Field(description="Whether it is the account's first order; null without an account."),
    ]
    value: Annotated[
        MoneyOut | None, Field(description="In the reporting currency, frozen at the order.")
    ]
    margin: Annotated[
        MoneyOut | None, Field(description="`value` less the costs of all lines, at its rate.")
    ]
    parts: list[OrderPartOut]


class CreditTotalsOut(Out):
    """All orders that were asked for, on all pages together."""

    order_count: Annotated[int, Field(description="Deals ordered; partial orders are one.")]
    value: MoneyOut | None
    missing_value_count: int
    margin: Annotated[
        MoneyOut | None, Field(description="Of the orders whose margin is known; null: of none.")
    ]
    missing_margin_count: Annotated[int, Field(description="Orders whose margin is not known.")]
    customer_count_new: Annotated[
        int, Field(description="Accounts that ordered for the first time.")
    ]
    repeat_orders: Annotated[int, Field(description="Deals ordered by accounts that had before.")]


class CreditPage(PageOut[CreditedOrderOut]):
    totals: CreditTotalsOut
    period: str
    business_type: str
    as_of: datetime
    effective_at: datetime | None
    source: str
    formula: str
