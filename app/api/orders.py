"""The endpoint of orders."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.api.door import ReadOpportunities
from app.core.page import Page
from app.domain import orders
from app.schemas.base import PageOut
from app.schemas.orders import OrderOut, OrderQuery

router = APIRouter(prefix="/opportunities/{id}", tags=["orders"])


@router.get("/orders", response_model=PageOut[OrderOut])
async def list_orders(
    work: ReadOpportunities, id: UUID, asked: Annotated[OrderQuery, Query()]
) -> Page:
    """The orders of an opportunity with their lines: value, direct cost and margin."""
    return await orders.find(work, id, asked)
