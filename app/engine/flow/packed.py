"""Columns as the database packs them: one string of bytes each, or a list of words."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from app.engine.flow.facts import Flags, Numbers, Places
from app.engine.flow.gathering import DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Words = NDArray[np.object_]
    Keys = NDArray[np.bytes_]  # ids of sixteen bytes, which compare as the database's do
else:
    Words = Keys = Sequence


def places(told: bytes | None) -> Places:
    """Whole numbers of eight bytes, the highest first, as PostgreSQL sends them."""
    return np.frombuffer(told or b"", dtype=">i8").astype(np.int64)


def keys(told: bytes | None) -> Keys:
    """Ids, as the database sends them one behind the other."""
    return np.frombuffer(told or b"", dtype="S16")


def numbers(told: bytes | None) -> Numbers:
    return np.frombuffer(told or b"", dtype=">f8").astype(np.float64)


def whole(told: Sequence[int] | Places) -> Places:
    return np.asarray(told, dtype=np.int64)


def real(told: Sequence[float | None]) -> Numbers:
    return np.asarray(told, dtype=np.float64)


def flags(told: Sequence[bool]) -> Flags:
    return np.asarray(told, dtype=np.bool_)


def words(told: Iterable[Any]) -> Words:
    """Anything that is no number; compared one by one, all at once."""
    found = list(told)
    column = np.empty(len(found), dtype=object)
    for place, word in enumerate(found):
        column[place] = word
    return column


def yes(count: int) -> Flags:
    return np.ones(count, dtype=bool)


def one_of(codes: Places, wanted: Iterable[int]) -> Flags:
    return np.isin(codes, np.fromiter(wanted, np.int64))


def any_of(groups: Iterable[Flags]) -> Flags:
    return np.asarray(np.logical_or.reduce(list(groups)), dtype=bool)


def chosen(flags: Flags) -> Places:
    return np.flatnonzero(flags)


def marked(count: int, places: Places) -> Flags:
    """The flags that are set at these places."""
    found = np.zeros(count, dtype=bool)
    found[places] = True
    return found


def together(several: Iterable[Places]) -> Places:
    """One behind the other."""
    return np.concatenate([np.empty(0, dtype=np.int64), *several])


def tallied(codes: Places, kinds: int) -> list[int]:
    """How often each of so many kinds is there."""
    found: list[int] = np.bincount(codes, minlength=kinds).tolist()
    return found


def named(count: int, kinds: Iterable[tuple[Flags, str]]) -> Words:
    """By place the name of the first kind it belongs to, None where it belongs to none."""
    found = np.full(count, None, dtype=object)
    for chosen, name in reversed(list(kinds)):
        found[chosen] = name
    return found


def counted(section: Places, kind: Words) -> Iterable[tuple[tuple[int, Any], int]]:
    """How often each pair of a section and a word stands side by side."""
    return Counter(zip(section.tolist(), kind.tolist(), strict=True)).items()


def unnamed(told: Words) -> Flags:
    return np.asarray(told == None, dtype=bool)  # noqa: E711 - each of them


def known(amounts: Numbers) -> Flags:
    return ~np.isnan(amounts)


def dearest(units: Places, most: int) -> Places:
    """The places of the most of them, in order; of equal ones the first."""
    return np.sort(np.lexsort((np.arange(len(units)), -units))[:most])


def in_order(*ranks: Numbers | Places) -> Places:
    """The places of all, the smallest first: by the first of these ranks, then by the next."""
    return np.lexsort(ranks[::-1])


def ticks_of(days: Numbers) -> Places:
    return np.rint(days * DAY).astype(np.int64)


def within(days: Numbers, span: tuple[float, float]) -> Flags:
    """Which of them lie in [start, end)."""
    return np.asarray((days >= span[0]) & (days < span[1]), dtype=bool)


def latest(at: Places, since: Sequence[int]) -> Places:
    """For each moment the place of the last of `since` (ascending) that is not later; -1: none."""
    return np.searchsorted(np.asarray(since, dtype=np.int64), at, side="right") - 1


def day_of(ticks: Places) -> Numbers:
    return ticks / DAY


def where(chosen: Flags, one: Any, other: Any) -> Any:
    return np.where(chosen, one, other)


def translated(codes: Places, places: Sequence[int]) -> Places:
    """Codes of one list as those of another, in which the words are at these places; -1 stays."""
    return np.asarray([*places, -1], dtype=np.int64)[codes]


def numbered(chosen: Flags) -> Places:
    """Of each that is chosen its place among the chosen."""
    return np.cumsum(chosen) - 1


def least_above(ticks: Places, bound: int) -> int:
    """The least of those that are greater; where there is none, one that never comes."""
    return int(ticks[ticks > bound].min(initial=2**62))
