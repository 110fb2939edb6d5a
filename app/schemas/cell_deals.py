"""What is said of the opportunity that a cell of the matrix gives rise to."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.schemas.base import In, Listing, MoneyIn, Name, Out


class CellOpportunityIn(In):
    process_id: Annotated[str, Field(max_length=64, description="Id or key of the process.")]
    name: Annotated[
        Name | None, Field(description="Default: made of the account and the product.")
    ] = None
    owner_id: Annotated[UUID | None, Field(description="Default: who looks after the account.")] = (
        None
    )
    value: Annotated[
        MoneyIn | None, Field(description="Default: what the need is estimated to be worth.")
    ] = None


class LapseQuery(Listing):
    months: Annotated[
        int, Field(ge=1, le=240, description="Without an order, and without a word, for so long.")
    ] = 24
    account: UUID | None = None
    product: UUID | None = None
    owner: Annotated[UUID | None, Field(description="Who looks after the account.")] = None


class LapseOut(Out):
    """A customer that counts as buying a product and has not ordered it for long."""

    account_id: UUID
    product_id: UUID
    ours: Annotated[
        Literal["unknown"], Field(description="Whether it still buys it, nobody knows any more.")
    ]
    last_ordered_on: Annotated[date | None, Field(description="Null: no order of it is known.")]
    last_said_on: Annotated[
        date, Field(description="When an order or a person said last that it buys it.")
    ]
    question: Annotated[str, Field(description="What to ask the customer.")]
