"""The endpoint of the pipeline as a whole."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.door import ReadForecast
from app.domain import funnel
from app.schemas.pipeline_answer import PipelineOut, PipelineQuery

router = APIRouter(prefix="/pipeline", tags=["pipeline"])


@router.get("")
async def read_pipeline(
    work: ReadForecast, asked: Annotated[PipelineQuery, Query()]
) -> PipelineOut:
    """What stands in the pipeline, whether that covers the target, and how fast it moves.

    Dead opportunities and those on hold are told apart and count neither as coverage nor as speed.
    """
    return await funnel.read(work, asked)
