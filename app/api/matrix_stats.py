"""The endpoints of the matrix as a whole."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.door import ReadMatrix
from app.domain.potential import coverage, stats, value
from app.schemas.matrix_stats import MatrixCoverageOut, Part, StatsOut, StatsQuery, ValueOut

router = APIRouter(prefix="/matrix", tags=["matrix"])


@router.get("/stats")
async def read_matrix_stats(work: ReadMatrix, asked: Annotated[StatsQuery, Query()]) -> StatsOut:
    """How well the matrix is known and who occupies it, by number of cells and by value."""
    return await stats.find(work, asked)


@router.get("/value")
async def read_matrix_value(work: ReadMatrix, asked: Annotated[Part, Query()]) -> ValueOut:
    """What the matrix is worth a year by status, and what working on it may bring."""
    return await value.find(work, asked)


@router.get("/coverage")
async def read_matrix_coverage(
    work: ReadMatrix, asked: Annotated[Part, Query()]
) -> MatrixCoverageOut:
    """Whether each chance at existing customers was assessed, and whether it was used."""
    return await coverage.find(work, asked)
