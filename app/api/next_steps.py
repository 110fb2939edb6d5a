"""The endpoint of an opportunity's next step."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.api.door import ReadForecast
from app.domain import next_steps
from app.schemas.next_steps import NextOut, NextQuery

router = APIRouter(prefix="/opportunities/{id}/next", tags=["opportunities"])


@router.get("")
async def read_next_step(
    work: ReadForecast, id: UUID, asked: Annotated[NextQuery, Query()]
) -> NextOut:
    """How to get this customer forward: the next milestone, what is missing, and the chances."""
    return await next_steps.read(work, id, asked)
