"""What a cell is worth a year, what may become of it, and so how much it deserves attention.

What few cells say is drawn to what many say: a segment to the product as a whole, as if `KAPPA`
further cells had behaved like it.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from app.engine.matrix.status import STALE_AFTER, Status

KAPPA = 10
SETTLED = (Status.BUYS, Status.NO_NEED, Status.NA)


class ValueSource(StrEnum):
    """Where the value of a cell comes from; `none`: nobody ever stated one for the product."""

    STATED = "stated"
    SEGMENT = "segment"
    PRODUCT = "product"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Sample:
    """`n` cells and what they add up to: hits of a share, or values of a mean."""

    total: Fraction | int
    n: int

    def __add__(self, other: "Sample") -> "Sample":
        return Sample(self.total + other.total, self.n + other.n)


NONE = Sample(0, 0)


@dataclass(frozen=True, slots=True)
class Worth:
    """A value of a year and its source; `n` stated values of the product are behind it."""

    value: Fraction | None
    source: ValueSource
    n: int


@dataclass(frozen=True, slots=True)
class Chances:
    """Shares between 0 and 1 of the cells like this one, None where nothing tells them."""

    win: Fraction | None = None
    displacement: Fraction | None = None
    demand: Fraction | None = None
    adoption: Fraction | None = None

    @property
    def asked(self) -> Fraction | None:
        """That asking about an unknown cell finds a demand that comes to us."""
        if self.demand is None or self.adoption is None:
            return None
        return self.demand * self.adoption


def mean(sample: Sample) -> Fraction | None:
    return Fraction(sample.total) / sample.n if sample.n else None


def shrunk(sample: Sample, parent: Fraction | None, kappa: int = KAPPA) -> Fraction | None:
    """The mean of a sample, drawn to its parent's; None where neither is known.

    >>> shrunk(Sample(4, 10), Fraction(1, 5)), shrunk(Sample(0, 0), Fraction(1, 5))
    (Fraction(3, 10), Fraction(1, 5))
    """
    if parent is None:
        return mean(sample)
    return (sample.total + kappa * parent) / Fraction(sample.n + kappa)


def worth(stated: Fraction | None, segment: Sample, product: Sample) -> Worth:
    """The stated value of a cell, else the mean of the product's stated ones in its segment.

    `product` are those of all segments, this one included.

    >>> worth(None, Sample(3000, 2), Sample(14000, 7)).value
    Fraction(5750, 3)
    """
    if stated is not None:
        return Worth(stated, ValueSource.STATED, 1)
    value = shrunk(segment, mean(product))
    if value is None:
        return Worth(None, ValueSource.NONE, 0)
    return Worth(value, ValueSource.SEGMENT if segment.n else ValueSource.PRODUCT, product.n)


def rate(segment: Sample, product: Sample) -> Fraction | None:
    """A share of a product's known cells in a segment: those that buy (adoption), or in which
    there is any demand.

    >>> rate(Sample(6, 10), Sample(10, 50))
    Fraction(2, 5)
    """
    return shrunk(segment, mean(product))


def asking(age_days: int | None, stale_after_days: int = STALE_AFTER.days) -> Fraction:
    """The part of a cell's knowledge that asking brings: all of what is unknown (None), nothing of
    what is fresh, and ever more of what was confirmed long ago.

    >>> asking(None), asking(365), asking(730)
    (Fraction(1, 1), Fraction(0, 1), Fraction(1, 2))
    """
    if age_days is None:
        return Fraction(1)
    return max(Fraction(0), 1 - Fraction(stale_after_days, max(age_days, 1)))


def chance(status: Status, chances: Chances) -> Fraction | None:
    """That a cell becomes ours once it is worked on; 0 where there is nothing to do."""
    if status in SETTLED:
        return Fraction(0)
    if status is Status.NEED:
        return chances.win
    if status is Status.COMPETITOR:
        return chances.displacement
    return chances.asked


def score(status: Status, value: Fraction | None, chances: Chances) -> Fraction | None:
    """Value times chance; None where one of them is not known and it would matter.

    >>> score(Status.NEED, Fraction(1000), Chances(win=Fraction(1, 4)))
    Fraction(250, 1)
    """
    if status in SETTLED:
        return Fraction(0)
    likely = chance(status, chances)
    return None if value is None or likely is None else value * likely
