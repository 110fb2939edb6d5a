"""The forecast categories that sales people are used to, from the chance to win ever."""

from collections.abc import Mapping
from enum import StrEnum

import numpy as np

from app.engine.flow.facts import Flags, Numbers


class Category(StrEnum):
    CLOSED = "closed"
    COMMIT = "commit"
    MOST_LIKELY = "most_likely"
    BEST_CASE = "best_case"
    PIPELINE = "pipeline"
    OMITTED = "omitted"


_FROM = ((0.8, Category.COMMIT), (0.5, Category.MOST_LIKELY), (0.2, Category.BEST_CASE))


def category(ever: float | None, *, won: bool = False, omitted: bool = False) -> Category:
    """`ever` is the chance of an order at any time; `omitted` are dead, held and declined deals.

    >>> category(0.8), category(0.2), category(None, won=True)
    (<Category.COMMIT: 'commit'>, <Category.BEST_CASE: 'best_case'>, <Category.CLOSED: 'closed'>)
    """
    if won:
        return Category.CLOSED
    if omitted:
        return Category.OMITTED
    likely = (name for least, name in _FROM if ever is not None and ever >= least)
    return next(likely, Category.PIPELINE)


def categories_of(ever: Numbers) -> Mapping[Category, Flags]:
    """Which of many open deals are of each category, by their chances of an order at any time."""
    bounds = [least for least, _ in reversed(_FROM)]
    names = [Category.PIPELINE, *(name for _, name in reversed(_FROM))]
    above = np.searchsorted(bounds, ever, side="right")
    return {name: above == number for number, name in enumerate(names)}
