"""Parts of many deals: what of each is a scope's, and what that adds up to, exactly."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import lcm
from typing import overload

import numpy as np

from app.engine.flow.facts import Flags, Numbers, Places

_FITS = 2**62
_EXACT = 10**15  # so many units still have a decimal of their own among floats
_MOST_BELOW = 10**9  # a denominator that leaves room for what is multiplied by its parts


class Shares(Sequence[Fraction]):
    """Of each deal `above` / `below` of it; parts of one denominator, so that they are added as
    whole numbers."""

    __slots__ = ("above", "below")

    def __init__(self, above: Places, below: int = 1) -> None:
        self.above, self.below = above, below

    @classmethod
    def all(cls, count: int) -> "Shares":
        return cls(np.ones(count, dtype=np.int64))

    @classmethod
    def whole(cls, chosen: Flags) -> "Shares":
        """All of those that are chosen, nothing of the others."""
        return cls(chosen.astype(np.int64))

    @classmethod
    def of(cls, parts: Sequence[Fraction | int]) -> "Shares":
        """
        >>> list(Shares.of([1, Fraction(1, 3)]))
        [Fraction(1, 1), Fraction(1, 3)]
        """
        if isinstance(parts, Shares):
            return parts
        below = lcm(*(part.denominator for part in parts))
        above = [part.numerator * (below // part.denominator) for part in parts]
        return cls(_wholes(above, below), below)

    def with_parts(self, places: Sequence[int], parts: Sequence[Fraction]) -> "Shares":
        """With other parts of whole ones at these places."""
        if not places:
            return self
        found = Shares.of([*parts, Fraction(1)])
        above = self.above.astype(found.above.dtype) * found.below
        above[places] = found.above[:-1]
        return Shares(above, found.below)

    def __len__(self) -> int:
        return len(self.above)

    @overload
    def __getitem__(self, place: int) -> Fraction: ...
    @overload
    def __getitem__(self, place: slice) -> "Shares": ...
    def __getitem__(self, place: int | slice) -> "Fraction | Shares":
        if isinstance(place, slice):
            return Shares(self.above[place], self.below)
        return Fraction(int(self.above[place]), self.below)

    @property
    def some(self) -> Flags:
        """Of which deals it has any part."""
        return np.asarray(self.above != 0, dtype=bool)

    @property
    def floats(self) -> Numbers:
        found: Numbers = (self.above / self.below).astype(np.float64)
        return found

    def at(self, places: Places) -> "Shares":
        return Shares(self.above[places], self.below)

    def only(self, chosen: Flags) -> "Shares":
        """Nothing of the others."""
        return Shares(np.where(chosen, self.above, 0), self.below)

    def total(self, amounts: Places) -> Fraction:
        """The sum of these parts of whole amounts, one for each.

        >>> Shares.of([1, Fraction(1, 3)]).total(np.array([2, 4]))
        Fraction(10, 3)
        """
        if fits(amounts, int(self.above.max(initial=0))) and self.above.dtype != object:
            return Fraction(int((amounts * self.above).sum()), self.below)
        each = zip(amounts.tolist(), self.above.tolist(), strict=True)
        return Fraction(sum(amount * part for amount, part in each), self.below)


def _wholes(parts: Sequence[int], below: int) -> Places:
    return np.array(parts, dtype=np.int64 if below < _MOST_BELOW else object)


def fits(amounts: Places, times: int) -> bool:
    """Whether so many times the sum of these is no more than a machine's integer holds."""
    if amounts.dtype == object:
        return False
    most = max(int(amounts.max(initial=0)), -int(amounts.min(initial=0)))
    return most * len(amounts) * max(times, 1) < _FITS


def sum_of(amounts: Places) -> int:
    """The exact sum of whole numbers."""
    return int(amounts.sum()) if fits(amounts, 1) else sum(amounts.tolist())


def units(amounts: Numbers, places: int) -> Places | None:
    """Decimals of so many places as whole smallest units, where all floats stand for such; those
    that are not known (NaN) as 0.

    >>> units(np.array([0.1, np.nan]), 2)
    array([10,  0])
    """
    scale = 10**places
    scaled = np.rint(np.nan_to_num(amounts) * scale)
    exact = (np.abs(scaled) < _EXACT) & (scaled / scale == np.nan_to_num(amounts))
    return scaled.astype(np.int64) if exact.all() else None


def flags_of(count: int, places: Iterable[int]) -> Flags:
    """The flags that are set at these places."""
    found = np.zeros(count, dtype=bool)
    found[np.fromiter(places, np.int64)] = True
    return found
