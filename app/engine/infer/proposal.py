"""Milestones from stages: their order, how many deals passed them, and what is doubtful in that.

Stages become milestones in the order in which deals passed them; the stages in which deals only
end become the order and the exits. Whether a deal was won is read from its outcome; what a stage
is called decides only where no outcome was given.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import groupby
from statistics import median_high, median_low

from app.engine.infer.ends import Ending, Source, endings
from app.engine.infer.histories import Deal, Step, deals, when
from app.engine.infer.names import End, SellerAct, is_pause, seller_act
from app.engine.infer.order import Course, Order, precedence

FEW_DEALS, FEW_DECIDED = 30, 10
MOST_MILESTONES = 12
MANY_OPEN = Fraction(1, 2)
RARE = Fraction(1, 10)  # of those that came so far entered the stage at all
OFTEN = Fraction(1, 5)  # of those that entered came back
DAY = timedelta(days=1) // timedelta.resolution


class Doubt(StrEnum):
    """Why a proposal, or one stage of it, deserves a second look."""

    FEW_DEALS = "few_deals"
    NO_ORDERS = "no_orders"
    NO_LOSSES = "no_losses"
    MANY_OPEN = "many_open"
    OUTCOMES_DIFFER = "outcomes_differ"
    TOO_FEW_STAGES = "too_few_stages"
    TOO_MANY_STAGES = "too_many_stages"
    ORDER_UNCLEAR = "order_unclear"
    ORDER_UNKNOWN = "order_unknown"
    END_BY_NAME = "end_by_name"
    NAME_CONTRADICTS = "name_contradicts"
    PAUSE = "pause"
    NO_CUSTOMER_ACT = "no_customer_act"
    RARELY_ENTERED = "rarely_entered"
    OFTEN_REENTERED = "often_reentered"
    FEW_DECIDED = "few_decided"


@dataclass(frozen=True, slots=True)
class Proposed:
    """A milestone, and the section that begins there.

    `stages` are the stages whose entry it is; none for an order that no stage stands for. Deals
    `entered` one of them or `reached` it by entering a later one; `share` is that of all deals.
    Of those who reached it `advanced` reached the next one, `lost` were lost before that, `open`
    still stand there: `rate` is advanced / (advanced + lost). `reentered` entered it again.
    `median_days` is the time to the next one of the `timed` who entered both. `seller_act` is what
    its name tells of us, where it should tell what the customer does.
    """

    position: int
    stages: tuple[str, ...]
    entered: int
    reached: int
    share: Fraction
    reentered: int
    advanced: int
    lost: int
    open: int
    rate: Fraction | None
    median_days: Fraction | None
    timed: int
    seller_act: SellerAct | None


@dataclass(frozen=True, slots=True)
class Warned:
    """A doubt about a stage (and another one), or about everything; `n` says how many deals
    give rise to it."""

    doubt: Doubt
    n: int
    stage: str | None = None
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """`milestones` from the first to the order; `endings` are the stages that are ends; `pauses`
    stages that read like waiting and are no milestones."""

    milestones: tuple[Proposed, ...]
    endings: tuple[Ending, ...]
    pauses: tuple[str, ...]
    warnings: tuple[Warned, ...]
    deals: int
    won: int
    lost: int
    open: int


@dataclass(frozen=True, slots=True)
class _Path:
    """What counts of a deal: its first entry into each position, how far it came, how it ended."""

    entries: Mapping[int, Step]
    reentered: frozenset[int]
    furthest: int
    end: End


def infer(steps: Sequence[Step]) -> Proposal:
    """A process in which these deals could have moved; it depends on nothing but the rows."""
    histories = deals(steps)
    ends = endings(histories)
    ending_of = {ending.stage: ending.end for ending in ends}
    names = sorted({step.stage for step in steps} - ending_of.keys())
    pauses = tuple(name for name in names if is_pause(name))
    aside = {*ending_of, *pauses}
    order = precedence([_course(deal, aside) for deal in histories], {*names} - aside)
    position = {stage: number for number, stage in enumerate(order.stages, start=1)}
    last = len(position) + 1
    position |= {stage: last for stage, end in ending_of.items() if end is End.WON}
    paths = [_path(deal, position, ending_of, last) for deal in histories]
    milestones = tuple(_proposed(number, position, paths, last) for number in range(1, last + 1))
    ended = Counter(path.end for path in paths)
    warnings = (
        *_of_everything(ended, sum(deal.disagrees for deal in histories), len(milestones)),
        *_of_stages(order, ends, pauses),
        *(warned for milestone in milestones[:-1] for warned in _of_one(milestone)),
    )
    counts = (ended[end] for end in (End.WON, End.LOST, End.OPEN))
    return Proposal(milestones, tuple(ends), pauses, warnings, len(paths), *counts)


def _course(deal: Deal, aside: set[str]) -> Course:
    """First entries in order; those of one instant say nothing about each other."""
    seen, tiers = set(aside), []
    for _, visits in groupby(deal.visits, key=when):
        new = frozenset(visit.stage for visit in visits) - seen
        seen |= new
        if new:
            tiers.append(new)
    return tuple(tiers)


def _path(
    deal: Deal, position: Mapping[str, int], ending_of: Mapping[str, End], last: int
) -> _Path:
    """What the source says of the outcome stands above where the deal was seen last."""
    visits = [step for step in (*deal.visits, *deal.undated) if step.stage in position]
    entries: dict[int, Step] = {}
    for step in visits:
        entries.setdefault(position[step.stage], step)
    seen = Counter(position[step.stage] for step in visits)
    by_stage = ending_of.get(deal.last.stage) if deal.last else None
    end = deal.ended or by_stage or End.OPEN
    furthest = last if end is End.WON else min(max(entries, default=0), last - 1)
    again = frozenset(number for number, times in seen.items() if times > 1)
    return _Path(entries, again, furthest, end)


def _proposed(
    number: int, position: Mapping[str, int], paths: Sequence[_Path], last: int
) -> Proposed:
    stages = tuple(sorted(stage for stage, at in position.items() if at == number))
    reached = [path for path in paths if path.furthest >= number]
    stopped = [path.end for path in reached if path.furthest == number and number < last]
    advanced, lost = sum(path.furthest > number for path in reached), stopped.count(End.LOST)
    stays = [stay for path in reached if (stay := _stay(path, number)) is not None]
    return Proposed(
        position=number,
        stages=stages,
        entered=sum(number in path.entries for path in reached),
        reached=len(reached),
        share=Fraction(len(reached), len(paths)) if paths else Fraction(0),
        reentered=sum(number in path.reentered for path in reached),
        advanced=advanced,
        lost=lost,
        open=len(stopped) - lost,
        rate=Fraction(advanced, advanced + lost) if advanced + lost else None,
        median_days=_median_days(stays),
        timed=len(stays),
        seller_act=seller_act(stages[0]) if stages and number < last else None,
    )


def _stay(path: _Path, number: int) -> timedelta | None:
    """From its entry to its first entry further on; of a won deal's last stage until it left."""
    here = path.entries.get(number)
    if here is None or here.entered is None:
        return None
    later = [step for at, step in path.entries.items() if at > number]
    onwards = [step.entered for step in later if step.entered is not None]
    if not later and path.end is End.WON and here.left is not None:
        onwards = [here.left]
    stay = min(onwards) - here.entered if onwards else None
    return stay if stay is not None and stay >= timedelta(0) else None


