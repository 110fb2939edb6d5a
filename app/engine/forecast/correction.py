"""Self-correction: what lately came true of what the rates had promised."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.flow.facts import Numbers
from app.engine.forecast.history import History
from app.engine.forecast.roll import Table

WINDOWS = 12  # as many closed past windows at most
PSEUDO = 10.0  # orders as promised, by which few windows lean to no correction
LEAST, MOST = 0.4, 2.5
MOST_CERTAIN = 0.99  # no open deal is sure


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """Factors per period for open and for new deals; `windows` per period they were seen in."""

    open: Numbers
    new: Numbers
    windows: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A past moment's deals, to be looked up in any table, and the orders that followed.

    `stock[k, a]` counts the deals standing at section and age; `due[p, n, k]` the deals that came
    later and had n steps until the end of period p, less those that had them until its begin.
    `won` and `won_new` are the orders in each period.
    """

    at: float
    stock: Numbers
    due: Numbers
    won: Numbers
    won_new: Numbers


def snapshot(book: History, at: float, offsets: Sequence[float], table: Table) -> Snapshot:
    """`table` gives the shape: every table looked up must have its step and ages."""
    seen, sections = book.passages, book.facts.sections
    ends = at + np.asarray(offsets)
    here = seen.where((seen.entered <= at) & (seen.left > at)).until(at)
    ages, steps = table.within.shape[2], len(table.fresh)
    stock = np.bincount(
        here.section * ages + table.age(here.days), minlength=sections * ages
    ).reshape(sections, ages)
    came = seen.where(seen.first & (seen.entered > at) & (seen.entered <= ends[-1]))
    due = np.zeros((len(ends), steps, sections))
    for period, end in enumerate(ends):
        left = came.where(came.entered <= end)
        remaining = np.minimum(((end - left.entered) / table.step + 0.5).astype(int), steps - 1)
        due[period] = np.bincount(
            remaining * sections + left.section, minlength=steps * sections
        ).reshape(steps, sections)
    return Snapshot(
        at,
        stock.astype(float),
        np.diff(due, axis=0, prepend=0.0),
        _wins(book.won_at[here.deal], at, ends),
        _wins(book.won_at[came.deal], at, ends),
    )


def correction(
    snapshots: Sequence[Snapshot], table: Table, at: float, offsets: Sequence[float], gap: float
) -> Correction:
    """m = (O + 10)/(E + 10), clipped, over the latest windows that had closed by `at`.

    The windows overlap, so O and E are scaled by gap/length. `snapshots` from the latest on.
    """
    lengths = np.diff(offsets, prepend=0.0)
    reached = np.diff(table.within, axis=0, prepend=0.0)
    open_factors, new_factors, windows = [], [], []
    for period, (offset, length) in enumerate(zip(offsets, lengths, strict=True)):
        closed = [each for each in snapshots if each.at + offset <= at + 1e-6][:WINDOWS]
        share = min(1.0, gap / length) if len(closed) > 1 else 1.0
        due = sum(float((each.stock * reached[period]).sum()) for each in closed)
        due_new = sum(float((each.due[period] * table.fresh).sum()) for each in closed)
        open_factors.append(_factor(sum(each.won[period] for each in closed), due, share))
        new_factors.append(_factor(sum(each.won_new[period] for each in closed), due_new, share))
        windows.append(len(closed))
    return Correction(np.array(open_factors), np.array(new_factors), tuple(windows))


def corrected(chance: Numbers, factors: Numbers) -> Numbers:
    """Chances per deal and period times the factors, together never above certainty."""
    raised = chance * factors
    whole = raised.sum(axis=1, keepdims=True)
    capped: Numbers = raised * np.minimum(1.0, MOST_CERTAIN / np.maximum(whole, 1e-12))
    return capped


def _factor(observed: float, expected: float, share: float) -> float:
    factor = (share * observed + PSEUDO) / (share * expected + PSEUDO)
    return min(max(float(factor), LEAST), MOST)


def _wins(won_at: Numbers, at: float, ends: Numbers) -> Numbers:
    won = np.array([float(((won_at > at) & (won_at <= end)).sum()) for end in ends])
    return np.diff(won, prepend=0.0)
