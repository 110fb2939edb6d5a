"""Inflow: how much arrived at each milestone in a period, in all, for a team or by person.

Only movement counts: what merely stands at a milestone is no arrival. The first order of a deal
counts in number, further partial orders in value only.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Row,
    Select,
    Subquery,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal,
    or_,
    select,
    true,
)

from app.core.work import Work
from app.domain import replay
from app.domain.inflow_sums import deals, summed, together
from app.domain.ledger import reading
from app.domain.team_spans import member, spans, team_and_below
from app.engine.periods import midnight
from app.schemas.scopes import EVERYBODY, Business, Subject
from app.tables import Opportunity


@dataclass(frozen=True, slots=True)
class Question:
    """Which arrivals: at these lineages, in [start, end), whose, of which business, seen when.

    At the lineages in `evidenced`, an act without evidence does not count. `one_by_one`: deals are
    looked at each, as for what was known in the past; otherwise the ledger is asked.
    """

    process_id: UUID
    lineages: tuple[UUID, ...]
    evidenced: frozenset[UUID]
    start: datetime
    end: datetime
    subject: Subject = EVERYBODY
    business_type: Business = Business.ALL
    as_of: datetime | None = None
    effective_at: datetime | None = None
    one_by_one: bool = False

    @property
    def past(self) -> bool:
        """Whether it is about what was known, or true, at another moment than now."""
        return self.as_of is not None or self.effective_at is not None


@dataclass(frozen=True, slots=True)
class Arrived:
    """What arrived at one milestone, in the reporting currency.

    A value is None where something arrived and no value is known; nothing arrived is 0. Unverified
    amounts are those without evidence, counted or not. `largest` is the largest deal's part; None
    where deals were not looked at one by one.
    """

    value: Decimal | None = Decimal(0)
    count: int = 0
    known: int = 0
    largest: Decimal | None = Decimal(0)
    unverified_value: Decimal | None = Decimal(0)
    unverified_count: int = 0
    missing: int = 0
    unconverted: int = 0
    unassigned_value: Decimal | None = Decimal(0)
    unassigned_count: int = 0


NOTHING = Arrived()


async def arrived(work: Work, question: Question) -> dict[UUID, Arrived]:
    """By lineage; one that nothing arrived at is absent."""
    days = _days(work, question)
    await replay.look_back(work, question.as_of, question.effective_at)
    if question.past or question.subject != EVERYBODY:
        found = await work.all(_sums(work, question, days, ()))
    else:
        query, values = _prepared(work, question, days)
        found = await work.all(query, values)
    return {row.lineage_id: _arrived(row) for row in found}


async def arrived_by_person(
    work: Work, question: Question
) -> dict[tuple[UUID | None, UUID | None, UUID], Arrived]:
    """By (person, team on the day of the arrival, lineage); no person: not assigned to anybody.

    One statement however many people there are.
    """
    days = _days(work, question)
    await replay.look_back(work, question.as_of, question.effective_at)
    found = await work.all(_sums(work, question, days, ("person_id", "team_id")))
    return {(row.person_id, row.team_id, row.lineage_id): _arrived(row) for row in found}


def one_by_one(question: Question, lineages: Iterable[UUID]) -> Question:
    """The same question at some of its lineages, answered with the largest deals."""
    return replace(question, lineages=tuple(lineages), one_by_one=True)


def added(parts: Sequence[Arrived]) -> Arrived:
    """Several people's arrivals as one; a deal they share is one deal only to `arrived`."""
    return Arrived(
        value=_known([part.value for part in parts]),
        count=sum(part.count for part in parts),
        known=sum(part.known for part in parts),
        largest=_largest([part.largest for part in parts]),
        unverified_value=_known([part.unverified_value for part in parts]),
        unverified_count=sum(part.unverified_count for part in parts),
        missing=sum(part.missing for part in parts),
        unconverted=sum(part.unconverted for part in parts),
    )


def selected(work: Work, question: Question) -> tuple[FromClause, Select[Any]]:
    """The passages that a question is about, and a query of their keys and of what they count."""
    passages = _passages(work, question)
    query = _where(work, question, passages, select()).add_columns(
        *_measures(question, passages, None)
    )
    return passages, _whose(work, question, passages, query)


