"""Opportunities: ordinary resources whose place in the process only the customer changes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.api.door import IfMatch, ReadOpportunities, WriteOpportunities
from app.api.headers import placed, tagged
from app.core.page import Page
from app.domain import opportunities, pipeline
from app.schemas.base import PageOut
from app.schemas.opportunities import (
    OpportunityIn,
    OpportunityOut,
    OpportunityPatch,
    OpportunityQuery,
)

router = APIRouter(prefix="/opportunities", tags=["opportunities"])


@router.get("", response_model=PageOut[OpportunityOut])
async def list_opportunities(
    work: ReadOpportunities, asked: Annotated[OpportunityQuery, Query()]
) -> Page:
    """Opportunities, page by page, newest first unless asked otherwise."""
    return await pipeline.find(work, asked)


@router.post("", status_code=201)
async def create_opportunity(
    work: WriteOpportunities, wanted: OpportunityIn, response: Response
) -> OpportunityOut:
    """Create an opportunity; it stands before the first milestone until the customer acts."""
    made = await opportunities.create(work, wanted)
    return tagged(response, placed(response, "opportunities", made))


@router.get("/{id}")
async def read_opportunity(work: ReadOpportunities, id: UUID, response: Response) -> OpportunityOut:
    """One opportunity, with the ETag a change needs."""
    return tagged(response, await pipeline.read(work, id))


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
