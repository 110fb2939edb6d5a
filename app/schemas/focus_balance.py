"""Where attention goes and where the potential lies, for new and for existing business."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.schemas.base import In, MoneyOut, Out
from app.schemas.matrix_stats import Share

Side = Literal["new", "existing", "unknown"]


class BalanceQuery(In):
    owner: Annotated[
        UUID | None, Field(description="Whose opportunities and accounts are looked at.")
    ] = None
    days: Annotated[int, Field(ge=1, le=3650, description="Effort of so many days.")] = 90


class SideOut(Out):
    """One kind of business; `unknown` are opportunities of which nobody knows it."""

    business_type: Side
    effort_count: Annotated[
        int, Field(description="What people noted about such opportunities; imports are none.")
    ]
    effort_share: Annotated[Share, Field(description="Of all that was noted.")]
    open_count: int
    open_value: Annotated[
        MoneyOut | None, Field(description="Null where some are open and no value is known.")
    ]
    open_share: Annotated[Share, Field(description="Of the value that is open.")]
    potential_count: Annotated[
        int, Field(description="Needs and attackable cells; existing: of accounts that buy.")
    ]
    potential_value: Annotated[
        MoneyOut | None, Field(description="Of a year; null where no value is known.")
    ]
    potential_share: Annotated[Share, Field(description="Of the potential value.")]


class MismatchOut(Out):
    """A kind of business that gets far less effort than its potential deserves."""

    code: Annotated[str, Field(examples=["existing_neglected"])]
    gap: Annotated[str, Field(description="Potential share less effort share of that business.")]
    text: str


class BalanceOut(Out):
    """The energy follows the attention: `mismatch` tells when the potential lies elsewhere."""

    data: list[SideOut]
    mismatch: Annotated[
        MismatchOut | None, Field(description="Null where shares lie less than 0.2 apart.")
    ]
    days: int
    currency: str
    as_of: datetime
    source: str
    formula: str
