"""Opportunities: ordinary resources whose place in the process only the customer changes."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.api.door import IfMatch, ReadOpportunities, WriteOpportunities
from app.api.headers import placed, tagged
from app.api.shapes import OR_PARTIAL, may_see, shaped, shaped_page
from app.domain import companions, opportunities, pipeline
from app.schemas.opportunities import OpportunityIn, OpportunityOut, OpportunityPatch
from app.schemas.opportunity_views import OpportunityQuery, OpportunityShape, OpportunityView
from app.schemas.shapes import CountedPageOut

router = APIRouter(prefix="/opportunities", tags=["opportunities"])
Pages = CountedPageOut[OpportunityView]


@router.get("", response_model=Pages, response_model_exclude_unset=True, responses=OR_PARTIAL)
async def list_opportunities(
    work: ReadOpportunities, request: Request, asked: Annotated[OpportunityQuery, Query()]
) -> Any:
    """Opportunities, page by page, newest first unless asked otherwise."""
    may_see(request, asked.include)
    found = await pipeline.find(work, asked)
    await companions.join(work, found.data, asked.include)
    return shaped_page(OpportunityView, found, asked, asked.include)


@router.post("", status_code=201)
async def create_opportunity(
    work: WriteOpportunities, wanted: OpportunityIn, response: Response
) -> OpportunityOut:
    """Create an opportunity; it stands before the first milestone until the customer acts."""
    made = await opportunities.create(work, wanted)
    return tagged(response, placed(response, "opportunities", made))


@router.get(
    "/{id}",
    response_model=OpportunityView,
    response_model_exclude_unset=True,
    responses=OR_PARTIAL,
)
async def read_opportunity(
    work: ReadOpportunities,
    id: UUID,
    request: Request,
    asked: Annotated[OpportunityShape, Query()],
    response: Response,
) -> Any:
    """One opportunity, with the ETag a change needs."""
    may_see(request, asked.include)
    seen = tagged(response, await pipeline.read(work, id))
    await companions.join(work, [seen], asked.include)
    return shaped(response, seen, asked, asked.include)


@router.patch("/{id}")
async def change_opportunity(
    work: WriteOpportunities,
    id: UUID,
    version: IfMatch,
    wanted: OpportunityPatch,
    response: Response,
) -> OpportunityOut:
    """Change what is stated about it; absent fields stay, null takes away (RFC 7396)."""
    return tagged(response, await opportunities.change(work, id, version, wanted))


@router.delete("/{id}", status_code=204)
async def delete_opportunity(work: WriteOpportunities, id: UUID, version: IfMatch) -> None:
    """Take an opportunity out, with everything that arrived through it."""
    await opportunities.remove(work, id, version)
