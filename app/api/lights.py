"""The endpoints of the lights."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.door import ReadForecast
from app.domain import lights, lights_outlook, lights_people
from app.schemas.lights import LightsOut, LightsQuery, PeopleLightsOut, PeopleLightsQuery
from app.schemas.lights_outlook import LightsOutlookOut, LightsOutlookQuery

router = APIRouter(prefix="/lights", tags=["lights"])


@router.get("")
async def read_lights(work: ReadForecast, asked: Annotated[LightsQuery, Query()]) -> LightsOut:
    """Whether what arrived at each milestone is enough for the time that has passed."""
    return await lights.read(work, asked)


@router.get("/people")
async def read_people_lights(
    work: ReadForecast, asked: Annotated[PeopleLightsQuery, Query()]
) -> PeopleLightsOut:
    """The lights of all teams and people in one answer."""
    return await lights_people.read(work, asked)


@router.get("/outlook")
async def read_lights_outlook(
    work: ReadForecast, asked: Annotated[LightsOutlookQuery, Query()]
) -> LightsOutlookOut:
    """What this month and the next ones will bring to each milestone, and if it will be enough."""
    return await lights_outlook.read(work, asked)
