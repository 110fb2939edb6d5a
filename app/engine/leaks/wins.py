"""Win rates of closed opportunities, by count and by value, and what is left out of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.engine.leaks.amounts import Amount, sum_of, unknown

BESIDE = frozenset({"declined", "duplicate", "stale"})  # ended, but nobody decided against us


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed opportunity: `kind` is how it was given up, None when it was won."""

    kind: str | None
    value: Amount | None


@dataclass(frozen=True, slots=True)
class Wins:
    """Won over won and lost. `beside` tells how many were given up in the ways left out of it;
    `missing_values` of the others have no value and stay out of `by_value`."""

    won: int
    lost: int
    by_count: Fraction | None
    by_value: Fraction | None
    beside: dict[str, int]
    missing_values: int


def wins(closed: Sequence[Closed], beside: Collection[str] = BESIDE) -> Wins:
    """
    >>> wins([Closed(None, 10), Closed("lost", 30), Closed("duplicate", 10)]).by_value
    Fraction(1, 4)
    """
    decided = [deal for deal in closed if deal.kind not in beside]
    won = [deal for deal in decided if deal.kind is None]
    won_value, value = (sum_of(d.value for d in deals) for deals in (won, decided))
    aside = sorted(deal.kind for deal in closed if deal.kind is not None and deal.kind in beside)
    return Wins(
        won=len(won),
        lost=len(decided) - len(won),
        by_count=Fraction(len(won), len(decided)) if decided else None,
        by_value=won_value / value if value > 0 else None,
        beside={kind: aside.count(kind) for kind in dict.fromkeys(aside)},
        missing_values=sum(unknown(deal.value) for deal in decided),
    )
