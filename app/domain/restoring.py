"""What was deleted comes back for thirty days, where its place is still free."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, exists, func, select, update
from sqlalchemy.orm import aliased

from app.core.errors import Conflict
from app.core.event_types import EventObject, EventType
from app.core.work import Work, noun
from app.domain import people, pipeline, processes, replay, targets
from app.domain.outbox.telling import Told, tell
from app.domain.trees import Tree, below, hold
from app.schemas.opportunities import OpportunityOut
from app.schemas.processes import ProcessOut
from app.schemas.targets import TargetOut
from app.tables import (
    Account,
    Membership,
    Opportunity,
    Person,
    Process,
    Product,
    Source,
    Target,
    Team,
    Versioned,
)

RESTORABLE_FOR = timedelta(days=30)


async def restore(work: Work, table: type[Versioned], id: UUID) -> Row[Any]:
    """The row, deleted no longer; one that was not deleted stays as it is.

    `NotFound` when it was never here or is gone for too long. Where its key or external id belongs
    to another by now, the database refuses.
    """
    own = (table.workspace_id == work.workspace_id, table.id == id)
    lately = table.deleted_at > work.now - RESTORABLE_FOR
    back = update(table).where(*own, lately)
    fresh = {"deleted_at": None, "version": table.version + 1, "updated_at": work.now}
    if (await work.db.execute(back.values(**fresh))).rowcount:
        await work.note("restored", table, id)
    return await work.get(table, id)


async def restore_product(work: Work, id: UUID) -> Row[Any]:
    return await restore(work, Product, id)


async def restore_source(work: Work, id: UUID) -> Row[Any]:
    return await restore(work, Source, id)


async def restore_account(work: Work, id: UUID) -> Row[Any]:
    await hold(work, Account)
    row = await restore(work, Account, id)
    await _not_below_itself(work, Account, row)
    return row


async def restore_person(work: Work, id: UUID) -> Row[Any]:
    await restore(work, Person, id)
    return await people.read(work, id)


async def restore_team(work: Work, id: UUID) -> Row[Any]:
    """With the people who left it when it was deleted and have been in no other team since."""
    await hold(work, Team)
    deleted_at = await work.db.scalar(
        select(Team.deleted_at).where(Team.workspace_id == work.workspace_id, Team.id == id)
    )
    row = await restore(work, Team, id)
    await _stands(work, Team, row.parent_id)
    await _not_below_itself(work, Team, row)
    if deleted_at is not None:
        await _gather(work, id, deleted_at)
    return row


async def restore_process(work: Work, id: UUID) -> ProcessOut:
    await restore(work, Process, id)
    return await processes.read(work, id)


async def restore_target(work: Work, id: UUID) -> TargetOut:
    row = await restore(work, Target, id)
    await _stands(work, Process, row.process_id)
    await _stands(work, Team, row.team_id)
    return await targets.read(work, id)


async def restore_opportunity(work: Work, id: UUID) -> OpportunityOut:
    """With everything that arrived through it: its events were never away."""
    row = await restore(work, Opportunity, id)
    await _stands(work, Process, row.process_id)
    await replay.derive(work, ids=[id])
    seen = await pipeline.read(work, id)
    back = Told(EventType.OPPORTUNITY_RESTORED, EventObject.OPPORTUNITY, id, seen.version)
    await tell(work, back)
    return seen


async def _stands(work: Work, table: type[Versioned], id: UUID | None) -> None:
    """What it belongs to is here, and nobody deletes it before the transaction ends."""
    if id is None:
        return
    held = work.rows(table).where(table.id == id).with_for_update(read=True)
    if await work.one(held) is None:
        raise Conflict(f"The {noun(table)} {id} it belongs to was deleted; restore that first.")


async def _not_below_itself(work: Work, table: Tree, row: Row[Any]) -> None:
    """While it was away, what is above it may have been moved below it."""
    tree = below(work, table, row.id)
    if await work.one(select(tree.c.id).where(tree.c.id == row.parent_id)) is not None:
        raise Conflict(
            f"What was above this {noun(table)} is below it by now; move that away first."
        )


async def _gather(work: Work, team_id: UUID, deleted_at: datetime) -> None:
    left_on = deleted_at.astimezone(work.home.zone).date()
    here = (Membership.workspace_id == work.workspace_id, Membership.since == left_on)
    back = update(Membership).where(*here, Membership.team_id.is_(None))
    back = back.where(_was_in(team_id, left_on)).values(team_id=team_id)
    moved = set(await work.db.scalars(back.returning(Membership.person_id)))
    touched = update(Person).where(Person.workspace_id == work.workspace_id, Person.id.in_(moved))
    await work.db.execute(touched.values(version=Person.version + 1, updated_at=work.now))


def _was_in(team_id: UUID, day: date) -> ColumnElement[bool]:
    """Whether the person of a membership was in the team until a day."""
    before, last = aliased(Membership), aliased(Membership)
    mine = (
        before.workspace_id == Membership.workspace_id,
        before.person_id == Membership.person_id,
    )
    newest = (
        select(func.max(last.since))
        .where(
            last.workspace_id == before.workspace_id,
            last.person_id == before.person_id,
            last.since < day,
        )
        .scalar_subquery()
    )
    return exists().where(*mine, before.team_id == team_id, before.since == newest)
