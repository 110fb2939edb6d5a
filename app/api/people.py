"""The endpoints of people and of the teams they belong to."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy import Row

from app.api.door import IfMatch, ReadAccounts, WriteAccounts
from app.api.headers import placed, tagged
from app.api.shapes import OR_PARTIAL, shaped, shaped_page
from app.core.page import Page
from app.domain import people
from app.schemas.base import Listing, PageOut
from app.schemas.people import (
    MembershipIn,
    MembershipOut,
    PersonIn,
    PersonOut,
    PersonPatch,
    PersonQuery,
    PersonShape,
    PersonView,
)
from app.schemas.shapes import CountedPageOut
from app.tables import Person

router = APIRouter(prefix="/people", tags=["people"])
Pages = CountedPageOut[PersonView]


@router.get("", response_model=Pages, response_model_exclude_unset=True, responses=OR_PARTIAL)
async def list_people(work: ReadAccounts, asked: Annotated[PersonQuery, Query()]) -> Any:
    """The people of the workspace with their teams of today, page by page."""
    return shaped_page(PersonView, await people.find(work, asked), asked, asked.include)


@router.post("", status_code=201, response_model=PersonOut)
async def create_person(work: WriteAccounts, person: PersonIn, response: Response) -> Row[Any]:
    """Enter somebody who sells."""
    row = await people.create(work, person)
    return tagged(response, placed(response, "people", row))


@router.get(
    "/{id}",
    response_model=PersonView,
    response_model_exclude_unset=True,
    responses=OR_PARTIAL,
)
async def read_person(
    work: ReadAccounts, id: UUID, asked: Annotated[PersonShape, Query()], response: Response
) -> Any:
    """One person with the team of today."""
    seen = tagged(response, await people.view(work, id, asked.include))
    return shaped(response, seen, asked, asked.include)


@router.patch("/{id}", response_model=PersonOut)
async def change_person(
    work: WriteAccounts, id: UUID, version: IfMatch, patch: PersonPatch, response: Response
) -> Row[Any]:
    """Change what is named and leave the rest; a `team_id` holds from `team_since` or today on."""
    return tagged(response, await people.change(work, id, version, patch))


@router.delete("/{id}", status_code=204)
async def delete_person(work: WriteAccounts, id: UUID, version: IfMatch) -> None:
    """Take the person out of all lists. What was credited to the person stays so."""
    await work.remove(Person, id, version)


@router.get("/{id}/memberships", response_model=PageOut[MembershipOut])
async def list_memberships(
    work: ReadAccounts, id: UUID, asked: Annotated[Listing, Query()]
) -> Page:
    """Every team the person was, is or will be in, by the day it began."""
    return await people.memberships(work, id, asked)


@router.post("/{id}/memberships", status_code=201, response_model=MembershipOut)
async def create_membership(
    work: WriteAccounts, id: UUID, membership: MembershipIn, response: Response
) -> Row[Any]:
    """Put the person into a team from a day on; arrivals before that day stay where they were."""
    response.headers["Location"] = f"/v1/people/{id}/memberships"
    return await people.join(work, id, membership)
