"""The endpoints of milestones: what they ask of the customer, and what stands there."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.api.door import ReadProcesses
from app.core.page import Page
from app.domain import stock
from app.schemas.base import PageOut
from app.schemas.milestones import MilestoneQuery, MilestoneStandingOut

router = APIRouter(prefix="/milestones", tags=["processes"])


@router.get("", response_model=PageOut[MilestoneStandingOut])
async def list_milestones(work: ReadProcesses, asked: Annotated[MilestoneQuery, Query()]) -> Page:
    """The milestones of a process, first to last, with what stands open at each."""
    return await stock.find(work, asked)


@router.get("/{id}")
async def read_milestone(work: ReadProcesses, id: UUID) -> MilestoneStandingOut:
    """One milestone, of the newest version or an older one."""
    return await stock.read(work, id)
