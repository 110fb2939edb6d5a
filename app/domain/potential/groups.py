"""Cells put together by what they have in common, counted and valued by status."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Row

from app.core.work import Work
from app.domain.potential.grounds import usual
from app.engine.matrix.ground import Ground, Tally
from app.engine.matrix.measures import Measures, measures
from app.engine.matrix.status import Status
from app.engine.matrix.worth import Sample
from app.engine.money import round_to_minor
from app.schemas.base import MoneyOut, money_out
from app.schemas.matrix_stats import CellSumOut, MeasuresOut, OddsOut, StatsGroupOut
from app.schemas.ratios import ratio_out

Key = TypeVar("Key")


@dataclass(slots=True)
class Sum:
    """`n` cells of a status: what they are worth, of how many that was stated, and of how many
    nothing tells it."""

    n: int = 0
    value: Fraction = Fraction(0)
    stated: int = 0
    missing: int = 0


@dataclass(slots=True)
class Group:
    sums: dict[Status, Sum] = field(default_factory=lambda: {status: Sum() for status in Status})

    @property
    def by_count(self) -> Measures:
        return measures({status: each.n for status, each in self.sums.items()})

    @property
    def by_value(self) -> Measures:
        return measures({status: each.value for status, each in self.sums.items()})


def grouped(
    work: Work,
    known: Ground[UUID],
    tallies: Iterable[Tally[UUID]],
    key: Callable[[Tally[UUID]], Key],
) -> dict[Key, Group]:
    """Cells without a stated value have the usual one of their product and segment."""
    groups: dict[Key, Group] = {}
    for tally in tallies:
        found = groups.setdefault(key(tally), Group()).sums[tally.status]
        value, silent = usual(work, known, tally.segment, tally.product), tally.n - tally.stated.n
        found.n += tally.n
        found.value += tally.stated.total + silent * (value or 0)
        found.stated += tally.stated.n
        found.missing += silent if value is None else 0
    return groups


def blank(worth: Sequence[Fraction | None]) -> Sum:
    """An account of which nobody asked anything, for products that are usually worth so much."""
    value = sum((one for one in worth if one is not None), Fraction(0))
    return Sum(len(worth), value, missing=worth.count(None))


def unasked(group: Group, accounts: int, each: Sum) -> None:
    """So many accounts, as if nobody was asked."""
    unknown = group.sums[Status.UNKNOWN]
    unknown.n += accounts * each.n
    unknown.value += accounts * each.value
    unknown.missing += accounts * each.missing


def asked(group: Group, row: Row[Any]) -> None:
    """Cells that PostgreSQL summed, of a status that is known: no longer unknown."""
    unknown = group.sums[Status.UNKNOWN]
    unknown.n -= row.n
    unknown.value -= Fraction(row.usual)
    unknown.missing -= row.unusual
    group.sums[Status(row.status)] = Sum(row.n, Fraction(row.total), row.stated, row.missing)


def group_out(work: Work, key: Any, name: str | None, group: Group, **more: Any) -> StatsGroupOut:
    return StatsGroupOut(
        key=None if key is None else str(key),
        name=name,
        cells=sums_out(work, group),
        by_count=measures_out(group.by_count),
        by_value=measures_out(group.by_value),
        **{"competitor_share": None, **more},
    )


def measures_out(found: Measures) -> MeasuresOut:
    return MeasuresOut(
        knowledge=ratio_out(found.knowledge),
        penetration=ratio_out(found.penetration),
        occupation=ratio_out(found.occupation),
        open_need=ratio_out(found.open_need),
        demand_rate=ratio_out(found.demand_rate),
    )


def money_of(work: Work, exact: Fraction | None) -> MoneyOut | None:
    """Rounded once, on its way out."""
    currency = work.home.currency
    return None if exact is None else money_out(round_to_minor(exact, currency), currency)


def known_value(found: Sum) -> Fraction | None:
    """None where there are cells and no value of any of them is known."""
    return None if found.n and found.missing == found.n else found.value


def odds_out(rate: Fraction | None, sample: Sample) -> OddsOut:
    return OddsOut(chance=ratio_out(rate), won=int(sample.total), decided=sample.n)


def sums_out(work: Work, group: Group) -> list[CellSumOut]:
    return [_sum(work, status, each) for status, each in group.sums.items()]


def _sum(work: Work, status: Status, found: Sum) -> CellSumOut:
    return CellSumOut(
        status=status.value,
        count=found.n,
        value=money_of(work, known_value(found)),
        estimated_value_count=found.n - found.stated - found.missing,
        missing_value_count=found.missing,
    )
