"""Rows of a stage history as the courses of deals: in order, without rows that changed nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from app.engine.infer.names import End


@dataclass(frozen=True, slots=True)
class Step:
    """A deal in a stage. None: not known, `left` also while it is there; `ended` is how the deal
    ended or that it is open, None where the source does not say."""

    deal: str
    stage: str
    entered: datetime | None
    left: datetime | None = None
    ended: End | None = None


@dataclass(frozen=True, slots=True)
class Deal:
    """`visits` in order of time, as far as that is known: those without any date are in
    `undated`. `disagrees`: its rows told different ends, the last one counts."""

    visits: tuple[Step, ...]
    undated: tuple[Step, ...]
    ended: End | None
    disagrees: bool

    @property
    def last(self) -> Step | None:
        """Where it stands or stood last, if that can be told."""
        if self.visits:
            return self.visits[-1]
        return self.undated[0] if len(self.undated) == 1 else None


def deals(steps: Sequence[Step]) -> list[Deal]:
    """One per deal, by its name; rows of one instant keep the order in which they were given."""
    in_order = sorted(steps, key=lambda step: step.deal)
    return [_deal(list(rows)) for _, rows in groupby(in_order, key=lambda step: step.deal)]


def when(step: Step) -> tuple[datetime, bool] | None:
    """Its place in time: what was left in an instant comes before what was entered in it."""
    if step.entered is not None:
        return step.entered, True
    return None if step.left is None else (step.left, False)


def _deal(rows: list[Step]) -> Deal:
    placed = [(place, step) for step in rows if (place := when(step)) is not None]
    visits = [step for _, step in sorted(placed, key=lambda pair: pair[0])]
    told = [step.ended for step in (*(s for s in rows if when(s) is None), *visits) if step.ended]
    return Deal(
        visits=tuple(_collapsed(visits)),
        undated=tuple(step for step in rows if when(step) is None),
        ended=told[-1] if told else None,
        disagrees=len(set(told)) > 1,
    )


def _collapsed(visits: Sequence[Step]) -> list[Step]:
    """Equal stages in a row are one visit: other systems write a row for every change of amount."""
    found = []
    for _, rows in groupby(visits, key=lambda step: step.stage):
        first, *others = rows
        last = others[-1] if others else first
        found.append(Step(first.deal, first.stage, first.entered, last.left, last.ended))
    return found
