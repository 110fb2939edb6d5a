"""Teams and territories: a tree, and the dimension along which people's results are summed."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, literal, null, select, update
from sqlalchemy.dialects.postgresql import distinct_on

from app.core.errors import InUse
from app.core.page import Page, listed
from app.core.work import Work
from app.domain.naming import begins, ordered
from app.domain.trees import below, hang, hold
from app.schemas.teams import TeamIn, TeamPatch, TeamQuery
from app.tables import Membership, Person, Target, Team

FILTERS = {
    "kind": Team.kind,
    "parent": Team.parent_id,
    "source": Team.source,
    "external_id": Team.external_id,
}


async def find(work: Work, asked: TeamQuery) -> Page:
    query, order = ordered(work.rows(Team), Team, asked.sort)
    for name, column in FILTERS.items():
        wanted = getattr(asked, name)
        if wanted is not None:
            query = query.where(column == wanted)
    if asked.below is not None:
        tree = below(work, Team, asked.below)
        query = query.where(Team.id.in_(select(tree.c.id)), Team.id != asked.below)
    if asked.q is not None:
        query = query.where(begins(Team, asked.q))
    return await listed(work, query, order, asked)


async def create(work: Work, team: TeamIn) -> Row[Any]:
    if team.parent_id is not None:
        await hang(work, Team, None, team.parent_id)
    return await work.add(Team, **team.model_dump())


async def change(work: Work, id: UUID, version: int, patch: TeamPatch) -> Row[Any]:
    values = patch.model_dump(exclude_unset=True)
    if values.get("parent_id") is not None:
        await hang(work, Team, id, values["parent_id"])
    return await work.change(Team, id, version, **values)


async def remove(work: Work, id: UUID, version: int) -> None:
    """`InUse` while it has parts or a target. Its people are in no team from today on."""
    await hold(work, Team)
    await work.remove(Team, id, version)
    for table, column, what in (
        (Team, Team.parent_id, "teams below it"),
        (Target, Target.team_id, "a target"),
    ):
        used = work.rows(table).where(column == id).with_only_columns(literal(1)).limit(1)
        if await work.one(used) is not None:
            raise InUse(f"The team still has {what}; delete or move that first.")
    await _release(work, id)


async def keep(work: Work, id: UUID) -> Row[Any]:
    """The team, which nobody can delete until the transaction ends; `NotFound` when it is gone."""
    await work.db.execute(
        select(Team.id)
        .where(Team.workspace_id == work.workspace_id, Team.id == id)
        .with_for_update(read=True)
    )
    return await work.get(Team, id)


async def _release(work: Work, id: UUID) -> None:
    """What was stays as it was; from today on, and for every planned day, nobody is in the team."""
    here = Membership.workspace_id == work.workspace_id
    planned = update(Membership).where(here, Membership.team_id == id)
    planned = planned.where(Membership.since >= work.today).values(team_id=None)
    newest = (
        select(Membership.person_id, Membership.team_id)
        .where(here, Membership.since <= work.today)
        .ext(distinct_on(Membership.person_id))
        .order_by(Membership.person_id, Membership.since.desc())
        .subquery()
    )
    left = select(literal(work.workspace_id), newest.c.person_id, literal(work.today), null())
    leaving = insert(Membership).from_select(
        ["workspace_id", "person_id", "since", "team_id"], left.where(newest.c.team_id == id)
    )
    moved: set[UUID] = set()
    for statement in (planned, leaving):
        moved |= set(await work.db.scalars(statement.returning(Membership.person_id)))
    touched = update(Person).where(Person.workspace_id == work.workspace_id, Person.id.in_(moved))
    await work.db.execute(touched.values(version=Person.version + 1, updated_at=work.now))
