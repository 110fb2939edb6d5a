"""The endpoints of renewals."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.api.door import ReadOpportunities, WriteOpportunities
from app.api.headers import placed, tagged
from app.core.page import Page
from app.domain import renewals
from app.schemas.base import PageOut
from app.schemas.opportunities import OpportunityOut
from app.schemas.renewals import RenewalIn, RenewalOut, RenewalQuery

router = APIRouter(prefix="/renewals", tags=["orders"])


@router.get("", response_model=PageOut[RenewalOut])
async def list_renewals(work: ReadOpportunities, asked: Annotated[RenewalQuery, Query()]) -> Page:
    """What was ordered for a term that ends soon, and whether it was renewed."""
    return await renewals.find(work, asked)


@router.post("/{line_id}/opportunity", status_code=201)
async def create_renewal(
    work: WriteOpportunities, line_id: UUID, wanted: RenewalIn, response: Response
) -> OpportunityOut:
    """Create the opportunity in which a line of an order is to be renewed."""
    made = await renewals.begin(work, line_id, wanted)
    return tagged(response, placed(response, "opportunities", made))
