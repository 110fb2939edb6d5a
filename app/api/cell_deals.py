"""The endpoints between the matrix and opportunities."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.api.door import ReadMatrix, WriteOpportunities
from app.api.headers import placed, tagged
from app.core.page import Page
from app.domain import cell_deals, lapses
from app.schemas.base import PageOut
from app.schemas.cell_deals import CellOpportunityIn, LapseOut, LapseQuery
from app.schemas.opportunities import OpportunityOut

router = APIRouter(prefix="/matrix", tags=["matrix"])


@router.post("/cells/{account_id}/{product_id}/opportunity", status_code=201)
async def create_cell_opportunity(
    work: WriteOpportunities,
    account_id: UUID,
    product_id: UUID,
    wanted: CellOpportunityIn,
    response: Response,
) -> OpportunityOut:
    """Create the opportunity of a green cell: for its account, about its product."""
    made = await cell_deals.begin(work, account_id, product_id, wanted)
    return tagged(response, placed(response, "opportunities", made))


@router.get("/lapsed", response_model=PageOut[LapseOut])
async def list_lapsed_cells(work: ReadMatrix, asked: Annotated[LapseQuery, Query()]) -> Page:
    """Customers that count as buying a product and have not ordered it for long: what to ask."""
    return await lapses.find(work, asked)
