"""What the world says and sees of renewals: lines of orders whose term comes to its end."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.schemas.base import In, Listing, MoneyIn, Name, Out
from app.schemas.orders import OrderLineOut

DueIn = Annotated[str, Field(pattern=r"^[0-9]{1,4}d$", examples=["90d"])]


class RenewalState(StrEnum):
    """Ordered again, being worked on, still to be begun, or over without having been renewed."""

    RENEWED = "renewed"
    IN_WORK = "in_work"
    DUE = "due"
    LAPSED = "lapsed"


class RenewalQuery(Listing):
    due_in: Annotated[
        DueIn, Field(description="Terms that end within so many days from today.")
    ] = "90d"
    ended_within: Annotated[
        DueIn, Field(description="Of the terms that are over: those that ended so lately.")
    ] = "90d"
    owner: Annotated[UUID | None, Field(description="Whose deal it was sold in.")] = None
    account: UUID | None = None
    product: UUID | None = None
    state: RenewalState | None = None


class RenewalOut(Out):
    """A line of an order whose term ends, and what is being done about it."""

    line: OrderLineOut
    opportunity_id: Annotated[UUID, Field(description="The deal in which it was ordered.")]
    name: Annotated[str, Field(description="Of that deal.")]
    account_id: UUID | None
    owner_id: UUID | None
    days_left: Annotated[
        int, Field(ge=-9999, description="From today to the last day; negative: over.")
    ]
    state: RenewalState
    renewed_until: Annotated[
        date | None,
        Field(description="The next end of a term this account has ordered for the product."),
    ]
    renewal_opportunity_id: Annotated[
        UUID | None, Field(description="The opportunity that was created to renew it.")
    ]


class RenewalIn(In):
    process_id: Annotated[str, Field(max_length=64, description="Id or key of the process.")]
    name: Annotated[
        Name | None, Field(description="Default: the name of the deal it was sold in.")
    ] = None
    owner_id: Annotated[UUID | None, Field(description="Default: who owns that deal.")] = None
    value: Annotated[MoneyIn | None, Field(description="Default: the amount of the line.")] = None
