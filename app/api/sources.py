"""The endpoints of sources and of what they cost."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy import Row

from app.api.door import IfMatch, ReadAccounts, WriteAccounts
from app.api.headers import placed, tagged
from app.api.shapes import OR_PARTIAL, shaped, shaped_page
from app.core.page import Page
from app.domain import source_costs, sources
from app.schemas.base import PageOut
from app.schemas.shapes import CountedPageOut
from app.schemas.source_costs import SourceCostIn, SourceCostOut, SourceCostQuery
from app.schemas.sources import SourceIn, SourceOut, SourcePatch, SourceQuery, SourceShape
from app.tables import Source

router = APIRouter(prefix="/sources", tags=["sources"])
Pages = CountedPageOut[SourceOut]


@router.get("", response_model=Pages, responses=OR_PARTIAL)
async def list_sources(work: ReadAccounts, asked: Annotated[SourceQuery, Query()]) -> Any:
    """The sources of the workspace, page by page; `/v1/sources/ranking` says what they bring."""
    return shaped_page(SourceOut, await sources.find(work, asked), asked)


@router.post("", status_code=201, response_model=SourceOut)
async def create_source(work: WriteAccounts, source: SourceIn, response: Response) -> Row[Any]:
    """Enter a way on which business comes."""
    row = await sources.create(work, source)
    return tagged(response, placed(response, "sources", row))


@router.get("/{id}", response_model=SourceOut, responses=OR_PARTIAL)
async def read_source(
    work: ReadAccounts, id: UUID, asked: Annotated[SourceShape, Query()], response: Response
) -> Any:
    """One source."""
    row = tagged(response, await work.get(Source, id))
    return shaped(response, SourceOut.model_validate(row), asked)


@router.patch("/{id}", response_model=SourceOut)
async def change_source(
    work: WriteAccounts, id: UUID, version: IfMatch, patch: SourcePatch, response: Response
) -> Row[Any]:
    """Change what is named and leave the rest."""
    return tagged(response, await sources.change(work, id, version, patch))


@router.delete("/{id}", status_code=204)
async def delete_source(work: WriteAccounts, id: UUID, version: IfMatch) -> None:
    """Take the source out of the list. What it brought stays its own."""
    await work.remove(Source, id, version)


@router.get("/{id}/costs", response_model=PageOut[SourceCostOut])
async def list_source_costs(
    work: ReadAccounts, id: UUID, asked: Annotated[SourceCostQuery, Query()]
) -> Page:
    """What the source cost, latest days first, with what was corrected and by what."""
    return await source_costs.find(work, id, asked)


@router.post("/{id}/costs", status_code=201)
async def create_source_cost(
    work: WriteAccounts, id: UUID, cost: SourceCostIn, response: Response
) -> SourceCostOut:
    """Add a cost, or with `corrects_id` put it in the place of another; none is ever changed."""
    made = await source_costs.record(work, id, cost)
    response.headers["Location"] = f"/v1/sources/{id}/costs"
    return made
