"""The endpoint of the opportunities that are worth working on now."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.door import ReadForecast
from app.domain import focus
from app.schemas.prospects import FocusPageOut, FocusQuery

router = APIRouter(prefix="/focus", tags=["lights"])


@router.get("")
async def list_focus(work: ReadForecast, asked: Annotated[FocusQuery, Query()]) -> FocusPageOut:
    """Open opportunities by their chance to get to the next milestone soon, times their value."""
    return await focus.find(work, asked)
