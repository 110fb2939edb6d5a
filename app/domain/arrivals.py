"""Arrivals: the deals behind a light."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, func, select

from app.core.page import Order, page
from app.core.work import Work
from app.domain import inflow, replay
from app.domain.inflow import Question
from app.domain.questions import evidenced, here, period_asked, seen_at
from app.engine.periods import bounds
from app.schemas.arrivals import ArrivalFxOut, ArrivalOut, ArrivalPage, ArrivalQuery
from app.schemas.base import money_out
from app.tables import Event, Milestone, Opportunity, ProcessVersion

FORMULA = "domain: first verified reach of a milestone within the period"


async def find(work: Work, milestone_id: UUID, asked: ArrivalQuery) -> ArrivalPage:
    """A page of what arrived at a milestone in a period, in any version of the process."""
    milestone = await work.get(Milestone, milestone_id)
    version = await work.get(ProcessVersion, milestone.version_id)
    await here(work, asked.scope)
    seen_at(work, asked)
    period = period_asked(work, asked.period)
    start, end = bounds(period, work.home.zone)
    question = Question(
        process_id=version.process_id,
        lineages=(milestone.lineage_id,),
        evidenced=evidenced([milestone]),
        start=start,
        end=end,
        subject=asked.scope,
        business_type=asked.business_type,
        as_of=asked.as_of,
        effective_at=asked.effective_at,
    )
    query, order = _listed(work, question)
    bound = f"{milestone_id}{period.key}{asked.asked}"
    await replay.look_back(work, asked.as_of, asked.effective_at)
    found = await page(work, query, order, asked, of=bound)
    return ArrivalPage(
        data=[_seen(work, row) for row in found.data],
        next_cursor=found.next_cursor,
        milestone_id=milestone_id,
        key=milestone.key,
        period=period.key,
        scope=str(asked.scope),
        business_type=asked.business_type,
        as_of=asked.as_of or work.now,
        effective_at=asked.effective_at,
        source="events",
        formula=FORMULA,
    )


def _listed(work: Work, question: Question) -> tuple[Select[Any], Order]:
    """Each passage once, whoever shares it; the scope's parts of its value together."""
    passages, parts = inflow.selected(work, question)
    parts_seen = parts.subquery("parts")
    part = parts_seen.c
    keys = (part.opportunity_id, part.milestone_id, part.ordinal)
    shares = (
        select(
            *keys,
            func.sum(part.value).label("credited"),
            func.bool_or(and_(part.counts, part.accepted)).label("counts"),
            func.bool_or(part.accepted).label("accepted"),
        )
        .group_by(*keys)
        .subquery("shares")
    )
    column = passages.c
    same = and_(*(shares.c[key.name] == column[key.name] for key in keys))
    query = (
        select(
            column.event_id.label("id"),
            *(column[name] for name in _SHOWN),
            shares.c.credited,
            shares.c.counts,
            shares.c.accepted,
            Opportunity.name,
            Opportunity.account_id,
            Event.act,
            Event.what,
            Event.evidence,
        )
        .select_from(passages)
        .join(shares, same)
        .join(
            Opportunity,
            _in_workspace(work, Opportunity) & (Opportunity.id == column.opportunity_id),
        )
        .join(Event, _in_workspace(work, Event) & (Event.id == column.event_id))
    )
    return query, Order("arrived_at", column.arrived_at, column.event_id)


_SHOWN = (
    "opportunity_id",
    "owner_id",
    "arrived_at",
    "value",
    "currency",
    "reporting_value",
    "fx_rate",
    "fx_day",
    "fx_source",
    "implied",
    "verified",
    "ordinal",
)


def _in_workspace(work: Work, table: Any) -> Any:
    return table.workspace_id == work.workspace_id


def _seen(work: Work, row: Row[Any]) -> ArrivalOut:
    fx = None
    if row.fx_day is not None:
        fx = ArrivalFxOut(rate=f"{row.fx_rate:f}", date=row.fx_day, source=row.fx_source)
    return ArrivalOut(
        opportunity_id=row.opportunity_id,
        name=row.name,
        account_id=row.account_id,
        owner_id=row.owner_id,
        arrived_at=row.arrived_at,
        value=money_out(row.value, row.currency),
        reporting_value=money_out(row.reporting_value, work.home.currency),
        fx=fx,
        credited_value=money_out(row.credited, work.home.currency),
        evidence=row.evidence or [],
        act=row.act,
        what=row.what,
        implied=row.implied,
        verified=row.verified,
        ordinal=row.ordinal,
        counts=row.counts,
        counts_in_value=row.accepted,
    )
