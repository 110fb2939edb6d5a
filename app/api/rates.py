"""The endpoints of observed rates."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.door import ReadForecast
from app.domain import observed_rates
from app.schemas.observed_rates import RatesOut, RatesQuery

router = APIRouter(prefix="/rates", tags=["rates"])


@router.get("")
async def read_rates(work: ReadForecast, asked: Annotated[RatesQuery, Query()]) -> RatesOut:
    """What share of the opportunities gets from each milestone to the next one, and how fast."""
    return await observed_rates.read(work, asked)
