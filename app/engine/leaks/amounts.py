"""Amounts as exact fractions, so that parts add up to their whole in any order."""

import math
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

Amount = Fraction | Decimal | int | float


def exact(amount: Amount | None) -> Fraction | None:
    """The amount, None where it is not known (None or NaN).

    A float is read as the shortest decimal it stands for, which is what it was made from.

    >>> exact(0.1), exact(float("nan"))
    (Fraction(1, 10), None)
    """
    if amount is None or math.isnan(amount):
        return None
    return Fraction(str(amount)) if isinstance(amount, float) else Fraction(amount)


def total(amounts: Iterable[Fraction | None]) -> Fraction:
    """The sum of those that are known."""
    return sum((amount for amount in amounts if amount is not None), Fraction(0))
