"""What can come along with opportunities: a fixed number of statements, however many they are."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_

from app.core.work import Work
from app.domain import events, people
from app.domain.access import Scope
from app.schemas.accounts import AccountOut
from app.schemas.base import money_out
from app.schemas.opportunity_views import EVENTS_INCLUDED, MilestoneStep, OpportunityView
from app.schemas.people import PersonOut
from app.tables import Account, Milestone, Opportunity, Passage, Person

Deals = Sequence[OpportunityView]

# What comes along is seen with the rights it needs when it is asked for alone.
SCOPES = {
    "account": Scope.ACCOUNTS_READ,
    "owner": Scope.ACCOUNTS_READ,
    "milestones": Scope.PROCESSES_READ,
    "events": Scope.OPPORTUNITIES_READ,
}


async def join(work: Work, deals: Deals, include: Sequence[str]) -> None:
    """Put what was asked for beside each of the opportunities."""
    if deals:
        for name, bring in COMPANIONS.items():
            if name in include:
                await bring(work, deals)


async def _accounts(work: Work, deals: Deals) -> None:
    ids = {deal.account_id for deal in deals if deal.account_id is not None}
    rows = await work.all(work.rows(Account).where(Account.id.in_(ids))) if ids else []
    known = {row.id: AccountOut.model_validate(row) for row in rows}
    for deal in deals:
        deal.account = _known(known, deal.account_id)


async def _owners(work: Work, deals: Deals) -> None:
    ids = {deal.owner_id for deal in deals if deal.owner_id is not None}
    rows = await work.all(people.with_team(work).where(Person.id.in_(ids))) if ids else []
    known = {row.id: PersonOut.model_validate(row) for row in rows}
    for deal in deals:
        deal.owner = _known(known, deal.owner_id)


async def _milestones(work: Work, deals: Deals) -> None:
    steps: dict[UUID, list[MilestoneStep]] = {deal.id: [] for deal in deals}
    for row in await work.all(_track(work, [*steps])):
        steps[row.opportunity_id].append(_step(row))
    for deal in deals:
        deal.milestones = steps[deal.id]


async def _events(work: Work, deals: Deals) -> None:
    told = await events.latest(work, [deal.id for deal in deals], EVENTS_INCLUDED)
    for deal in deals:
        deal.events = told[deal.id]


COMPANIONS: dict[str, Callable[[Work, Deals], Awaitable[None]]] = {
    "account": _accounts,
    "owner": _owners,
    "milestones": _milestones,
    "events": _events,
}


def _known(known: dict[UUID, Any], id: UUID | None) -> Any:
    return None if id is None else known.get(id)


def _track(work: Work, ids: Sequence[UUID]) -> Select[Any]:
    """The milestones of each opportunity's process version, with its arrival at each."""
    here = Milestone.workspace_id
    of_version = and_(
        Opportunity.workspace_id == here, Opportunity.version_id == Milestone.version_id
    )
    arrival = and_(
        Passage.workspace_id == here,
        Passage.opportunity_id == Opportunity.id,
        Passage.milestone_id == Milestone.id,
        Passage.ordinal == 1,
    )
    columns: tuple[Any, ...] = (
        Opportunity.id.label("opportunity_id"),
        Milestone.position,
        Milestone.key,
        Milestone.name,
        Passage.arrived_at,
        Passage.value,
        Passage.currency,
        Passage.implied,
        Passage.verified,
    )
    joined = work.rows(Milestone).join(Opportunity, of_version).outerjoin(Passage, arrival)
    chosen = joined.where(Opportunity.id.in_(ids)).order_by(Milestone.position)
    return chosen.with_only_columns(*columns)


def _step(row: Row[Any]) -> MilestoneStep:
    return MilestoneStep(
        position=row.position,
        key=row.key,
        name=row.name,
        reached_at=row.arrived_at,
        value=money_out(row.value, row.currency),
        implied=row.implied,
        verified=row.verified,
    )
