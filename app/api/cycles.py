"""The endpoint of cycles."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.door import ReadForecast
from app.domain import cycles
from app.schemas.cycles import CyclePage, CycleQuery

router = APIRouter(prefix="/cycles", tags=["orders"])


@router.get("")
async def list_cycles(work: ReadForecast, asked: Annotated[CycleQuery, Query()]) -> CyclePage:
    """How often customers order a product again, when the next order is expected, who is late."""
    return await cycles.find(work, asked)
