"""The endpoints of the forecast."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.door import ReadForecast
from app.domain import accuracy, backtests, effects, forecasts
from app.schemas.forecast import ForecastOut, ForecastQuery
from app.schemas.forecast_accuracy import AccuracyOut, AccuracyQuery, BacktestIn, BacktestOut
from app.schemas.forecast_effects import EffectOut, EffectQuery

router = APIRouter(tags=["forecast"])


@router.get("/forecast")
async def read_forecast(
    work: ReadForecast, asked: Annotated[ForecastQuery, Query()]
) -> ForecastOut:
    """What orders to expect in each period, from where deals stand and for how long."""
    return await forecasts.read(work, asked)


@router.get("/forecast/accuracy")
async def read_forecast_accuracy(
    work: ReadForecast, asked: Annotated[AccuracyQuery, Query()]
) -> AccuracyOut:
    """How well the forecasts of the past came true, beside simpler methods."""
    return await accuracy.read(work, asked)


@router.post("/forecast/backtest")
async def replay_forecasts(work: ReadForecast, asked: BacktestIn) -> BacktestOut:
    """What would have been forecast at moments of the past, beside what came."""
    return await backtests.replay(work, asked)


@router.get("/lights/effect")
async def read_effect(work: ReadForecast, asked: Annotated[EffectQuery, Query()]) -> EffectOut:
    """What one event of an opportunity changed about the orders of the coming months."""
    return await effects.read(work, asked)
