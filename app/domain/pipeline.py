"""Opportunities as the world sees them: one of them, or pages of those asked for."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Numeric,
    Row,
    Select,
    Text,
    and_,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from app.core.errors import NotFound
from app.core.page import Key, Listed, Order, Page, cursor_to, listed
from app.core.work import Work
from app.domain import processes
from app.domain.people import team_on
from app.domain.trees import below
from app.schemas.base import money_out
from app.schemas.events import Ball
from app.schemas.opportunities import (
    DRIFTING_DAYS,
    CreditOut,
    OpportunitySort,
    Status,
)
from app.schemas.opportunity_views import OpportunityQuery, OpportunityView
from app.tables import Milestone, Opportunity, Person, ProcessVersion, Team, Workspace

# Unknown comes below nothing at all. As the index has it: a bind parameter might not match.
_VALUE_IN_ORDER = "coalesce(opportunities.value, -1)"
# Every one of these has an index.
SORTS: dict[OpportunitySort, tuple[str, ColumnElement[Any]]] = {
    OpportunitySort.OLDEST: ("created_at", Opportunity.created_at.expression),
    OpportunitySort.LEAST_RECENTLY_CHANGED: ("updated_at", Opportunity.updated_at.expression),
    OpportunitySort.NAME: ("sort_name", func.lower(Opportunity.name, type_=Text())),
    OpportunitySort.SMALLEST: ("sort_value", literal_column(_VALUE_IN_ORDER, Numeric())),
}

# The question for all of them, as cursors are bound to it.
_ALL = OpportunityQuery.model_validate({}).asked
# A hold stops the clock until an event ends it, or until its own end has passed.
_ON_HOLD = "(held_since IS NOT NULL AND held_until > moment.now)"
STATUS = f"CASE WHEN opportunities.status = 'open' AND {_ON_HOLD} THEN 'on_hold' ELSE status END"
# All holds together stop it for so many days at most; then it runs again.
_RESTED = """least(moment.hold_limit_days, clock_held_days
  + CASE WHEN held_since IS NULL THEN 0 ELSE greatest(0, extract(epoch FROM
    least(moment.now, held_until) - greatest(held_since, clock_from)) / 86400) END)"""
AGE = f"""greatest(0, floor(extract(epoch FROM
  coalesce(exited_at, won_at, moment.now) - clock_from) / 86400 - {_RESTED}))::int"""
status_now: ColumnElement[Any] = literal_column(STATUS, Text())
age_now: ColumnElement[Any] = literal_column(AGE, Integer())
PROGRESS = """(SELECT coalesce(sum(c.weight) FILTER (WHERE EXISTS (
    SELECT FROM events e WHERE e.workspace_id = c.workspace_id AND e.criterion_id = c.id
      AND e.opportunity_id = opportunities.id)), 0) / sum(c.weight)
  FROM criteria c WHERE c.workspace_id = opportunities.workspace_id
    AND c.milestone_id = opportunities.milestone_id)"""
DUPLICATE_OF = """CASE WHEN exit_kind = 'duplicate' THEN (SELECT e.duplicate_of FROM events e
  WHERE e.workspace_id = opportunities.workspace_id AND e.opportunity_id = opportunities.id
    AND e.occurred_at = opportunities.exited_at AND e.exit_kind = 'duplicate' LIMIT 1) END"""
_PRODUCTS = """ARRAY(SELECT p.product_id FROM opportunity_products p
  WHERE p.workspace_id = opportunities.workspace_id AND p.opportunity_id = opportunities.id
  ORDER BY p.product_id)"""


class Asked(Listed, Protocol):
    @property
    def sort(self) -> Sequence[OpportunitySort]: ...


async def read(work: Work, id: UUID) -> OpportunityView:
    row = await work.one(viewed(work).where(Opportunity.id == id))
    if row is None:
        raise NotFound(f"There is no opportunity {id}.")
    return _seen(work, row)


async def read_all(work: Work, ids: Collection[UUID]) -> dict[UUID, OpportunityView]:
    """Those of them that are there."""
    rows = await work.all(viewed(work).where(Opportunity.id.in_(ids)))
    return {row.id: _seen(work, row) for row in rows}


async def find(work: Work, asked: OpportunityQuery) -> Page:
    return await seen_page(work, await _filtered(work, asked), asked)


async def seen_page(work: Work, query: Select[Any], asked: Asked) -> Page:
    """The page that was asked for of a query made of `viewed`, as views without companions."""
    found = await listed(work, query, _order(asked.sort), asked)
    return replace(found, data=[_seen(work, row) for row in found.data])


def after_newest(workspace_id: UUID, secret: bytes, at: datetime, id: UUID) -> str:
    """The cursor to what comes after this opportunity when all are listed, newest first."""
    order = _order([OpportunitySort.NEWEST])
    return cursor_to((at, id), order, _ALL, workspace_id=workspace_id, secret=secret)


def _order(sort: Sequence[OpportunitySort]) -> Order:
    first, *then = (_key(each) for each in sort)
    id = Opportunity.id.expression
    return Order(first.name, first.column, id, first.descending, tuple(then))


def _key(sort: OpportunitySort) -> Key:
    name, column = SORTS[OpportunitySort(sort.removeprefix("-"))]
    return Key(name, column, sort.startswith("-"))


def viewed(work: Work) -> Select[Any]:
    """Every opportunity with what is computed of it at this moment, as columns."""
    now = literal(work.now, TIMESTAMP(timezone=True)).label("now")
    clock = select(now, Workspace.hold_limit_days).where(Workspace.id == work.workspace_id)
    moment = clock.subquery("moment")
    here = Opportunity.workspace_id
    version = and_(ProcessVersion.workspace_id == here, ProcessVersion.id == Opportunity.version_id)
    milestone = and_(Milestone.workspace_id == here, Milestone.id == Opportunity.milestone_id)
    columns: tuple[ColumnElement[Any], ...] = (
        Milestone.key.label("milestone"),
        ProcessVersion.number.label("process_version"),
        func.lower(Opportunity.name).label("sort_name"),
        literal_column(_VALUE_IN_ORDER, Numeric()).label("sort_value"),
        status_now.label("seen_status"),
        age_now.label("age_days"),
        literal_column(PROGRESS).label("section_progress"),
        literal_column(DUPLICATE_OF).label("duplicate_of"),
        literal_column(_PRODUCTS).label("product_ids"),
    )
    return (
        work.rows(Opportunity)
        .add_columns(*columns)
        .join(ProcessVersion, version)
        .outerjoin(Milestone, milestone)
        .join(moment, true())
    )


async def _filtered(work: Work, asked: OpportunityQuery) -> Select[Any]:
    query = viewed(work)
    if asked.process is not None:
        process = await processes.resolve(work, asked.process)
        query = query.where(Opportunity.process_id == process.id)
    if asked.team is not None:
        query = query.where(Opportunity.owner_id.in_(members(work, asked.team)))
    plain = {
        Opportunity.owner_id: asked.owner,
        Opportunity.account_id: asked.account,
        Opportunity.business_type: asked.business_type,
        Opportunity.source: asked.source,
        Opportunity.external_id: asked.external_id,
        Opportunity.ball: asked.ball,
    }
    query = query.where(*(column == wish for column, wish in plain.items() if wish is not None))
    return query.where(*_limits(asked))


def members(work: Work, team_id: UUID) -> Select[Any]:
    """Who is in the team, or in a team below it, today."""
    team = team_on(work, Person.id, work.today)
    tree = select(below(work, Team, team_id).c.id)
    chosen = work.rows(Person).join(team, true()).where(team.c.team_id.in_(tree))
    return chosen.with_only_columns(Person.id)


def _limits(asked: OpportunityQuery) -> list[ColumnElement[bool]]:
    limits: list[ColumnElement[bool]] = []
    if asked.milestone is not None:
        none = asked.milestone == "none"
        limits.append(Opportunity.position == 0 if none else Milestone.key == asked.milestone)
    if asked.status is not None:
        limits.append(status_now == asked.status.value)
    if asked.value_gte is not None:
        limits.append(Opportunity.value >= asked.value_gte)
    if asked.value_lte is not None:
        limits.append(Opportunity.value <= asked.value_lte)
    if asked.updated_since is not None:
        limits.append(Opportunity.updated_at >= asked.updated_since)
    if asked.stale is not None:
        limits.append(stale() if asked.stale else ~stale())
    if asked.drifting is not None:
        limits.append(drifting() if asked.drifting else ~drifting())
    return limits


def stale() -> ColumnElement[bool]:
    """Open, not on hold, and longer behind its milestone than the section allows."""
    over = age_now > Milestone.stale_after_days
    return func.coalesce(and_(status_now == Status.OPEN.value, over), False)


def drifting() -> ColumnElement[bool]:
    """Open, not on hold, and somebody owes the next step for more than a fortnight."""
    owed = Opportunity.ball.in_((Ball.US.value, Ball.CUSTOMER.value))
    late: ColumnElement[bool] = literal_column(
        f"moment.now - waiting_since > interval '{DRIFTING_DAYS} days'"
    )
    return func.coalesce(and_(status_now == Status.OPEN.value, owed, late), False)


def _seen(work: Work, row: Row[Any]) -> OpportunityView:
    progress = row.section_progress
    return OpportunityView(
        id=row.id,
        name=row.name,
        process_id=row.process_id,
        process_version=row.process_version,
        account_id=row.account_id,
        owner_id=row.owner_id,
        credits=[CreditOut(**share) for share in row.credits] if row.credits else None,
        value=money_out(row.value, row.currency),
        status=Status(row.seen_status),
        milestone=row.milestone,
        milestone_position=row.position,
        reached_at=row.reached_at,
        age_days=row.age_days,
        section_progress=None if progress is None else str(round(progress, 4)),
        held_until=row.held_until if row.seen_status == Status.ON_HOLD else None,
        ball=row.ball,
        waiting_since=row.waiting_since,
        won_at=row.won_at,
        ordered_value=money_out(row.ordered_value, work.home.currency),
        exited_at=row.exited_at,
        exit_kind=row.exit_kind,
        exit_reason=row.exit_reason,
        duplicate_of=row.duplicate_of,
        business_type=row.business_type,
        business_subtype=row.business_subtype,
        product_ids=row.product_ids,
        attributes=row.attributes,
        external_close_date=row.external_close_date,
        external_probability=_plain(row.external_probability),
        source=row.source,
        external_id=row.external_id,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _plain(number: Decimal | None) -> str | None:
    return None if number is None else format(number.normalize(), "f")
