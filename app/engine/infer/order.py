"""In which order deals pass stages, by majority: what most deals did first comes first."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

CLEAR = Fraction(2, 3)  # of the deals that passed both stages agree on their order

Course = tuple[frozenset[str], ...]  # the stages a deal entered first, then, ...; ties together


@dataclass(frozen=True, slots=True)
class Unclear:
    """Of `n` deals that passed both, only `agree` entered `earlier` before `later`."""

    earlier: str
    later: str
    agree: int
    n: int


@dataclass(frozen=True, slots=True)
class Order:
    """`unknown` stages stand last: no deal tells what came before or after them."""

    stages: tuple[str, ...]
    unclear: tuple[Unclear, ...]
    unknown: tuple[str, ...]


def precedence(courses: Sequence[Course], stages: Collection[str]) -> Order:
    """`stages` in an order that contradicts no majority, unless majorities go round in a circle.

    Where majorities leave it open, the stage that deals on average pass earlier comes first; a
    circle is broken where the fewest deals object.
    """
    votes = _votes(courses)
    heard = {stage for pair in votes for stage in pair}
    unknown = tuple(sorted(stage for stage in stages if stage not in heard))
    means = {stage: _mean_rank(votes, stage) for stage in heard}
    rest, order = sorted(heard, key=lambda stage: (means[stage], stage)), []
    while rest:
        first = min(rest, key=lambda stage: _objections(votes, stage, rest))
        rest.remove(first)
        order.append(first)
    return Order((*order, *unknown), _unclear(votes, order), unknown)


def _votes(courses: Sequence[Course]) -> Counter[tuple[str, str]]:
    """How many deals entered the one before the other."""
    votes: Counter[tuple[str, str]] = Counter()
    for course, deals in Counter(courses).items():
        for tier, after in combinations(course, 2):
            for earlier in tier:
                for later in after:
                    votes[earlier, later] += deals
    return votes


def _mean_rank(votes: Counter[tuple[str, str]], stage: str) -> Fraction:
    """0 for what always comes first, 1 for what always comes last."""
    before = sum(n for (_, later), n in votes.items() if later == stage)
    after = sum(n for (earlier, _), n in votes.items() if earlier == stage)
    return Fraction(before, before + after)


def _objections(votes: Counter[tuple[str, str]], stage: str, rest: Collection[str]) -> int:
    """By how many deals the others that are left should rather come before it."""
    return sum(max(0, votes[other, stage] - votes[stage, other]) for other in rest)


def _unclear(votes: Counter[tuple[str, str]], order: Sequence[str]) -> tuple[Unclear, ...]:
    pairs = [
        Unclear(earlier, later, votes[earlier, later], n)
        for earlier, later in combinations(order, 2)
        if (n := votes[earlier, later] + votes[later, earlier])
    ]
    return tuple(pair for pair in pairs if pair.agree < CLEAR * pair.n)
