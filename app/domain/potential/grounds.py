"""The whole matrix in numbers: how many cells there are of each kind, and what is usual in them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from app.core.work import Work
from app.domain.potential import sql
from app.engine.leaks import BESIDE
from app.engine.matrix.ground import Ground, Tally, ground, with_unknown
from app.engine.matrix.status import Status
from app.engine.matrix.worth import NONE, Sample
from app.engine.money import exponent, round_to_minor
from app.tables import Person, Product

# A competitor's cell can be attacked when its contract ends within a year, or nobody knows of one.
HORIZON = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Whose:
    """Of which accounts: None is all of them."""

    owner: UUID | None = None
    account: UUID | None = None
    segment: str | None = None


ALL = Whose()


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of one kind; of competitors' cells some can be attacked now."""

    tally: Tally[UUID]
    attackable: bool


@dataclass(frozen=True, slots=True)
class History:
    """Won of all decided opportunities, of those of existing business, and of those at cells that
    a competitor held."""

    wins: Sample = NONE
    existing: Sample = NONE
    takeovers: Sample = NONE


UNASKED = History()


@dataclass(frozen=True, slots=True)
class Matrix:
    """All cells of all accounts that are there and of all products that are sold."""

    products: Mapping[UUID, str]
    cells: Sequence[Cells]
    ground: Ground[UUID]
    history: History


def given(work: Work, whose: Whose = ALL) -> dict[str, Any]:
    """What every statement about cells is given."""
    return {
        "workspace": work.workspace_id,
        "currency": work.home.currency,
        "exponent": exponent(work.home.currency),
        "today": work.today,
        "horizon": work.today + HORIZON,
        "owner": whose.owner,
        "account": whose.account,
        "segment": whose.segment,
    }


async def matrix(work: Work, past: History = UNASKED) -> Matrix:
    """In three statements, however many cells there are; chances are known from the `past`."""
    products = await sold(work)
    cells = await counted(work, products)
    tallies = (each.tally for each in cells)
    known = ground(tallies, wins=past.wins, existing=past.existing, takeovers=past.takeovers)
    return Matrix(products, cells, known, past)


async def history(work: Work) -> History:
    """How opportunities were decided, in one statement."""
    values = given(work) | {"beside": [*BESIDE]}
    row = (await work.db.execute(text(sql.DECIDED), values)).one()
    return History(
        wins=Sample(row.won, row.decided),
        existing=Sample(row.existing_won, row.existing),
        takeovers=Sample(row.takeovers, row.attacks),
    )


async def sold(work: Work) -> dict[UUID, str]:
    """The names of the products that are sold."""
    return {row.id: row.name for row in await work.all(work.rows(Product).where(Product.active))}


async def names_of(work: Work) -> dict[UUID | None, str]:
    """Everybody's name."""
    return {row.id: row.name for row in await work.all(work.rows(Person))}


async def counted(work: Work, products: Mapping[UUID, str], whose: Whose = ALL) -> list[Cells]:
    """All cells of these accounts by segment, product and status, the unknown ones included."""
    rows = (await work.db.execute(text(_cells_of(whose)), given(work, whose))).all()
    told = [Cells(_tally(row), row.attackable) for row in rows]
    heads: Counter[str] = Counter()
    for row in await headcount(work, whose):
        heads[row.segment] += row.n
    every = with_unknown((each.tally for each in told), heads, products)
    return told + [Cells(one, attackable=False) for one in every if one.status is Status.UNKNOWN]


async def headcount(work: Work, whose: Whose = ALL) -> Sequence[Row[Any]]:
    """How many accounts there are, by owner and segment."""
    return (await work.db.execute(text(sql.HEADS), given(work, whose))).all()


def usual(work: Work, known: Ground[UUID], segment: str, product: UUID) -> Fraction | None:
    """What a cell is taken to be worth of which nobody said it: an amount of money, and so rounded
    here, that sums are those of what is shown."""
    value = known.usual(segment, product).value
    return None if value is None else Fraction(round_to_minor(value, work.home.currency))


def _cells_of(whose: Whose) -> str:
    return sql.SUMMED if whose == ALL else sql.TALLIES


def _tally(row: Row[Any]) -> Tally[UUID]:
    stated = Sample(Fraction(row.total), row.stated)
    return Tally(row.segment, row.product_id, Status(row.status), row.n, stated)
