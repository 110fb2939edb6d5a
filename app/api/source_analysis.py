"""The endpoints that say what sources bring: ranked, compared, traced, and by type of business."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.api.door import ReadForecast
from app.core.page import Page
from app.domain import acquisition, partners, source_ranking, source_trace
from app.schemas.base import PageOut
from app.schemas.source_analysis import (
    AcquisitionsOut,
    LeadsQuery,
    PartnerOut,
    PartnerQuery,
    RankingOut,
    RankingQuery,
    SourceComparisonOut,
    SourcesQuery,
    TracedTouchOut,
    TraceQuery,
)

router = APIRouter(prefix="/sources", tags=["sources"])


@router.get("/ranking")
async def rank_sources(work: ReadForecast, asked: Annotated[RankingQuery, Query()]) -> RankingOut:
    """What the sources bring, ranked by orders and their value, never by leads.

    The leads that came in the window or period are followed to this day. What no source touched
    is `unattributed`; with the sources it sums to the total.
    """
    return await source_ranking.rank(work, asked)


@router.get("/compare")
async def compare_sources(
    work: ReadForecast, asked: Annotated[SourcesQuery, Query()]
) -> SourceComparisonOut:
    """Which share of each source's leads orders in the end, and whether the difference to all may
    be chance."""
    return await source_ranking.compare(work, asked)


@router.get("/acquisition")
async def read_acquisition(
    work: ReadForecast, asked: Annotated[LeadsQuery, Query()]
) -> AcquisitionsOut:
    """What an order of new and of existing business costs, and how much work it takes."""
    return await acquisition.read(work, asked)


@router.get("/{id}/trace", response_model=PageOut[TracedTouchOut])
async def trace_source(work: ReadForecast, id: UUID, asked: Annotated[TraceQuery, Query()]) -> Page:
    """From each touch of the source to the opportunity it counts for and the orders of that."""
    return await source_trace.trace(work, id, asked)


@router.get("/{id}/partner")
async def read_partner(
    work: ReadForecast, id: UUID, asked: Annotated[PartnerQuery, Query()]
) -> PartnerOut:
    """What a partner brought us and we brought the partner, what came of it, and since when
    nothing does."""
    return await partners.read(work, id, asked)
