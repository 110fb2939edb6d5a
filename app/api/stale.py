"""The endpoints of opportunities that no longer move."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.door import ReadForecast
from app.domain import stale
from app.schemas.stale import StaleOut, StaleQuery

router = APIRouter(prefix="/stale", tags=["stale"])


@router.get("")
async def list_stale_opportunities(
    work: ReadForecast, asked: Annotated[StaleQuery, Query()]
) -> StaleOut:
    """Open opportunities that no longer move, the most value carried over longest first.

    The clock counts days since the customer last moved on. It is held against those who moved on
    from there, against the chance that is left, and against the days the process allows.
    """
    return await stale.find(work, asked)
