"""What all cells together say of one: the usual value of a product, and how often it is bought."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Generic, TypeVar

from app.engine.matrix.measures import APPLICABLE, DEMANDED
from app.engine.matrix.status import Status
from app.engine.matrix.worth import NONE, Chances, Sample, Worth, rate, shrunk, worth

Product = TypeVar("Product")

KNOWN = tuple(status for status in APPLICABLE if status is not Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Tally(Generic[Product]):
    """`n` cells of one product, segment and status; some of them have a stated value."""

    segment: str
    product: Product
    status: Status
    n: int
    stated: Sample = NONE


@dataclass(slots=True)
class _Sums:
    """Of a product, somewhere or everywhere."""

    stated: Sample = NONE
    buyers: int = 0
    demanded: int = 0
    known: int = 0

    def add(self, tally: Tally[Product]) -> None:
        self.stated += tally.stated
        self.buyers += tally.n * (tally.status is Status.BUYS)
        self.demanded += tally.n * (tally.status in DEMANDED)
        self.known += tally.n * (tally.status in KNOWN)


@dataclass(frozen=True, slots=True)
class Ground(Generic[Product]):
    """`win` and `displacement` are the chances of a need and of a competitor's cell."""

    win: Fraction | None = None
    displacement: Fraction | None = None
    places: dict[tuple[str, Product], _Sums] = field(default_factory=dict)
    products: dict[Product, _Sums] = field(default_factory=dict)
    # What was reckoned once is asked for each status of a place, and for each cell shown.
    _usual: dict[tuple[str, Product], Worth] = field(default_factory=dict)

    def usual(self, segment: str, product: Product) -> Worth:
        """What a cell is worth of which nobody said it."""
        known = self._usual.get((segment, product))
        if known is None:
            place, whole = self._both(segment, product)
            known = self._usual[segment, product] = worth(None, place.stated, whole.stated)
        return known

    def chances(self, segment: str, product: Product) -> Chances:
        place, whole = self._both(segment, product)
        return Chances(
            win=self.win,
            displacement=self.displacement,
            demand=rate(Sample(place.demanded, place.known), Sample(whole.demanded, whole.known)),
            adoption=rate(Sample(place.buyers, place.known), Sample(whole.buyers, whole.known)),
        )

    def bought(self, product: Product) -> Sample:
        """Of how many accounts it is known whether they buy it, and how many do."""
        whole = self.products.get(product, _Sums())
        return Sample(whole.buyers, whole.known)

    def _both(self, segment: str, product: Product) -> tuple[_Sums, _Sums]:
        nothing = _Sums()
        place = self.places.get((segment, product), nothing)
        return place, self.products.get(product, nothing)


def ground(
    tallies: Iterable[Tally[Product]],
    *,
    wins: Sample = NONE,
    existing: Sample = NONE,
    takeovers: Sample = NONE,
) -> Ground[Product]:
    """Of all cells. `wins` are the won of all decided opportunities, `existing` those of existing
    business, `takeovers` those at cells that a competitor held: each is drawn to the one before."""
    win = shrunk(existing, shrunk(wins, None))
    found: Ground[Product] = Ground(win, shrunk(takeovers, win))
    for tally in tallies:
        found.places.setdefault((tally.segment, tally.product), _Sums()).add(tally)
        found.products.setdefault(tally.product, _Sums()).add(tally)
    return found


def with_unknown(
    tallies: Iterable[Tally[Product]], heads: Mapping[str, int], products: Iterable[Product]
) -> list[Tally[Product]]:
    """All cells there could be: every account of a segment for every product; what no tally tells
    of is unknown.

    >>> [(one.segment, one.n) for one in with_unknown([], {"north": 3}, ["press"])]
    [('north', 3)]
    """
    told = [tally for tally in tallies if tally.status is not Status.UNKNOWN]
    seen: dict[tuple[str, Product], int] = {}
    for tally in told:
        place = tally.segment, tally.product
        seen[place] = seen.get(place, 0) + tally.n
    every = list(products)
    return told + [
        Tally(segment, product, Status.UNKNOWN, count - seen.get((segment, product), 0))
        for segment, count in heads.items()
        for product in every
    ]
