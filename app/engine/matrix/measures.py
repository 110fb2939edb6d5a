"""How well a part of the matrix is known, and how it is occupied: by number of cells and by value.

One formula for both: what is counted are cells, or what they are worth a year.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from app.engine.matrix.status import Status

Number = Fraction | int

DEMANDED = (Status.BUYS, Status.COMPETITOR, Status.NEED)
APPLICABLE = (*DEMANDED, Status.NO_NEED, Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Measures:
    """Shares between 0 and 1, None where there is nothing to divide by.

    `knowledge` of the applicable cells are known, and `demand_rate` of the known ones are demanded
    by somebody: bought here (`penetration`), elsewhere (`occupation`), or nowhere (`open_need`).
    """

    applicable: Number
    known: Number
    demanded: Number
    knowledge: Fraction | None
    penetration: Fraction | None
    occupation: Fraction | None
    open_need: Fraction | None
    demand_rate: Fraction | None


def measures(cells: Mapping[Status, Number]) -> Measures:
    """Of cells, or of their values, by status; cells that are not applicable count nowhere.

    >>> found = measures({Status.BUYS: 3, Status.COMPETITOR: 1, Status.UNKNOWN: 4})
    >>> found.knowledge, found.penetration, found.open_need
    (Fraction(1, 2), Fraction(3, 4), Fraction(0, 1))
    """
    applicable = sum(cells.get(status, 0) for status in APPLICABLE)
    known = applicable - cells.get(Status.UNKNOWN, 0)
    demanded = sum(cells.get(status, 0) for status in DEMANDED)
    buys, competitor, need = (cells.get(status, 0) for status in DEMANDED)
    return Measures(
        applicable=applicable,
        known=known,
        demanded=demanded,
        knowledge=share(known, applicable),
        penetration=share(buys, demanded),
        occupation=share(competitor, demanded),
        open_need=share(need, demanded),
        demand_rate=share(demanded, known),
    )


def share(part: Number, whole: Number) -> Fraction | None:
    """
    >>> share(1, 3), share(0, 0)
    (Fraction(1, 3), None)
    """
    return Fraction(part) / whole if whole else None
