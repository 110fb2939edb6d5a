"""The gamma distribution, for sums too large to be worked out deal by deal."""

import math

_ROUNDS = 300
_TINY, _CLOSE = 1e-300, 1e-15


def gamma_share(shape: float, x: float) -> float:
    """P(X <= x) for scale 1, the regularised lower incomplete gamma function.

    By its series up to the bulk, by its continued fraction (Lentz) beyond.
    """
    if x <= 0:
        return 0.0
    front = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x < shape + 1:
        return min(1.0, front * _series(shape, x))
    return max(0.0, 1 - front * _fraction(shape, x))


def gamma_quantile(shape: float, share: float) -> float:
    """The x with P(X <= x) = share for scale 1, by bisection; 0 <= share < 1."""
    if share <= 0:
        return 0.0
    low, high = 0.0, max(1.0, 2 * shape)
    while gamma_share(shape, high) < share:
        low, high = high, high * 2
    for _ in range(_ROUNDS):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        low, high = (middle, high) if gamma_share(shape, middle) < share else (low, middle)
        if high - low <= 1e-10 * high:
            break
    return high


def _series(shape: float, x: float) -> float:
    term = total = 1 / shape
    for count in range(1, 100_000):
        term *= x / (shape + count)
        total += term
        if term < total * _CLOSE:
            break
    return total


def _fraction(shape: float, x: float) -> float:
    b = x + 1 - shape
    c, d = 1 / _TINY, 1 / b
    found = d
    for count in range(1, 100_000):
        a = -count * (count - shape)
        b += 2
        d, c = a * d + b, b + a / c
        d = 1 / (d if abs(d) > _TINY else _TINY)
        c = c if abs(c) > _TINY else _TINY
        found *= d * c
        if abs(d * c - 1) < _CLOSE:
            break
    return found
