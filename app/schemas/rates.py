"""Rates on the wire: exact on the way in, decimal strings on the way out."""

from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction
from typing import Annotated, Any

from pydantic import Field, PlainValidator
from pydantic_core import PydanticCustomError

from app.engine import rates
from app.schemas.base import In

DIGITS = 20
SAYING = {
    "rate_malformed": 'a rate is a decimal string such as "0.35", or {"num": 1, "den": 3}',
    "rate_must_be_positive": "a rate is above 0: a section that lets nothing through has no target",
    "rate_above_one": "a rate is at most 1",
    "retention_malformed": 'a retention is a decimal string like "1.1", or {"num": 11, "den": 10}',
    "retention_must_be_positive": "a retention is above 0",
}


class RatioIn(In):
    """A rate that no decimal can say: one in three is `{"num": 1, "den": 3}`."""

    num: Annotated[int, Field(gt=0, examples=[1])]
    den: Annotated[int, Field(gt=0, examples=[3])]


def _parsed(parse: Callable[[str | tuple[int, int]], Fraction], name: str) -> PlainValidator:
    def exact(value: Any) -> Fraction:
        try:
            return value if isinstance(value, Fraction) else parse(_raw(value, name))
        except rates.BadRate as error:
            raise PydanticCustomError(error.code, SAYING[error.code]) from error

    return PlainValidator(exact, json_schema_input_type=str | RatioIn)


def _raw(value: Any, name: str) -> str | tuple[int, int]:
    """JSON numbers are refused: 0.1 may already be something else."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and value.keys() == {"num", "den"}:
        num, den = value["num"], value["den"]
        if type(num) is int and type(den) is int:
            return num, den
    raise rates.BadRate(f"{name}_malformed")


RateIn = Annotated[
    Fraction,
    _parsed(rates.rate, "rate"),
    Field(examples=["0.35"], description='A decimal string, or `{"num": 1, "den": 3}`.'),
]
RetentionIn = Annotated[
    Fraction,
    _parsed(rates.retention, "retention"),
    Field(
        examples=["1.1"],
        description="Share of the value that is kept on the way through a section; may exceed 1.",
    ),
]


def rate_out(exact: Fraction) -> str:
    """Exactly where 20 significant digits suffice, else rounded to them.

    >>> rate_out(Fraction(7, 20)), rate_out(Fraction(1, 3))
    ('0.35', '0.33333333333333333333')
    """
    context = Context(prec=DIGITS)
    return f"{context.divide(Decimal(exact.numerator), Decimal(exact.denominator)):f}"
