"""Configured rates: what a person or a program may state as a section's rate, as exact numbers."""

import re
from decimal import Decimal
from fractions import Fraction

_PLAIN = re.compile(r"-?[0-9]*\.?[0-9]+")
_MOST_DIGITS, _MOST_PLACES, _MOST_TEXT = 30, 40, 64


class Refused(ValueError):
    """Input that means nothing here; `code` is stable, for programs."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class BadRate(Refused):
    """No rate, or no retention."""


def rate(value: str | Decimal | tuple[int, int]) -> Fraction:
    """A configured success rate, 0 < rate ≤ 1, from a plain decimal or (numerator, denominator).

    At most 30 significant digits and no exponent in a text. `BadRate` with the code
    `rate_malformed`, `rate_must_be_positive` or `rate_above_one`.

    >>> rate("0.35"), rate((1, 3))
    (Fraction(7, 20), Fraction(1, 3))
    """
    exact = _positive(value, "rate")
    if exact > 1:
        raise BadRate("rate_above_one")
    return exact


def retention(value: str | Decimal | tuple[int, int]) -> Fraction:
    """A configured value retention: like `rate`, but it may be above 1."""
    return _positive(value, "retention")


def _positive(value: str | Decimal | tuple[int, int], name: str) -> Fraction:
    exact = _exact(value)
    if exact is None:
        raise BadRate(f"{name}_malformed")
    if exact <= 0:
        raise BadRate(f"{name}_must_be_positive")
    return exact


def _exact(value: str | Decimal | tuple[int, int]) -> Fraction | None:
    """None when malformed. Sizes are capped first: 1e-999999 must not cost a million digits."""
    if isinstance(value, tuple):
        num, den = value
        fits = den > 0 and max(abs(num), den) < 10**_MOST_DIGITS
        return Fraction(num, den) if fits else None
    if isinstance(value, str):
        if len(value) > _MOST_TEXT or _PLAIN.fullmatch(value) is None:
            return None
        value = Decimal(value)
    _, digits, power = value.as_tuple()
    if not isinstance(power, int) or abs(power) > _MOST_PLACES or len(digits) > _MOST_DIGITS:
        return None
    return Fraction(value)
