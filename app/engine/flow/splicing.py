"""Rows of columns taken out and others put in their place, where all of them lie in one order."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from app.engine.flow.facts import Flags, Places
from app.engine.flow.packed import Keys

Columns = Mapping[str, Any]


class Splice(NamedTuple):
    """Which rows go (places before), and between which of those that stay the fresh ones come."""

    gone: Places
    before: Places

    @property
    def in_place(self) -> bool:
        """Whether each fresh row comes where one has gone."""
        return len(self.gone) == len(self.before) and bool(
            (self.gone - np.arange(len(self.gone)) == self.before).all()
        )


def by_key(known: Keys, touched: Keys, fresh: Keys) -> Splice:
    """Rows by their keys, ascending: those of the touched ones go, the fresh ones (theirs) come."""
    first, behind = (np.searchsorted(known, touched, side=side) for side in ("left", "right"))
    ranges = [np.arange(*ends) for ends in zip(first.tolist(), behind.tolist(), strict=True)]
    gone = np.concatenate([np.empty(0, dtype=np.int64), *ranges])
    return Splice(gone, np.searchsorted(np.delete(known, gone), fresh))


def by_owner(known: Places, gone: Places, fresh: Places, splice: Splice) -> tuple[Splice, Places]:
    """Rows that belong to others, which were spliced: all rows of those that are gone go.

    `known` and `fresh` are whose they are, as ascending places among all, and among the fresh.
    Given back with whose they are afterwards.
    """
    flags = np.zeros(int(known.max(initial=-1)) + 1, dtype=bool)
    flags[gone[gone < len(flags)]] = True
    rows = np.flatnonzero(flags[known]) if len(known) else np.empty(0, dtype=np.int64)
    left = np.delete(known, rows)
    stays = left - np.searchsorted(gone, left)
    after = stays + np.searchsorted(splice.before, stays, side="right")
    coming = (splice.before + np.arange(len(splice.before)))[fresh]
    found = Splice(rows, np.searchsorted(after, coming))
    return found, np.insert(after, found.before, coming)


def spliced(known: Columns, fresh: Columns, splice: Splice) -> dict[str, Any]:
    """Every column with the rows of the splice."""
    if splice.in_place:
        return {name: _replaced(known[name], fresh[name], splice.gone) for name in known}
    return {
        name: np.insert(np.delete(known[name], splice.gone), splice.before, fresh[name])
        for name in known
    }


def placed(known: Keys, wanted: Keys) -> Places:
    """Where each of the wanted keys is among the known ones (ascending); -1: nowhere."""
    if not len(known):
        return np.full(len(wanted), -1)
    place = np.searchsorted(known, wanted).clip(max=len(known) - 1)
    return np.where(known[place] == wanted, place, -1)


def kept_of(columns: Columns, chosen: Flags) -> dict[str, Any]:
    """The chosen rows."""
    return {name: column[chosen] for name, column in columns.items()}


def _replaced(known: Any, fresh: Any, places: Places) -> Any:
    copied = known.copy()
    copied[places] = fresh
    return copied
