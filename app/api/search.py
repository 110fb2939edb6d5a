"""Opportunities by any combination of conditions."""

from typing import Any

from fastapi import APIRouter, Request

from app.api.door import ReadOpportunities
from app.api.shapes import OR_PARTIAL, may_see, shaped_page
from app.domain import companions, search
from app.schemas.opportunity_views import OpportunityView
from app.schemas.search import SearchIn
from app.schemas.shapes import CountedPageOut

router = APIRouter(prefix="/opportunities", tags=["opportunities"])
Pages = CountedPageOut[OpportunityView]


@router.post(
    "/search", response_model=Pages, response_model_exclude_unset=True, responses=OR_PARTIAL
)
async def search_opportunities(work: ReadOpportunities, request: Request, asked: SearchIn) -> Any:
    """Opportunities that fit a tree of conditions, page by page. What was written is found."""
    may_see(request, asked.include)
    found = await search.search(work, asked)
    await companions.join(work, found.data, asked.include)
    return shaped_page(OpportunityView, found, asked, asked.include)
