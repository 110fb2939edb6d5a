"""What a scope ordered in a period: orders are of whoever owned the deal that day."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import Date, cast, func, literal, select

from app.core.work import Work
from app.domain.facts import Story
from app.domain.inflow import NOTHING, Question, arrived, selected
from app.domain.replay import look_back
from app.domain.team_spans import member, spans
from app.domain.trees import below
from app.engine.flow.facts import Flags, day
from app.engine.flow.packed import within
from app.engine.leaks.amounts import sum_of
from app.schemas.observed_rates import ScopeQuery
from app.schemas.scopes import EVERYBODY
from app.tables import Team

# From the first of these moments up to the second.
Span = tuple[datetime, datetime]


def ordered_in(told: Story, own: Flags, span: Span) -> Fraction:
    """As a story of all deals tells it, of the orders that are the scope's own."""
    start, end = (day(moment) for moment in span)
    orders = told.facts.orders
    return sum_of(orders.value[own & within(orders.at, (start, end))].tolist())


async def ordered(work: Work, told: Story, asked: ScopeQuery, span: Span) -> Fraction:
    """The same where the story tells only of deals that stand: everybody's from the ledger, others'
    order by order."""
    order = told.milestones[-1].lineage_id
    question = Question(
        process_id=told.process_id,
        lineages=(order,),
        evidenced=frozenset(),
        start=span[0],
        end=span[1],
        business_type=asked.business_type,
        as_of=asked.as_of,
    )
    if asked.scope == EVERYBODY:
        value = (await arrived(work, question)).get(order, NOTHING).value
    else:
        value = await _owned(work, question, asked)
    return Fraction(value or 0)


async def _owned(work: Work, question: Question, asked: ScopeQuery) -> Decimal | None:
    passages, query = selected(work, question)
    query = query.with_only_columns(func.sum(passages.c.reporting_value))
    person_id, team_id = asked.scope.person_id, asked.scope.team_id
    if person_id is not None:
        query = query.where(passages.c.owner_id == person_id)
    else:
        assert team_id is not None
        during, zone = spans(work), literal(work.home.time_zone)
        on = cast(func.timezone(zone, passages.c.arrived_at), Date)
        inside = select(below(work, Team, team_id).c.id)
        query = query.join(during, member(during, passages.c.owner_id, on))
        query = query.where(during.c.team_id.in_(inside))
    await look_back(work, asked.as_of, None)
    found: Decimal | None = await work.db.scalar(query)
    return found
