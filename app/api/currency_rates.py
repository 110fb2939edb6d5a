"""The endpoints of currency rates."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy import Row

from app.api.door import ReadProcesses, WriteProcesses
from app.api.headers import placed
from app.core.page import Page
from app.domain import currency_rates
from app.schemas.base import PageOut
from app.schemas.currency_rates import CurrencyRateIn, CurrencyRateOut, CurrencyRateQuery
from app.tables import CurrencyRate

router = APIRouter(prefix="/currency_rates", tags=["workspace"])


@router.get("", response_model=PageOut[CurrencyRateOut])
async def list_currency_rates(
    work: ReadProcesses, asked: Annotated[CurrencyRateQuery, Query()]
) -> Page:
    """Every rate ever recorded, newest day first; none is ever changed or deleted."""
    return await currency_rates.find(work, asked)


@router.post("", status_code=201, response_model=CurrencyRateOut)
async def create_currency_rate(
    work: WriteProcesses, rate: CurrencyRateIn, response: Response
) -> Row[Any]:
    """Record a rate, or a better one for the same day: it counts for what arrives from now on."""
    return placed(response, "currency_rates", await currency_rates.record(work, rate))


@router.get("/{id}", response_model=CurrencyRateOut)
async def read_currency_rate(work: ReadProcesses, id: UUID) -> Row[Any]:
    """One recorded rate."""
    return await work.get(CurrencyRate, id)
