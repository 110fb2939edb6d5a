"""What customers buy together, and so which product an account may want next.

The lift of a pair says how many times as often the second product is bought by those who buy the
first as by everybody. Of few it says little: it is drawn to 1, as if `KAPPA` further buyers of the
first had bought the second as often as everybody does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

from app.engine.matrix.worth import KAPPA, Sample, mean, shrunk

Product = TypeVar("Product")


@dataclass(frozen=True, slots=True)
class Pair(Generic[Product]):
    """Of those that buy `bought`, it is known of `n` whether they buy `wanted`; `both` do."""

    bought: Product
    wanted: Product
    n: int
    both: int


@dataclass(frozen=True, slots=True)
class Affinity(Generic[Product]):
    """`chance` that who buys `bought` buys `wanted` as well, and how that compares with everybody.

    `observed` is the lift before it was drawn to 1; None where none of the `n` could tell.
    """

    bought: Product
    wanted: Product
    n: int
    both: int
    chance: Fraction
    lift: Fraction
    observed: Fraction | None


def affinity(pair: Pair[Product], everybody: Sample) -> Affinity[Product] | None:
    """None where nobody is known to buy the product: then nothing can be compared.

    `everybody`: of how many accounts it is known whether they buy it, and how many do.

    >>> found = affinity(Pair("press", "oil", 10, 8), Sample(20, 50))
    >>> found.chance, found.lift, found.observed
    (Fraction(3, 5), Fraction(3, 2), Fraction(2, 1))
    """
    usual = mean(everybody)
    if not usual:
        return None
    seen = Sample(pair.both, pair.n)
    chance, alone = shrunk(seen, usual, KAPPA), mean(seen)
    assert chance is not None
    return Affinity(
        bought=pair.bought,
        wanted=pair.wanted,
        n=pair.n,
        both=pair.both,
        chance=chance,
        lift=chance / usual,
        observed=None if alone is None else alone / usual,
    )


def strongest(
    pairs: Iterable[Pair[Product]], everybody: Mapping[Product, Sample]
) -> dict[Product, Affinity[Product]]:
    """The pair that speaks most for each wanted product; the better known one where two do."""
    best: dict[Product, Affinity[Product]] = {}
    for pair in pairs:
        found = affinity(pair, everybody.get(pair.wanted, Sample(0, 0)))
        if found is None:
            continue
        rival = best.get(pair.wanted)
        if rival is None or (found.lift, found.n) > (rival.lift, rival.n):
            best[pair.wanted] = found
    return best
