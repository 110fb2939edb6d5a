"""What the matrix is worth in money: by status, and what closing its white spots may bring."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.core.work import Work
from app.domain.potential.grounds import Cells, Matrix, history, matrix, usual
from app.domain.potential.groups import Sum, known_value, money_of, odds_out
from app.domain.potential.stats import cells_asked
from app.engine.leaks.amounts import known_total
from app.engine.matrix.measures import share
from app.engine.matrix.status import Status
from app.engine.matrix.worth import SETTLED, chance
from app.schemas.matrix_stats import ClosingOut, Part, ValueOut
from app.schemas.ratios import ratio_out

FORMULA = (
    "matrix_value.1: need: value · win; attackable competitor: value · displacement;"
    " unknown: value · demand_rate · p_adopt; others: 0"
)


@dataclass(slots=True)
class Closing(Sum):
    """Cells of a status, and what may come of those that can be worked on."""

    attackable: int = 0
    possible: Fraction = Fraction(0)
    expected: Fraction | None = Fraction(0)

    @property
    def likely(self) -> Fraction | None:
        """None where a chance or every value is unknown."""
        return None if known_value(self) is None else self.expected


async def find(work: Work, asked: Part) -> ValueOut:
    """In a fixed number of statements."""
    whole = await matrix(work, await history(work))
    closings = closed(work, whole, await cells_asked(work, whole, asked))
    need, rivals = closings[Status.NEED], closings[Status.COMPETITOR]
    potential = known_total([known_value(need), _attackable_value(rivals)])
    return ValueOut(
        data=[_closing_out(work, status, closings[status]) for status in Status],
        potential_value=money_of(work, potential),
        expected_value=money_of(work, known_total([need.likely, rivals.likely])),
        white_spots_value=money_of(work, closings[Status.UNKNOWN].likely),
        win=odds_out(whole.ground.win, whole.history.existing),
        displacement=odds_out(whole.ground.displacement, whole.history.takeovers),
        currency=work.home.currency,
        as_of=work.now,
        source="matrix",
        formula=FORMULA,
    )


def closed(work: Work, whole: Matrix, cells: Sequence[Cells]) -> dict[Status, Closing]:
    """Cell by cell the value times the chance: cells of one kind have the same chance."""
    found: defaultdict[Status, Closing] = defaultdict(Closing)
    for one in cells:
        _add(work, whole, found[one.tally.status], one)
    return {status: found[status] for status in Status}


def _add(work: Work, whole: Matrix, into: Closing, cells: Cells) -> None:
    tally = cells.tally
    value = usual(work, whole.ground, tally.segment, tally.product)
    silent = tally.n - tally.stated.n
    worth = Fraction(tally.stated.total) + silent * (value or 0)
    into.n += tally.n
    into.stated += tally.stated.n
    into.missing += silent if value is None else 0
    into.value += worth
    workable = tally.status is not Status.COMPETITOR or cells.attackable
    if not workable or not tally.n:
        return
    into.attackable += tally.n
    into.possible += worth
    likely = chance(tally.status, whole.ground.chances(tally.segment, tally.product))
    if worth and likely is None:
        into.expected = None
    elif into.expected is not None and likely is not None:
        into.expected += worth * likely


def _attackable_value(rivals: Closing) -> Fraction | None:
    return None if known_value(rivals) is None else rivals.possible


def _closing_out(work: Work, status: Status, found: Closing) -> ClosingOut:
    open_ones = status not in SETTLED
    possible = found.possible if found.expected is not None else Fraction(0)
    return ClosingOut(
        status=status.value,
        count=found.n,
        value=money_of(work, known_value(found)),
        attackable_count=found.attackable if status is Status.COMPETITOR else None,
        chance=ratio_out(share(found.expected or 0, possible)) if open_ones else None,
        expected_value=money_of(work, found.likely if open_ones else Fraction(0)),
        missing_value_count=found.missing,
    )
