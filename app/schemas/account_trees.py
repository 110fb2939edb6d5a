"""What the world sees of a group of accounts: its tree, and what it is worth together."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.schemas.base import In, Listing, MoneyOut, Out
from app.schemas.opportunities import BusinessSubtype, BusinessType


class TreeQuery(Listing):
    """Page by page."""


class AboveOut(Out):
    """An account above."""

    id: UUID
    name: str


class TreeNodeOut(Out):
    """An account in the tree; `depth` is 0 for the one that was asked for."""

    id: UUID
    name: str
    parent_id: UUID | None
    depth: int


class AccountTreeOut(Out):
    """The account and all below it, level by level."""

    account_id: UUID
    path: Annotated[list[AboveOut], Field(description="What it belongs to, the top first.")]
    data: list[TreeNodeOut]
    next_cursor: str | None


class SummaryQuery(In):
    together: Annotated[
        Literal["descendants"] | None,
        Field(alias="with", description="`descendants`: with all accounts below it."),
    ] = None


class AccountSummaryOut(Out):
    """What was ordered and what stands open, in the reporting currency.

    An amount is null where some are there and none is known.
    """

    account_id: UUID
    accounts: Annotated[int, Field(description="How many accounts are counted together.")]
    currency: str
    open_count: Annotated[int, Field(description="Neither won nor given up; those on hold too.")]
    open_value: Annotated[MoneyOut | None, Field(description="At the currency rates of today.")]
    open_missing_value_count: int
    won_count: int
    won_value: Annotated[MoneyOut | None, Field(description="As it was counted when ordered.")]
    won_missing_value_count: int
    orders: Annotated[int, Field(description="Partial orders, each of them.")]
    customers: Annotated[int, Field(description="How many of the accounts ever ordered.")]
    repeat_orders: Annotated[int, Field(description="Orders after the first one of an account.")]
    first_order_at: datetime | None
    last_order_at: datetime | None
    business_type: Annotated[
        BusinessType, Field(description="Of an opportunity that this account would have today.")
    ]
    business_subtype: BusinessSubtype | None
    as_of: datetime