def _sums(
    work: Work, question: Question, days: reading.Days | None, keys: tuple[str, ...]
) -> Select[Any]:
    """From the cells, and what is ragged one by one; all one by one where no cell can tell."""
    if days is None:
        each = deals(_rows(work, question, keys), keys)
        largest = func.coalesce(func.max(each.c.value), Decimal(0))
        return summed(each, keys).add_columns(largest.label("largest"))
    ragged = deals(_rows(work, question, keys, ragged=True), keys)
    cells = reading.summed(work, days, by_person=bool(keys))
    return together([cells, summed(ragged, keys)], keys)


def _prepared(
    work: Work, question: Question, days: reading.Days | None
) -> tuple[Select[Any], dict[str, Any]]:
    """What is asked of everybody today, again and again: the query of its shape, made once (that
    took as long as asking it), and what stands in it now."""
    stretches = () if days is None else days.stretches
    typed = question.business_type is not Business.ALL
    values = {
        "workspace": work.workspace_id,
        "process": question.process_id,
        "lineages": list(question.lineages),
        "evidenced": list(question.evidenced),
        "start": question.start,
        "end": question.end,
        "business_type": question.business_type.value,
    }
    for at, (_, first, after) in enumerate(stretches):
        values |= {f"first_{at}": first, f"after_{at}": after}
    return _shaped(tuple(grain for grain, _, _ in stretches), typed=typed), values


@lru_cache(maxsize=32)
def _shaped(grains: tuple[str, ...], *, typed: bool) -> Select[Any]:
    """Without grains, deals are looked at one by one."""
    value: Callable[..., Any] = bindparam
    said = {
        "process_id": value("process"),
        "lineages": value("lineages", type_=Uuid(), expanding=True),
        "evidenced": value("evidenced", type_=Uuid(), expanding=True),
        "start": value("start"),
        "end": value("end"),
        "business_type": value("business_type") if typed else Business.ALL,
    }
    nobody: Any = None
    work = Work(nobody, value("workspace"), nobody, nobody, "")
    days = tuple(
        (grain, value(f"first_{n}"), value(f"after_{n}")) for n, grain in enumerate(grains)
    )
    asked = reading.Stretches(**said, subject=EVERYBODY, known=days) if days else None
    return _sums(work, Question(**said), asked, ())


def _days(work: Work, question: Question) -> reading.Days | None:
    """The days of a question about now that begins and ends with one."""
    zone = work.home.zone
    start, end = (at.astimezone(zone).date() for at in (question.start, question.end))
    whole = (midnight(start, zone), midnight(end, zone)) == (question.start, question.end)
    if question.past or question.one_by_one or not whole:
        return None
    return reading.Days(
        process_id=question.process_id,
        lineages=question.lineages,
        evidenced=question.evidenced,
        start=start,
        end=end,
        subject=question.subject,
        business_type=question.business_type,
    )


def _rows(
    work: Work, question: Question, keys: tuple[str, ...], *, ragged: bool = False
) -> Subquery:
    passages, query = (_by_person if keys else selected)(work, question)
    return (query.where(passages.c.ragged) if ragged else query).subquery("seen")


def _by_person(work: Work, question: Question) -> tuple[FromClause, Select[Any]]:
    passages, credits = _passages(work, question), _credits(work, question)
    during = spans(work)
    query = (
        select(credits.c.person_id, during.c.team_id)
        .select_from(passages)
        .outerjoin(credits, _same(passages, credits))
        .outerjoin(during, _member(work, passages, credits, during))
    )
    query = _where(work, question, passages, query)
    return passages, query.add_columns(*_measures(question, passages, credits))


