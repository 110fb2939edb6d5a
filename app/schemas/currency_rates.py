"""What the world sees of currency rates."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field, field_serializer

from app.schemas.base import Amount, Currency, Day, In, Listing, Out, Source


class CurrencyRateIn(In):
    currency: Annotated[Currency, Field(examples=["USD"])]
    day: Annotated[Day, Field(description="The first day on which the rate holds.")]
    rate: Annotated[
        Amount,
        Field(
            gt=0,
            examples=["0.9215"],
            description="What one unit is worth in the reporting currency, as a decimal string.",
        ),
    ]
    source: Annotated[Source, Field(description="Who says so.", examples=["ECB"])] = "api"


class CurrencyRateOut(Out):
    id: UUID
    currency: str
    day: date
    rate: Decimal
    source: str
    recorded_at: datetime

    @field_serializer("rate")
    def plain(self, rate: Decimal) -> str:
        """Never with an exponent: 1E-7 is a number to few readers of JSON."""
        return f"{rate:f}"


class CurrencyRateQuery(Listing):
    currency: str | None = None
