"""The endpoints of the forecast."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.door import ReadForecast
from app.domain import forecasts
from app.schemas.forecast import ForecastOut, ForecastQuery

router = APIRouter(tags=["forecast"])


@router.get("/forecast")
async def read_forecast(
    work: ReadForecast, asked: Annotated[ForecastQuery, Query()]
) -> ForecastOut:
    """What orders to expect in each period, from where deals stand and for how long."""
    return await forecasts.read(work, asked)