def _whose(work: Work, question: Question, passages: FromClause, query: Select[Any]) -> Select[Any]:
    """Narrowed to a person or a team: what is credited to them, deal by deal."""
    subject = question.subject
    if subject == EVERYBODY:
        return query.select_from(passages)
    credits = _credits(work, question)
    credited = query.with_only_columns(*_measures(question, passages, credits))
    joined = credited.select_from(passages).join(credits, _same(passages, credits))
    if subject.person_id is not None:
        return joined.where(credits.c.person_id == subject.person_id)
    assert subject.team_id is not None
    during = spans(work)
    inside = select(team_and_below(work, subject.team_id).c.id)
    joined = joined.join(during, _member(work, passages, credits, during))
    return joined.where(during.c.team_id.in_(inside))


def _where(work: Work, question: Question, passages: FromClause, query: Select[Any]) -> Select[Any]:
    column = passages.c
    query = query.where(
        column.lineage_id.in_(question.lineages),
        column.process_id == question.process_id,
        column.arrived_at >= question.start,
        column.arrived_at < question.end,
    )
    if question.business_type is Business.ALL:
        return query
    kind = select(Opportunity.id).where(
        Opportunity.workspace_id == work.workspace_id,
        Opportunity.id == column.opportunity_id,
        Opportunity.business_type == question.business_type,
    )
    return query.where(kind.exists())


def _measures(
    question: Question, passages: FromClause, credits: FromClause | None
) -> tuple[ColumnElement[Any], ...]:
    """What each passage, or each person's part in one, adds to the sums."""
    column = passages.c
    value: ColumnElement[Any] = column.reporting_value
    owns: ColumnElement[Any] = true()
    if credits is not None:
        uncredited = credits.c.person_id.is_(None)
        value = func.coalesce(credits.c.reporting_value, value)
        owns = or_(uncredited, credits.c.counts)
    accepted = or_(column.verified, column.lineage_id.not_in(question.evidenced))
    return (
        column.lineage_id,
        column.opportunity_id,
        column.milestone_id,
        column.ordinal,
        value.label("value"),
        accepted.label("accepted"),
        and_(owns, column.ordinal == 1).label("counts"),
        column.verified.label("verified"),
        and_(owns, column.value.is_(None)).label("missing"),
        and_(owns, column.value.is_not(None), column.reporting_value.is_(None)).label(
            "unconverted"
        ),
        column.owner_id.is_(None).label("unassigned"),
    )


def _known(values: Sequence[Decimal | None]) -> Decimal | None:
    """The sum of what is known; None where there is something and nothing of it is known."""
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known or not values else None


def _largest(parts: Sequence[Decimal | None]) -> Decimal | None:
    known = [part for part in parts if part is not None]
    return max(known, default=Decimal(0)) if len(known) == len(parts) else None


def _arrived(row: Row[Any]) -> Arrived:
    zero = Decimal(0)
    return Arrived(
        value=row.value if row.deals else zero,
        count=row.arrivals,
        known=row.known,
        largest=row.largest,
        unverified_value=row.unverified_value if row.deals_unverified else zero,
        unverified_count=row.unverified_count,
        missing=row.missing,
        unconverted=row.unconverted,
        unassigned_value=row.unassigned_value if row.deals_unassigned else zero,
        unassigned_count=row.unassigned_count,
    )


def _passages(work: Work, question: Question) -> FromClause:
    return replay.passages(
        work,
        process_id=question.process_id,
        as_of=question.as_of,
        effective_at=question.effective_at,
    )


def _credits(work: Work, question: Question) -> FromClause:
    return replay.credits(
        work,
        process_id=question.process_id,
        as_of=question.as_of,
        effective_at=question.effective_at,
    )


def _same(passages: FromClause, credits: FromClause) -> ColumnElement[bool]:
    return and_(
        credits.c.opportunity_id == passages.c.opportunity_id,
        credits.c.milestone_id == passages.c.milestone_id,
        credits.c.ordinal == passages.c.ordinal,
    )


def _member(
    work: Work, passages: FromClause, credits: FromClause, during: Subquery
) -> ColumnElement[bool]:
    """In which team the credited person was on the day of the arrival, where the workspace is."""
    zone = literal(work.home.time_zone)
    day = cast(func.timezone(zone, passages.c.arrived_at), Date)
    return member(during, credits.c.person_id, day)
