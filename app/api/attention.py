"""The endpoint that says where to act."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.door import ReadForecast
from app.domain import attention
from app.schemas.attention import AttentionOut, AttentionQuery

router = APIRouter(prefix="/attention", tags=["lights"])


@router.get("")
async def list_attention(
    work: ReadForecast, asked: Annotated[AttentionQuery, Query()]
) -> AttentionOut:
    """Where to act first: who is behind at which milestone, and what can still be done about it."""
    return await attention.find(work, asked)
