"""The endpoints of observed rates."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.door import ReadForecast
from app.domain import drift, observed_rates, rate_comparison
from app.schemas.drift import DriftOut
from app.schemas.observed_rates import RatesOut, RatesQuery, ScopeQuery
from app.schemas.rate_comparison import ComparisonOut, ComparisonQuery

router = APIRouter(prefix="/rates", tags=["rates"])


@router.get("")
async def read_rates(work: ReadForecast, asked: Annotated[RatesQuery, Query()]) -> RatesOut:
    """What share of the opportunities gets from each milestone to the next one, and how fast."""
    return await observed_rates.read(work, asked)


@router.get("/compare")
async def compare_rates(
    work: ReadForecast, asked: Annotated[ComparisonQuery, Query()]
) -> ComparisonOut:
    """The rates of people or teams beside the whole, and whether a difference may be chance."""
    return await rate_comparison.read(work, asked)


@router.get("/drift")
async def read_drift(work: ReadForecast, asked: Annotated[ScopeQuery, Query()]) -> DriftOut:
    """Whether sections are lately not what they were: slower, faster, or more of them leaving."""
    return await drift.read(work, asked)
