"""The endpoints of the workspace of the caller's key."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy import Row

from app.api.door import Admin, Anyone, IfMatch, ReadForecast
from app.api.headers import tagged
from app.domain import calendars, workspaces
from app.schemas.workspaces import (
    CalendarOut,
    CalendarQuery,
    DayOffOut,
    WorkspaceOut,
    WorkspacePatch,
)

router = APIRouter(prefix="/workspace", tags=["workspace"])


@router.get("", response_model=WorkspaceOut)
async def read_workspace(work: Anyone, response: Response) -> Row[Any]:
    """How this workspace counts money and time."""
    return tagged(response, await workspaces.read(work))


@router.patch("", response_model=WorkspaceOut)
async def change_workspace(
    work: Admin, version: IfMatch, patch: WorkspacePatch, response: Response
) -> Row[Any]:
    """Change what is named and leave the rest. The currency stays once something was counted."""
    return tagged(response, await workspaces.change(work, version, patch))


@router.get("/calendar")
async def read_calendar(
    work: ReadForecast, asked: Annotated[CalendarQuery, Query()]
) -> CalendarOut:
    """How many days of a stretch count, and which holidays and days off do not."""
    found = await calendars.stretch(work, asked.start, asked.end + timedelta(days=1))
    return CalendarOut(
        start=asked.start,
        end=asked.end,
        working_days=found.working_days,
        days_off=[DayOffOut(date=day, name=name) for day, name in found.days_off.items()],
    )
