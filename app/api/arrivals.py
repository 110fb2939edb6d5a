"""What stands behind a light."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.api.door import ReadForecast
from app.domain import arrivals
from app.schemas.arrivals import ArrivalPage, ArrivalQuery

router = APIRouter(prefix="/milestones", tags=["lights"])


@router.get("/{id}/arrivals")
async def list_arrivals(
    work: ReadForecast, id: UUID, asked: Annotated[ArrivalQuery, Query()]
) -> ArrivalPage:
    """The opportunities that arrived at a milestone in a period, with value and evidence."""
    return await arrivals.find(work, id, asked)
