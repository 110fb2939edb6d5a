"""Money as exact decimals, and the only places where an exact number is rounded to a payable one.

Nothing here uses decimal arithmetic: its context would round long amounts silently. Integers and
fractions do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Self

from app.engine.currencies import DECIMALS

_LARGEST_POWER = 40  # refuses 1e999999 and 1e-999999: short to write, endless to expand


def is_currency(code: str) -> bool:
    return code in DECIMALS


def exponent(currency: str) -> int:
    """How many decimals the currency has; `ValueError` when it is no active ISO 4217 code.

    >>> [exponent(code) for code in ("EUR", "JPY", "KWD")]
    [2, 0, 3]
    """
    if currency not in DECIMALS:
        raise ValueError(f"{currency!r} is not an active ISO 4217 currency code")
    return DECIMALS[currency]


@dataclass(frozen=True, slots=True)
class Money:
    amount: Decimal
    currency: str

    @classmethod
    def of_minor(cls, minor: int, currency: str) -> Self:
        """
        >>> Money.of_minor(-150, "KWD")
        Money(amount=Decimal('-0.150'), currency='KWD')
        """
        return cls(_from_minor(minor, currency), currency)

    @property
    def minor(self) -> int:
        """In the smallest unit of the currency (cents); `ValueError` when that is not whole."""
        power = self.amount.as_tuple().exponent
        if not isinstance(power, int) or abs(power) > _LARGEST_POWER:
            raise ValueError(f"{self.amount} is not an amount of money")
        places = exponent(self.currency)
        exact: Fraction = Fraction(self.amount) * 10**places
        if exact.denominator != 1:
            raise ValueError(f"{self.currency} has {places} decimals, {self.amount} has more")
        return exact.numerator

    @property
    def text(self) -> str:
        """The one way to write this amount: plain digits, all decimals of the currency.

        >>> Money(Decimal("1E+5"), "EUR").text, Money(Decimal("100.0"), "JPY").text
        ('100000.00', '100')
        """
        return f"{_from_minor(self.minor, self.currency):f}"


def ceil_to_minor(exact: Fraction, currency: str) -> Decimal:
    """Upwards to the smallest unit: a requirement rounded down would miss its target.

    >>> ceil_to_minor(Fraction(100, 3), "EUR")
    Decimal('33.34')
    """
    return _from_minor(ceil(exact * 10 ** exponent(currency)), currency)


def round_to_minor(exact: Fraction | Decimal, currency: str) -> Decimal:
    """To the nearest smallest unit, halves to the even one, so that sums do not drift.

    >>> round_to_minor(Decimal("2.345"), "EUR"), round_to_minor(Decimal("2.355"), "EUR")
    (Decimal('2.34'), Decimal('2.36'))
    """
    return _from_minor(round(Fraction(exact) * 10 ** exponent(currency)), currency)


def split(total: int, weights: Sequence[Fraction | int]) -> tuple[int, ...]:
    """Whole shares of `total` in proportion to `weights` that add up to `total` exactly.

    Largest remainder method; equal remainders go to the earlier share. A negative total gives the
    mirror image of the positive one. `ValueError` when no weight is positive or one is negative.

    >>> split(10_000_000, [1, 1, 1])
    (3333334, 3333333, 3333333)
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must not be negative and at least one must be positive")
    sign = -1 if total < 0 else 1
    exact = [Fraction(abs(total) * weight) / whole for weight in weights]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: shares[i] - exact[i])
    for i in by_remainder[: abs(total) - sum(shares)]:
        shares[i] += 1
    return tuple(sign * share for share in shares)


def _from_minor(minor: int, currency: str) -> Decimal:
    sign, digits, _ = Decimal(minor).as_tuple()
    return Decimal((sign, digits, -exponent(currency)))
