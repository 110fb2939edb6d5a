"""The endpoints that take a deletion back."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import Row

from app.api.door import WriteAccounts, WriteOpportunities, WriteProcesses
from app.api.headers import tagged
from app.domain import restoring
from app.schemas.accounts import AccountOut
from app.schemas.opportunities import OpportunityOut
from app.schemas.people import PersonOut
from app.schemas.processes import ProcessOut
from app.schemas.products import ProductOut
from app.schemas.sources import SourceOut
from app.schemas.targets import TargetOut
from app.schemas.teams import TeamOut

router = APIRouter()


@router.post("/accounts/{id}/restore", response_model=AccountOut, tags=["accounts"])
async def restore_account(work: WriteAccounts, id: UUID, response: Response) -> Row[Any]:
    """Take a deletion back, for thirty days."""
    return tagged(response, await restoring.restore_account(work, id))


@router.post("/products/{id}/restore", tags=["products"])
async def restore_product(work: WriteAccounts, id: UUID, response: Response) -> ProductOut:
    """Take a deletion back, for thirty days; its key must still be free."""
    return ProductOut.of(tagged(response, await restoring.restore_product(work, id)))


@router.post("/sources/{id}/restore", response_model=SourceOut, tags=["sources"])
async def restore_source(work: WriteAccounts, id: UUID, response: Response) -> Row[Any]:
    """Take a deletion back, for thirty days; its key must still be free."""
    return tagged(response, await restoring.restore_source(work, id))


@router.post("/people/{id}/restore", response_model=PersonOut, tags=["people"])
async def restore_person(work: WriteAccounts, id: UUID, response: Response) -> Row[Any]:
    """Take a deletion back, for thirty days; the e-mail address must still be free."""
    return tagged(response, await restoring.restore_person(work, id))


@router.post("/teams/{id}/restore", response_model=TeamOut, tags=["teams"])
async def restore_team(work: WriteAccounts, id: UUID, response: Response) -> Row[Any]:
    """Take a deletion back, for thirty days.

    Who left the team when it was deleted, and is in no other team since, is in it again.
    """
    return tagged(response, await restoring.restore_team(work, id))


@router.post("/processes/{id}/restore", tags=["processes"])
async def restore_process(work: WriteProcesses, id: UUID, response: Response) -> ProcessOut:
    """Take a deletion back, for thirty days; its key must still be free."""
    return tagged(response, await restoring.restore_process(work, id))


@router.post("/targets/{id}/restore", tags=["targets"])
async def restore_target(work: WriteProcesses, id: UUID, response: Response) -> TargetOut:
    """Take a deletion back, for thirty days, unless there is another target of the same subject."""
    return tagged(response, await restoring.restore_target(work, id))


@router.post("/opportunities/{id}/restore", tags=["opportunities"])
async def restore_opportunity(
    work: WriteOpportunities, id: UUID, response: Response
) -> OpportunityOut:
    """Take a deletion back, for thirty days; everything that arrived through it counts again."""
    return tagged(response, await restoring.restore_opportunity(work, id))
