"""Which stages of another system are no steps but ends: won, lost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from app.engine.infer.histories import Deal
from app.engine.infer.names import End, end_by_name

ENOUGH = 5  # deals that ended in a stage, before their outcomes say what it is, whatever its name
NEARLY_ALL = Fraction(95, 100)
MOST = Fraction(3, 4)  # where the name says the same


class Source(StrEnum):
    OUTCOMES = "outcomes"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Ending:
    """A stage in which deals end, and whether their outcomes or only its name say so.

    `deals` ended in it. `contradicted`: its name says otherwise.
    """

    stage: str
    end: End
    source: Source
    deals: int
    contradicted: bool = False


@dataclass(frozen=True, slots=True)
class _Seen:
    """What happened in a stage: who entered, from how many stages, who ended there and how, who
    stayed for a while."""

    entered: int
    origins: int
    final: int
    stayed: int
    outcomes: Counter[End]


def endings(deals: Sequence[Deal]) -> list[Ending]:
    """The stages that are ends.

    Whoever enters one is done: hardly anybody goes on from there, nobody leaves it after a time,
    and all ended alike; deals are lost from more than one stage. A name that says so too lets
    fewer deals suffice and forgives those that were reopened; alone it decides only where no
    outcome is given at all.
    """
    stages = sorted({step.stage for deal in deals for step in (*deal.visits, *deal.undated)})
    found = (_ending(stage, _seen(stage, deals)) for stage in stages)
    return [ending for ending in found if ending is not None]


def _ending(stage: str, seen: _Seen) -> Ending | None:
    hint = end_by_name(stage)
    known = seen.outcomes.total()
    if not known:
        by_name = hint is not None and 2 * seen.final >= seen.entered
        return Ending(stage, hint, Source.NAME, seen.final) if hint and by_name else None
    end = max(seen.outcomes, key=lambda end: (seen.outcomes[end], end))
    alike = seen.outcomes[end]
    if end is End.OPEN:
        return None
    agreed = end is hint and alike >= MOST * known
    evident = (
        alike >= ENOUGH
        and alike >= NEARLY_ALL * known
        and seen.final >= NEARLY_ALL * seen.entered
        and not seen.stayed
        and (end is End.WON or seen.origins > 1)
    )
    if not agreed and not evident:
        return None
    return Ending(stage, end, Source.OUTCOMES, seen.final, hint not in (None, end))


def _seen(stage: str, deals: Sequence[Deal]) -> _Seen:
    here = [d for d in deals if any(s.stage == stage for s in (*d.visits, *d.undated))]
    final = [d for d in here if d.last is not None and d.last.stage == stage]
    stays = [step for deal in here for step in deal.visits if step.stage == stage]
    return _Seen(
        entered=len(here),
        origins=len(_origins(stage, here)),
        final=len(final),
        stayed=sum(
            s.left is not None and s.entered is not None and s.left > s.entered for s in stays
        ),
        outcomes=Counter(deal.ended for deal in final if deal.ended is not None),
    )


def _origins(stage: str, deals: Sequence[Deal]) -> set[str]:
    """Where those came from who entered it."""
    steps = (pair for deal in deals for pair in pairwise(deal.visits))
    return {before.stage for before, after in steps if after.stage == stage}
