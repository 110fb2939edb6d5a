"""What arrived, added up from the cells of the ledger: as many rows as there are days and people.

Whole months are read as such and the days at the edges one by one. Whoever was put into another
team within a month is read by day there, since a cell belongs to the team of its first day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Date,
    Select,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    or_,
    select,
    true,
    union_all,
)

from app.core.work import Work
from app.domain.team_spans import member, spans, team_and_below
from app.schemas.scopes import Business, Subject
from app.tables import ArrivalCell, Membership

_MONTH = func.make_interval(0, 1)


@dataclass(frozen=True, slots=True)
class Days:
    """Which arrivals: at these lineages, on the days in [start, end), whose, of which business.

    At the lineages in `evidenced`, an act without evidence does not count.
    """

    process_id: UUID
    lineages: tuple[UUID, ...]
    evidenced: frozenset[UUID]
    start: date
    end: date
    subject: Subject
    business_type: Business

    @property
    def months(self) -> tuple[date, date] | None:
        """The whole months: the first day of the first one, and the day after the last."""
        begin = self.start if self.start.day == 1 else _next_month(self.start)
        end = self.end.replace(day=1)
        return (begin, end) if begin < end else None

    @property
    def stretches(self) -> tuple[tuple[str, date, date], ...]:
        """Of which cells which days are read: (grain, first day, day after the last)."""
        months = self.months
        if months is None:
            return (("day", self.start, self.end),)
        edges = ((self.start, months[0]), (months[1], self.end))
        return (("month", *months), *(("day", a, b) for a, b in edges if a < b))


@dataclass(frozen=True, slots=True)
class Stretches(Days):
    """The same where it is known which days are read of which cells."""

    known: tuple[tuple[str, date, date], ...]

    @property
    def stretches(self) -> tuple[tuple[str, date, date], ...]:
        return self.known


def summed(work: Work, asked: Days, *, by_person: bool) -> Select[Any]:
    """A row for each lineage, or for each person, team of the day and lineage: the sums that
    `inflow` makes of arrivals one by one, save the largest."""
    teams = by_person or asked.subject.team_id is not None
    cell = _cells(work, asked, teams=teams)
    column, keys, rows = cell.c, [], select().select_from(cell)
    if teams:
        during = spans(work)
        rows = rows.outerjoin(during, member(during, column.person_id, column.day))
        if by_person:
            keys = [column.person_id, during.c.team_id]
        else:
            assert asked.subject.team_id is not None
            inside = select(team_and_below(work, asked.subject.team_id).c.id)
            rows = rows.where(during.c.team_id.in_(inside))
    keys.append(column.lineage_id)
    sums = rows.add_columns(*keys, *_sums(asked, cell))
    return sums.group_by(*keys).having(func.sum(column.n) != 0)


def _sums(asked: Days, cell: Subquery) -> Iterator[ColumnElement[Any]]:
    column = cell.c
    accepted = or_(column.verified, column.lineage_id.not_in(asked.evidenced))
    unverified, nobodys = ~column.verified, and_(accepted, column.person_id.is_(None))

    def number(counted: ColumnElement[Any], which: ColumnElement[bool]) -> ColumnElement[Any]:
        return cast(func.coalesce(func.sum(counted).filter(which), 0), BigInteger)

    def value(which: ColumnElement[bool]) -> ColumnElement[Any]:
        known = func.sum(column.known).filter(which) > 0
        return case((known, func.sum(column.value).filter(which)))

    waiting = column.n - column.known - column.missing
    yield value(accepted).label("value")
    yield number(column.n, accepted).label("deals")
    yield number(column.known, accepted).label("known")
    yield number(column.n, accepted).label("arrivals")
    yield value(unverified).label("unverified_value")
    yield number(column.n, unverified).label("deals_unverified")
    yield number(column.n, unverified).label("unverified_count")
    yield number(column.missing, accepted).label("missing")
    yield number(waiting, accepted).label("unconverted")
    yield value(nobodys).label("unassigned_value")
    yield number(column.n, nobodys).label("deals_unassigned")
    yield number(column.n, nobodys).label("unassigned_count")


def _cells(work: Work, asked: Days, *, teams: bool) -> Subquery:
    """The rows to be added up, each arrival in one of them."""
    parts = [_of(work, asked, grain, _between(start, end)) for grain, start, end in asked.stretches]
    if teams and (months := asked.months) is not None:
        moved = _moved(work, *months)
        within = and_(
            moved.c.person_id == ArrivalCell.person_id,
            ArrivalCell.day >= moved.c.month,
            ArrivalCell.day < moved.c.month + _MONTH,
        )
        parts[0] = parts[0].where(~exists().where(within))
        parts.append(_of(work, asked, "day", _between(*months)).join(moved, within))
    return union_all(*parts).subquery("cells")


def _of(work: Work, asked: Days, grain: str, days: ColumnElement[bool]) -> Select[Any]:
    cell, person_id = ArrivalCell, asked.subject.person_id
    rows = work.rows(cell).where(
        cell.process_id == asked.process_id,
        cell.lineage_id.in_(asked.lineages),
        cell.grain == grain,
        days,
        true() if person_id is None else cell.person_id == person_id,
    )
    if asked.business_type is Business.ALL:
        return rows
    return rows.where(cell.business_type == asked.business_type)


def _moved(work: Work, start: date, end: date) -> CTE:
    """Who was put into a team, or out of one, within which month and not on its first day."""
    month = cast(func.date_trunc("month", Membership.since), Date)
    rows = work.rows(Membership).where(
        Membership.since >= start, Membership.since < end, Membership.since != month
    )
    return (
        rows.with_only_columns(Membership.person_id, month.label("month")).distinct().cte("moved")
    )


def _between(start: date, end: date) -> ColumnElement[bool]:
    return and_(ArrivalCell.day >= start, ArrivalCell.day < end)


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
