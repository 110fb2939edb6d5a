"""The endpoint of the opportunities that are worth working on now."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.door import ReadForecast
from app.domain import focus
from app.domain.potential import balance
from app.schemas.focus_balance import BalanceOut, BalanceQuery
from app.schemas.prospects import FocusPageOut, FocusQuery

router = APIRouter(prefix="/focus", tags=["lights"])


@router.get("")
async def list_focus(work: ReadForecast, asked: Annotated[FocusQuery, Query()]) -> FocusPageOut:
    """Open opportunities by their chance to get to the next milestone soon, times their value."""
    return await focus.find(work, asked)


@router.get("/balance")
async def read_focus_balance(
    work: ReadForecast, asked: Annotated[BalanceQuery, Query()]
) -> BalanceOut:
    """Effort, open value and potential of new and existing business beside each other."""
    return await balance.find(work, asked)
