"""The endpoint of credits."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.door import ReadForecast
from app.domain import order_credits
from app.schemas.order_credits import CreditPage, CreditQuery

router = APIRouter(prefix="/credits", tags=["orders"])


@router.get("")
async def list_credits(work: ReadForecast, asked: Annotated[CreditQuery, Query()]) -> CreditPage:
    """The orders of a period with the part of every person in every line: a feed for pay."""
    return await order_credits.find(work, asked)
