"""What every request and answer is made of: money, rates, instants, pages."""

import re
import warnings
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic.warnings import UnsupportedFieldAttributeWarning
from pydantic_core import PydanticCustomError

from app.engine import money

Item = TypeVar("Item")
# Models are built when something of their kind first comes or goes: a server starts a third faster.
# FastAPI gives the bodies of requests a name that says nothing here, and hides this warning of it
# where it declares them, before they are built.
warnings.filterwarnings("ignore", category=UnsupportedFieldAttributeWarning)


class In(BaseModel):
    """What clients send: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False, defer_build=True)


class Out(BaseModel):
    """What clients get: every field is always there."""

    model_config = ConfigDict(from_attributes=True, defer_build=True)


def _storable(text: str) -> str:
    if "\x00" in text:
        raise PydanticCustomError("nul_character", "text must not contain the character NUL")
    return text


def _filled(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "must not be blank")
    return _storable(text)


def _currency(code: str) -> str:
    if not money.is_currency(code):
        raise PydanticCustomError(
            "unknown_currency", "'{code}' is not an ISO 4217 code", {"code": code[:20]}
        )
    return code


def _plain(value: Any) -> Any:
    """Amounts travel as decimal strings: a JSON number may already have lost its cents.

    Python would read `1_000`, ` 1 ` and the digits of other scripts as well; nobody else does.
    """
    if not (isinstance(value, str) and _DECIMAL.fullmatch(value)):
        raise PydanticCustomError("decimal_string", 'an amount is a string such as "1250.00"')
    return value


def _said(value: Any) -> Any:
    """Moments are text: of a number nobody knows whether it counts seconds or milliseconds."""
    if isinstance(value, datetime) or (isinstance(value, str) and _DAY.match(value)):
        return value
    raise PydanticCustomError("not_an_instant", "must be an instant such as 2026-07-20T09:30:00Z")


def _in_utc(moment: datetime) -> datetime:
    if not EARLIEST.year <= moment.year <= LATEST.year:
        raise PydanticCustomError("out_of_range", "must lie between the years 1900 and 2199")
    return moment.astimezone(UTC)


def _day(value: Any) -> Any:
    if isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise PydanticCustomError("not_a_date", "must be a date such as 2026-07-20")


_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE_DIGITS = 18
# Far enough for everything sold, near enough for every calendar and time zone to reckon with.
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)

Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_filled)]
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Note = Annotated[str, Field(max_length=10_000), AfterValidator(_storable)]
Sentence = Annotated[str, Field(min_length=1, max_length=1_000), AfterValidator(_filled)]
Short = Annotated[str, Field(max_length=200), AfterValidator(_storable)]
Source = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_filled)]
ExternalId = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_filled)]
Currency = Annotated[str, AfterValidator(_currency)]
Amount = Annotated[
    Decimal,
    BeforeValidator(_plain),
    Field(max_digits=24, allow_inf_nan=False, json_schema_extra={"type": "string"}),
]
Instant = Annotated[AwareDatetime, BeforeValidator(_said), AfterValidator(_in_utc)]
Day = Annotated[date, Field(ge=EARLIEST, le=LATEST), BeforeValidator(_day)]
Days = Annotated[int, Field(ge=1, le=3650, strict=True)]


class MoneyIn(In):
    amount: Annotated[Amount, Field(ge=0, examples=["100000.00"])]
    currency: Annotated[Currency, Field(examples=["EUR"])]

    @model_validator(mode="after")
    def fits_the_currency(self) -> Self:
        exponent = money.exponent(self.currency)
        scale = self.amount.as_tuple().exponent
        if (
            isinstance(scale, int)
            and -scale > exponent
            and self.amount != round(self.amount, exponent)
        ):
            raise PydanticCustomError(
                "too_many_decimals",
                "{currency} has {exponent} decimals",
                {"currency": self.currency, "exponent": exponent},
            )
        if self.amount and self.amount.adjusted() >= _WHOLE_DIGITS:
            raise PydanticCustomError(
                "amount_too_large", "an amount has at most 18 digits before the point"
            )
        return self


class MoneyOut(Out):
    amount: Annotated[str, Field(examples=["100000.00"])]
    currency: Annotated[str, Field(examples=["EUR"])]


def money_out(amount: Decimal | None, currency: str | None) -> MoneyOut | None:
    """None when unknown: an unknown amount is never 0."""
    if amount is None or currency is None:
        return None
    return MoneyOut(amount=money.Money(amount, currency).text, currency=currency)


def digits(value: Any) -> Any:
    """Plain digits only; Python itself would read `1_0` as ten."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise PydanticCustomError("not_a_number", "a page has a whole number of rows, at least 1")
    return value


class Listing(In):
    """The questions every list understands."""

    limit: Annotated[
        int, BeforeValidator(digits), Field(ge=1, description="At most 200 per page.")
    ] = 50
    cursor: Annotated[str | None, Field(description="`next_cursor` of the page before.")] = None

    @property
    def page_size(self) -> int:
        """A larger page than 200 is answered with 200: the cursor tells that there is more."""
        return min(self.limit, 200)

    @property
    def asked(self) -> str:
        """The filters of this question, to which its cursor is bound.

        Defaults are left out: a cursor survives the release that adds a parameter.
        """
        return self.model_dump_json(exclude={"limit", "cursor"}, exclude_defaults=True)


class PageOut(Out, Generic[Item]):
    data: list[Item]
    next_cursor: str | None
