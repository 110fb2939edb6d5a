"""What the world sees of the costs of a source."""

from datetime import date, datetime, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.base import Day, In, Listing, MoneyIn, MoneyOut, Note, Out


class SourceCostIn(In):
    """What a source cost. Costs are only ever added: a wrong one is corrected by another."""

    from_: Annotated[
        Day, Field(alias="from", description="The first day; its currency rate counts.")
    ]
    to: Annotated[
        Day | None,
        Field(
            description="The day after the last. Default: the day after `from`. The amount is"
            " spread evenly over the days."
        ),
    ] = None
    amount: MoneyIn
    note: Note | None = None
    corrects_id: Annotated[
        UUID | None,
        Field(description="The cost in whose place this one stands. An amount of 0 takes it back."),
    ] = None

    @model_validator(mode="after")
    def days_in_order(self) -> Self:
        if self.to is not None and self.to <= self.from_:
            raise PydanticCustomError("period_empty", "from lies before to")
        return self

    @property
    def ends_on(self) -> date:
        return self.to or self.from_ + timedelta(days=1)


class CostFxOut(Out):
    rate: str
    date: date
    source: str


class SourceCostOut(Out):
    id: UUID
    source_id: UUID
    from_: Annotated[date, Field(serialization_alias="from")]
    to: date
    amount: MoneyOut
    reporting_amount: Annotated[
        MoneyOut | None,
        Field(description="At the rate of its first day; null where no rate is known."),
    ]
    fx: CostFxOut | None
    note: str | None
    corrects_id: Annotated[UUID | None, Field(description="The cost in whose place it stands.")]
    corrected_by_id: Annotated[
        UUID | None, Field(description="The cost that stands in its place: it counts no more.")
    ]
    recorded_at: datetime


class SourceCostQuery(Listing):
    """Latest days first; costs that were corrected are among them."""
