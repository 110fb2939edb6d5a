"""Ratios on the wire: four decimals, never rounded to something they are not."""

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

_PLACES = 4
_STEP = Decimal(1).scaleb(-_PLACES)


def ratio_out(exact: Fraction | None) -> str | None:
    """Cut off, not rounded: "1.0000" means that all of it is there.

    >>> ratio_out(Fraction(19, 31)), ratio_out(Fraction(99_999, 100_000)), ratio_out(None)
    ('0.6129', '0.9999', None)
    """
    return None if exact is None else _text(floor(exact * 10**_PLACES))


def needed_out(exact: Fraction | None) -> str | None:
    """Upwards: a requirement rounded down would miss its target.

    >>> needed_out(Fraction(64, 23))
    '2.7827'
    """
    return None if exact is None else _text(ceil(exact * 10**_PLACES))


def chance_out(estimate: float | None) -> str | None:
    """An estimate, rounded: its last decimal promises nothing anyway.

    >>> chance_out(0.41666), chance_out(None)
    ('0.4167', None)
    """
    return None if estimate is None else f"{Decimal(repr(float(estimate))).quantize(_STEP):f}"


def _text(ten_thousandths: int) -> str:
    return f"{Decimal(ten_thousandths).scaleb(-_PLACES):f}"
