"""What a few points more in one section are worth: the section to work on first."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

FIVE_POINTS = Fraction(5, 100)


@dataclass(frozen=True, slots=True)
class Lever:
    """One section, from 1, with `points` more: fewer than asked where its rate would pass 1.

    `order_value` is what the order grows by with an unchanged feed, `feed_saved` what the first
    milestone needs less for an unchanged order; None where a rate is not known.
    """

    section: int
    points: Fraction
    order_value: Fraction | None
    feed_saved: Fraction | None


def levers(
    target: Fraction,
    rates: Sequence[Fraction | None],
    retention: Sequence[Fraction] | None = None,
    points: Fraction = FIVE_POINTS,
) -> tuple[Lever, ...]:
    """ΔT_k = T·Δ/r_k and ΔV_1 = V_1·Δ/(r_k+Δ), where V_1 = T / Π(r_j·d_j).

    `ValueError` when a rate is not above 0 and at most 1, or the lengths differ.

    >>> found = levers(Fraction(100_000), [Fraction(r, 100) for r in (35, 60, 45, 30)])
    >>> [round(lever.order_value) for lever in found]
    [14286, 8333, 11111, 16667]
    """
    if any(rate is not None and not 0 < rate <= 1 for rate in rates):
        raise ValueError("a rate is above 0 and at most 1")
    kept = retention if retention is not None else [Fraction(1)] * len(rates)
    yields = [None if r is None else r * d for r, d in zip(rates, kept, strict=True)]
    known = [share for share in yields if share is not None]
    feed = target / prod(known) if len(known) == len(yields) else None
    return tuple(
        _lever(section, target, feed, rate, points) for section, rate in enumerate(rates, start=1)
    )


def first(found: Sequence[Lever]) -> Lever | None:
    """The one that adds most at the order; of equals the latest, because it pays soonest."""
    known = [lever for lever in found if lever.order_value]
    return max(known, key=lambda lever: (lever.order_value, lever.section), default=None)


def _lever(
    section: int, target: Fraction, feed: Fraction | None, rate: Fraction | None, points: Fraction
) -> Lever:
    if rate is None:
        return Lever(section, points, None, None)
    step = min(points, 1 - rate)
    saved = None if feed is None else feed * step / (rate + step)
    return Lever(section, step, target * step / rate, saved)
