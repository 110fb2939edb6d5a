"""The endpoints of opportunities that no longer move."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.door import ReadForecast
from app.domain import stale, stale_preview
from app.schemas.stale import PreviewOut, PreviewQuery, StaleOut, StaleQuery

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


@router.get("/preview")
async def preview_stale_policy(
    work: ReadForecast, asked: Annotated[PreviewQuery, Query()]
) -> PreviewOut:
    """What the policy `auto` would do to opportunities, forecast, coverage, rates and lights.

    Nothing is written: this is to be looked at before the policy is switched on.
    """
    return await stale_preview.preview(work, asked)
