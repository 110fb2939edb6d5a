"""The endpoints of targets: what shall arrive at the order, and what that takes before it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.api.door import IfMatch, ReadForecast, ReadProcesses, WriteProcesses
from app.api.headers import placed, tagged
from app.core.page import Page
from app.domain import allocations, gap_plans, target_cascades, target_periods, targets
from app.schemas.base import PageOut
from app.schemas.gap_plans import GapPlanOut, GapPlanQuery
from app.schemas.target_cascades import TargetCascadeOut, TargetCascadeQuery
from app.schemas.targets import (
    AllocationIn,
    AllocationOut,
    OverrideIn,
    PeriodsQuery,
    TargetIn,
    TargetOut,
    TargetPatch,
    TargetPeriodOut,
    TargetPeriodsOut,
    TargetQuery,
)

router = APIRouter(prefix="/targets", tags=["targets"])


@router.get("", response_model=PageOut[TargetOut])
async def list_targets(work: ReadProcesses, asked: Annotated[TargetQuery, Query()]) -> Page:
    """The targets of the workspace, the newest first."""
    return await targets.find(work, asked)


@router.post("", status_code=201)
async def create_target(work: WriteProcesses, target: TargetIn, response: Response) -> TargetOut:
    """Say what shall arrive at the order in every month, quarter or year, or once."""
    made = await targets.create(work, target)
    return tagged(response, placed(response, "targets", made))


@router.get("/{id}")
async def read_target(work: ReadProcesses, id: UUID, response: Response) -> TargetOut:
    """One target, with what it asks for now."""
    return tagged(response, await targets.read(work, id))


@router.patch("/{id}")
async def change_target(
    work: WriteProcesses, id: UUID, version: IfMatch, patch: TargetPatch, response: Response
) -> TargetOut:
    """Ask for something else from now on; closed periods keep the target of their time."""
    return tagged(response, await targets.change(work, id, version, patch))


@router.delete("/{id}", status_code=204)
async def delete_target(work: WriteProcesses, id: UUID, version: IfMatch) -> None:
    """Take a target away, from closed periods too; to end it, change its last period instead."""
    await targets.remove(work, id, version)


@router.get("/{id}/periods")
async def list_target_periods(
    work: ReadProcesses, id: UUID, asked: Annotated[PeriodsQuery, Query()]
) -> TargetPeriodsOut:
    """What the target asks for, period by period."""
    return await target_periods.find(work, id, asked)


@router.put("/{id}/periods/{period}")
async def set_target_period(
    work: WriteProcesses, id: UUID, period: str, wanted: OverrideIn
) -> TargetPeriodOut:
    """Give one period its own amount or count; both null brings it back to the recurring one."""
    return await target_periods.override(work, id, period, wanted)


@router.post("/{id}/allocate")
async def allocate_target(work: WriteProcesses, id: UUID, wanted: AllocationIn) -> AllocationOut:
    """Share the target out to teams or people, exactly to the last unit."""
    return await allocations.allocate(work, id, wanted)


@router.get("/{id}/cascade")
async def read_target_cascade(
    work: ReadProcesses, id: UUID, asked: Annotated[TargetCascadeQuery, Query()]
) -> TargetCascadeOut:
    """What every milestone must receive in a period, and what that means for each day."""
    return await target_cascades.read(work, id, asked)


@router.get("/{id}/gap-plan")
async def read_gap_plan(
    work: ReadForecast, id: UUID, asked: Annotated[GapPlanQuery, Query()]
) -> GapPlanOut:
    """What each milestone still needs in a period, and which opportunities could bring it."""
    return await gap_plans.read(work, id, asked)