def _median_days(stays: Sequence[timedelta]) -> Fraction | None:
    if not stays:
        return None
    twice = median_low(stays) + median_high(stays)
    return Fraction(twice // timedelta.resolution, 2 * DAY)


def _of_everything(ended: Counter[End], differ: int, milestones: int) -> Iterator[Warned]:
    n, standing = ended.total(), ended[End.OPEN]
    found = (
        (Doubt.FEW_DEALS, n, n < FEW_DEALS),
        (Doubt.NO_ORDERS, n, not ended[End.WON]),
        (Doubt.NO_LOSSES, n, not ended[End.LOST]),
        (Doubt.MANY_OPEN, standing, standing > MANY_OPEN * n),
        (Doubt.OUTCOMES_DIFFER, differ, differ > 0),
        (Doubt.TOO_FEW_STAGES, n, milestones == 1),
        (Doubt.TOO_MANY_STAGES, n, milestones > MOST_MILESTONES),
    )
    yield from (Warned(doubt, count) for doubt, count, holds in found if holds)


def _of_stages(order: Order, ends: Sequence[Ending], pauses: Sequence[str]) -> Iterator[Warned]:
    for pair in order.unclear:
        yield Warned(Doubt.ORDER_UNCLEAR, pair.n - pair.agree, pair.earlier, pair.later)
    for stage in order.unknown:
        yield Warned(Doubt.ORDER_UNKNOWN, 0, stage)
    for ending in ends:
        if ending.source is Source.NAME:
            yield Warned(Doubt.END_BY_NAME, ending.deals, ending.stage)
        if ending.contradicted:
            yield Warned(Doubt.NAME_CONTRADICTS, ending.deals, ending.stage)
    for stage in pauses:
        yield Warned(Doubt.PAUSE, 0, stage)


def _of_one(milestone: Proposed) -> Iterator[Warned]:
    decided = milestone.advanced + milestone.lost
    found = (
        (Doubt.NO_CUSTOMER_ACT, milestone.entered, milestone.seller_act is not None),
        (Doubt.RARELY_ENTERED, milestone.entered, milestone.entered < RARE * milestone.reached),
        (
            Doubt.OFTEN_REENTERED,
            milestone.reentered,
            milestone.reentered > OFTEN * milestone.entered,
        ),
        (Doubt.FEW_DECIDED, decided, decided < FEW_DECIDED),
    )
    for doubt, count, holds in found:
        if holds:
            yield Warned(doubt, count, milestone.stages[0])
