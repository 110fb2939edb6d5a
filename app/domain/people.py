"""People who sell, and the team each belongs to on any day."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, Row, Select, select, true
from sqlalchemy.dialects.postgresql import insert

from app.core.errors import NotFound
from app.core.page import Order, Page, listed, page
from app.core.work import Work
from app.domain import teams
from app.domain.naming import begins, ordered
from app.domain.trees import below
from app.schemas.base import Listing
from app.schemas.people import MembershipIn, PersonIn, PersonPatch, PersonQuery, PersonView
from app.schemas.teams import TeamOut
from app.tables import Membership, Person, Team

# Since when a new person is in the first team: before everything that could be credited to it.
ALWAYS = date(1970, 1, 1)
FILTERS = {
    "active": Person.active,
    "source": Person.source,
    "external_id": Person.external_id,
}


async def find(work: Work, asked: PersonQuery) -> Page:
    query, order = ordered(with_team(work, asked.team), Person, asked.sort)
    for name, column in FILTERS.items():
        wanted = getattr(asked, name)
        if wanted is not None:
            query = query.where(column == wanted)
    if asked.q is not None:
        query = query.where(begins(Person, asked.q))
    found = await listed(work, query, order, asked)
    return replace(found, data=await _with_teams(work, found.data, asked.include))


async def view(work: Work, id: UUID, include: Sequence[str]) -> PersonView:
    """The person, and the team of today if that shall come along."""
    [seen] = await _with_teams(work, [await read(work, id)], include)
    return seen


async def read(work: Work, id: UUID) -> Row[Any]:
    """The person with `team_id` and `team_since` as of today."""
    row = await work.one(with_team(work).where(Person.id == id))
    if row is None:
        raise NotFound(f"There is no person {id}.")
    return row


async def create(work: Work, person: PersonIn) -> Row[Any]:
    row = await work.add(Person, **person.model_dump(exclude={"team_id", "team_since"}))
    if person.team_id is not None:
        await _join(work, row.id, person.team_id, person.team_since or ALWAYS)
    return await read(work, row.id)


async def change(work: Work, id: UUID, version: int | None, patch: PersonPatch) -> Row[Any]:
    values = patch.model_dump(exclude_unset=True, exclude={"team_id", "team_since"})
    await work.change(Person, id, version, **values)
    if "team_id" in patch.model_fields_set:
        await _join(work, id, patch.team_id, patch.team_since or work.today)
    return await read(work, id)


async def join(work: Work, id: UUID, membership: MembershipIn) -> Row[Any]:
    """Put the person into a team, or out of all, from a day on; the same day again replaces."""
    await work.change(Person, id, None)
    return await _join(work, id, membership.team_id, membership.since or work.today)


async def memberships(work: Work, id: UUID, asked: Listing) -> Page:
    """Every team the person was, is or will be in, by the day it began."""
    await work.get(Person, id)
    query = work.rows(Membership).where(Membership.person_id == id)
    query = query.add_columns(Membership.person_id.label("id"))
    order = Order("since", Membership.since, Membership.person_id)
    return await page(work, query, order, asked, of=f"{id}{asked.asked}")


def team_on(work: Work, person_id: Any, day: Any) -> FromClause:
    """The membership in force on a day, as `team_id` and `since`, to be joined ON true.

    `person_id` and `day` are values or expressions of the query around it: an arrival is credited
    to the team its owner was in when it happened (domain rule "current owner owns stock, arrivals
    belong to the owner of their time").
    """
    known = (Membership.workspace_id == work.workspace_id, Membership.person_id == person_id)
    query = select(Membership.team_id, Membership.since).where(*known, Membership.since <= day)
    return query.order_by(Membership.since.desc()).limit(1).lateral("team_now")


def with_team(work: Work, team_id: UUID | None = None) -> Select[Any]:
    """People with `team_id` and `team_since` as of today; all, or those in a team or below it."""
    team = team_on(work, Person.id, work.today)
    query = work.rows(Person).outerjoin(team, true())
    query = query.add_columns(team.c.team_id, team.c.since.label("team_since"))
    if team_id is None:
        return query
    return query.where(team.c.team_id.in_(select(below(work, Team, team_id).c.id)))


async def _with_teams(
    work: Work, rows: Sequence[Row[Any]], include: Sequence[str]
) -> list[PersonView]:
    seen = [PersonView.model_validate(row) for row in rows]
    wanted = {person.team_id for person in seen if person.team_id is not None}
    if "team" not in include:
        return seen
    found = await work.all(work.rows(Team).where(Team.id.in_(wanted))) if wanted else []
    known = {row.id: TeamOut.model_validate(row) for row in found}
    for person in seen:
        person.team = known.get(person.team_id) if person.team_id else None
    return seen


async def _join(work: Work, id: UUID, team_id: UUID | None, since: date) -> Row[Any]:
    if team_id is not None:
        await teams.keep(work, team_id)
    values = {"workspace_id": work.workspace_id, "person_id": id, "since": since}
    entry = insert(Membership).values(**values, team_id=team_id)
    replaced = entry.on_conflict_do_update(
        index_elements=["workspace_id", "person_id", "since"], set_={"team_id": team_id}
    )
    columns: list[Any] = [Membership.person_id, Membership.team_id, Membership.since]
    joined: Row[Any] = (await work.db.execute(replaced.returning(*columns))).one()
    await work.note("joined", Person, id, team_id=team_id, since=since)
    return joined
