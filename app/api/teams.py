"""The endpoints of teams and territories."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy import Row

from app.api.door import IfMatch, ReadAccounts, WriteAccounts
from app.api.headers import placed, tagged
from app.api.shapes import OR_PARTIAL, shaped, shaped_page
from app.domain import teams
from app.schemas.shapes import CountedPageOut
from app.schemas.teams import TeamIn, TeamOut, TeamPatch, TeamQuery, TeamShape
from app.tables import Team

router = APIRouter(prefix="/teams", tags=["people"])
Pages = CountedPageOut[TeamOut]


@router.get("", response_model=Pages, responses=OR_PARTIAL)
async def list_teams(work: ReadAccounts, asked: Annotated[TeamQuery, Query()]) -> Any:
    """The teams and territories of the workspace, page by page; `parent_id` makes the tree."""
    return shaped_page(TeamOut, await teams.find(work, asked), asked)


@router.post("", status_code=201, response_model=TeamOut)
async def create_team(work: WriteAccounts, team: TeamIn, response: Response) -> Row[Any]:
    """Form a team, or a territory, at the top or as a part of another."""
    return tagged(response, placed(response, "teams", await teams.create(work, team)))


@router.get("/{id}", response_model=TeamOut, responses=OR_PARTIAL)
async def read_team(
    work: ReadAccounts, id: UUID, asked: Annotated[TeamShape, Query()], response: Response
) -> Any:
    """One team."""
    row = tagged(response, await work.get(Team, id))
    return shaped(response, TeamOut.model_validate(row), asked)


@router.patch("/{id}", response_model=TeamOut)
async def change_team(
    work: WriteAccounts, id: UUID, version: IfMatch, patch: TeamPatch, response: Response
) -> Row[Any]:
    """Change what is named and leave the rest; a new `parent_id` moves the team with its parts."""
    return tagged(response, await teams.change(work, id, version, patch))


@router.delete("/{id}", status_code=204)
async def delete_team(work: WriteAccounts, id: UUID, version: IfMatch) -> None:
    """Dissolve a team that has no parts and no target. Its people are in no team from today on."""
    await teams.remove(work, id, version)
