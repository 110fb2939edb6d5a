"""The endpoints of touchpoints."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.batches import refused
from app.api.door import ReadAccounts, WriteAccounts
from app.core.page import Page
from app.domain import touchpoints
from app.schemas.base import PageOut
from app.schemas.touchpoints import (
    StitchIn,
    StitchOut,
    TouchpointBatchIn,
    TouchpointBatchOut,
    TouchpointOut,
    TouchpointQuery,
)

router = APIRouter(prefix="/touchpoints", tags=["sources"])


@router.get("", response_model=PageOut[TouchpointOut])
async def list_touchpoints(work: ReadAccounts, asked: Annotated[TouchpointQuery, Query()]) -> Page:
    """Where sources met customers, latest first, and who each of them turned out to be."""
    return await touchpoints.find(work, asked)


@router.post("/batch")
async def write_touchpoints(work: WriteAccounts, batch: TouchpointBatchIn) -> TouchpointBatchOut:
    """Add up to 1,000 touchpoints, all or none or each alone.

    What was sent before with the same `source` and `external_id` is there already and stays as it
    is, so a batch of which nobody knows whether it arrived is simply sent again.
    """
    sent = [refused(each) for each in batch.items]
    return await touchpoints.write(work, sent, batch.mode)


@router.post("/stitch")
async def stitch_touchpoints(work: WriteAccounts, said: StitchIn) -> StitchOut:
    """Say who a lead turned out to be; earlier and later touchpoints of it count there.

    The touchpoints themselves stay as they came in. Said again, the last word holds.
    """
    return await touchpoints.stitch(work, said)
