"""The endpoint of leaks."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.door import ReadForecast
from app.domain import leaks
from app.schemas.leaks import LeaksOut, LeaksQuery

router = APIRouter(prefix="/leaks", tags=["leaks"])


@router.get("")
async def read_leaks(work: ReadForecast, asked: Annotated[LeaksQuery, Query()]) -> LeaksOut:
    """Where and why opportunities leave, what that costs, and which section to work on first.

    `leak` is said of a group only when its interval leaves out the rate of the process where its
    opportunities were.
    """
    return await leaks.read(work, asked)
