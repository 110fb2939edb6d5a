"""Whether a process is lived: how what was told about its milestones came to be told."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    Subquery,
    and_,
    cast,
    exists,
    func,
    not_,
    select,
)
from sqlalchemy.orm import aliased

from app.core.errors import Invalid
from app.core.work import Work
from app.domain.processes import resolve
from app.engine.periods import Grain, Period, bounds, containing, parse
from app.schemas.adherence import AdherenceOut, AdherenceQuery, PersonSharesOut, ShareOut, SharesOut
from app.tables import Event, Passage, Person

LATE = timedelta(days=7)
BATCH, BATCH_WITHIN = 5, timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Counts:
    """Arrivals, those told by themselves, and how many of these were told in which way."""

    arrivals: int = 0
    told: int = 0
    evidenced: int = 0
    late: int = 0
    batched: int = 0
    after_exit: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


async def adherence(work: Work, wanted: str | UUID, asked: AdherenceQuery) -> AdherenceOut:
    """The shares of a process in a period, for everybody and by person, in one statement."""
    process = await resolve(work, wanted)
    period = _period(work, asked)
    rows = await work.all(_counted(work, process.id, *bounds(period, work.home.zone)))
    counts = [_counts(row) for row in rows]
    return AdherenceOut(
        process_id=process.id,
        period=period.key,
        people=_people(rows, counts),
        **dict(_shares(sum(counts, start=Counts()))),
    )


def _period(work: Work, asked: AdherenceQuery) -> Period:
    if asked.period is None:
        return containing(work.today, Grain.MONTH)
    try:
        return parse(asked.period, work.home.fiscal_start)
    except ValueError as error:
        raise Invalid.parameter("period", "unknown_period", str(error)) from error


def _counted(work: Work, process_id: UUID, start: datetime, end: datetime) -> Select[Any]:
    arrivals = _arrivals(work, process_id)
    told = not_(arrivals.c.implied)

    def told_and(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count().filter(told, condition)

    return (
        select(
            arrivals.c.owner_id,
            Person.name,
            func.count().label("arrivals"),
            func.count().filter(told).label("told"),
            told_and(arrivals.c.evidenced).label("evidenced"),
            told_and(arrivals.c.late).label("late"),
            told_and(arrivals.c.batched).label("batched"),
            told_and(arrivals.c.after_exit).label("after_exit"),
        )
        .outerjoin(
            Person,
            and_(Person.workspace_id == work.workspace_id, Person.id == arrivals.c.owner_id),
        )
        .where(arrivals.c.arrived_at >= start, arrivals.c.arrived_at < end)
        .group_by(arrivals.c.owner_id, Person.name)
        .order_by(Person.name.nulls_last(), arrivals.c.owner_id)
    )


def _arrivals(work: Work, process_id: UUID) -> Subquery:
    """Every arrival of the process with how it was told; batches reach beyond any period."""
    marked = _marked(work, process_id)
    # A stretch of five ends here, begins here, or holds this one in between.
    stretch = func.max(cast(marked.c.opens_batch, Integer)).over(
        partition_by=(marked.c.actor, marked.c.implied),
        order_by=(marked.c.recorded_at, marked.c.event_id),
        rows=(1 - BATCH, 0),
    )
    return select(*marked.c, (func.coalesce(stretch, 0) == 1).label("batched")).subquery("arrivals")


def _marked(work: Work, process_id: UUID) -> Subquery:
    event = and_(Event.workspace_id == Passage.workspace_id, Event.id == Passage.event_id)
    fifth = func.lead(Event.recorded_at, BATCH - 1).over(
        partition_by=(Event.actor, Passage.implied), order_by=(Event.recorded_at, Event.id)
    )
    return (
        select(
            Passage.owner_id,
            Passage.arrived_at,
            Passage.implied,
            Event.id.label("event_id"),
            Event.actor,
            Event.recorded_at,
            (
                func.jsonb_array_length(func.coalesce(Event.evidence, func.jsonb_build_array())) > 0
            ).label("evidenced"),
            (Event.recorded_at - Event.occurred_at > LATE).label("late"),
            (fifth - Event.recorded_at <= BATCH_WITHIN).label("opens_batch"),
            _was_out().label("after_exit"),
        )
        .join(Event, event)
        .where(
            Passage.workspace_id == work.workspace_id,
            Passage.process_id == process_id,
            Passage.ordinal == 1,
            not_(Passage.reconstructed),
            Event.import_id.is_(None),
        )
        .subquery("marked")
    )


def _was_out() -> ColumnElement[bool]:
    exit_event = aliased(Event)
    return exists().where(
        exit_event.workspace_id == Passage.workspace_id,
        exit_event.opportunity_id == Passage.opportunity_id,
        exit_event.kind == "exited",
        exit_event.occurred_at < Passage.arrived_at,
    )


def _counts(row: Row[Any]) -> Counts:
    return Counts(row.arrivals, row.told, row.evidenced, row.late, row.batched, row.after_exit)


def _people(rows: Sequence[Row[Any]], counts: Sequence[Counts]) -> list[PersonSharesOut]:
    return [
        PersonSharesOut(person_id=row.owner_id, name=row.name, **dict(_shares(one)))
        for row, one in zip(rows, counts, strict=True)
    ]


def _shares(counts: Counts) -> SharesOut:
    told = counts.told
    return SharesOut(
        with_evidence=_share(counts.evidenced, told),
        skipped=_share(counts.arrivals - told, counts.arrivals),
        backdated=_share(counts.late, told),
        batch_entered=_share(counts.batched, told),
        after_exit=_share(counts.after_exit, told),
    )


def _share(count: int, n: int) -> ShareOut:
    share = None if n == 0 else str((Decimal(count) / n).quantize(Decimal("0.0001")))
    return ShareOut(share=share, count=count, n=n)
