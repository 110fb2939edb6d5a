"""Amounts as exact fractions, so that parts add up to their whole in any order."""

import math
from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext
from fractions import Fraction

Amount = Fraction | Decimal | int | float
# So many digits as no sum of money ever has.
_EXACTLY = Context(prec=100, traps=[Inexact, InvalidOperation])


def exact(amount: Amount | None) -> Fraction | None:
    """The amount, None where it is not known (None or NaN).

    A float is read as the shortest decimal it stands for, which is what it was made from.

    >>> exact(0.1), exact(float("nan"))
    (Fraction(1, 10), None)
    """
    if amount is None or math.isnan(amount):
        return None
    return Fraction(Decimal(repr(amount)) if isinstance(amount, float) else amount)


def total(amounts: Iterable[Fraction | None]) -> Fraction:
    """The sum of those that are known. Most of them have one of few denominators: these are added
    up first, as whole numbers."""
    sums: dict[int, int] = {}
    for amount in amounts:
        if amount is not None:
            below = amount.denominator
            sums[below] = sums.get(below, 0) + amount.numerator
    return sum((Fraction(above, below) for below, above in sums.items()), Fraction(0))


def divided_total(amounts: Iterable[tuple[Decimal, Fraction | int]]) -> Fraction:
    """The sum of a share of each amount. Most shares are whole.

    >>> divided_total([(Decimal("10.10"), 1), (Decimal(9), Fraction(1, 3))])
    Fraction(131, 10)
    """
    sums: dict[int, int] = {}
    parts = []
    for amount, share in amounts:
        above, below = amount.as_integer_ratio()
        if share.numerator == share.denominator:
            sums[below] = sums.get(below, 0) + above
        else:
            parts.append(Fraction(above, below) * share)
    whole = sum((Fraction(above, below) for below, above in sums.items()), Fraction(0))
    return whole + total(parts)


def unknown(amount: Amount | None) -> bool:
    """None or NaN."""
    return amount is None or math.isnan(amount)


def sum_of(amounts: Iterable[Amount | None]) -> Fraction:
    """The same of amounts of any kind, read as `exact` does. Decimals are added up as such, by
    which nothing is lost: what would be rounded is refused, and added up as fractions.

    >>> sum_of([0.1, Decimal("0.2"), None, Fraction(1, 3)])
    Fraction(19, 30)
    """
    known = [amount for amount in amounts if amount is not None and amount == amount]  # noqa: PLR0124 - NaN
    rest = [amount for amount in known if isinstance(amount, Fraction)]
    plain = [
        Decimal(repr(amount)) if isinstance(amount, float) else Decimal(amount)
        for amount in known
        if not isinstance(amount, Fraction)
    ]
    try:
        with localcontext(_EXACTLY):
            return Fraction(sum(plain, Decimal(0))) + total(rest)
    except (Inexact, InvalidOperation):
        return total(exact(amount) for amount in known)


def known_total(amounts: Iterable[Fraction | None]) -> Fraction | None:
    """The sum of those that are known; None where there are some and not one is known.

    >>> known_total([]), known_total([None]), known_total([None, Fraction(2)])
    (Fraction(0, 1), None, Fraction(2, 1))
    """
    found = list(amounts)
    known = [amount for amount in found if amount is not None]
    return total(known) if known or not found else None
