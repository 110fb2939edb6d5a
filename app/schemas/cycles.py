"""What the world sees of cycles: after how many days customers order a product again."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.base import Listing, Out, PageOut


class CycleBy(StrEnum):
    """Each customer's own cycle of a product, or one for all customers together."""

    ACCOUNT = "account"
    PRODUCT = "product"


class CycleSource(StrEnum):
    """The account's own orders, or, as long as there is only one, those of all accounts."""

    OWN = "own"
    PRODUCT = "product"


class CycleQuery(Listing):
    by: CycleBy = CycleBy.ACCOUNT
    account: UUID | None = None
    product: UUID | None = None
    owner: Annotated[UUID | None, Field(description="Who looks after the account.")] = None
    overdue: Annotated[
        bool | None, Field(description="Whether the next order should have come by now.")
    ] = None

    @model_validator(mode="after")
    def of_somebody(self) -> Self:
        whose = self.account or self.owner
        if self.by is CycleBy.PRODUCT and (whose or self.overdue is not None):
            raise PydanticCustomError(
                "of_all_accounts",
                "by=product is of all accounts: leave account, owner, overdue out",
            )
        return self


class CycleOut(Out):
    """How often a product is ordered, and when it should be ordered next."""

    account_id: Annotated[UUID | None, Field(description="Null: of all accounts together.")]
    product_id: UUID
    orders: Annotated[int, Field(description="Days on which it was ordered.")]
    first_on: date
    last_on: date
    median_days: Annotated[
        str | None, Field(examples=["91.5"], description="From one order to the next.")
    ]
    n: Annotated[int, Field(description="Stretches between two orders that were seen.")]
    status: Annotated[
        str, Field(description="`ok` from three stretches on | `low_sample` | `unknown`.")
    ]
    source: CycleSource | None
    next_expected_on: Annotated[
        date | None, Field(description="The last order and the median, rounded up to a day.")
    ]
    overdue_days: Annotated[
        int | None, Field(description="Since then; 0: not yet. Null: nothing is expected.")
    ]


class CyclePage(PageOut[CycleOut]):
    as_of: datetime
    formula: str
