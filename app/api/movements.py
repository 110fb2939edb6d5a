"""What happens to an opportunity: every event is a POST, and answers the opportunity."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.api.door import ReadOpportunities, WriteOpportunities
from app.api.headers import tagged
from app.core.page import Page
from app.domain import events, movements
from app.schemas.base import PageOut
from app.schemas.events import (
    BallIn,
    CriterionIn,
    DuplicateIn,
    EventOut,
    EventQuery,
    ExitIn,
    HoldIn,
    MoveIn,
    ReachIn,
    RegressIn,
    ReopenIn,
    ResumeIn,
    ReviewIn,
    ReviveIn,
    VerifyIn,
    VoidIn,
)
from app.schemas.opportunities import OpportunityOut

router = APIRouter(prefix="/opportunities/{id}", tags=["movement"])


@router.get("/events", response_model=PageOut[EventOut])
async def list_opportunity_events(
    work: ReadOpportunities, id: UUID, asked: Annotated[EventQuery, Query()]
) -> Page:
    """The append-only history: what happened when, who told it, and when."""
    return await events.find(work, id, asked)


@router.post("/reach")
async def reach_milestone(
    work: WriteOpportunities, id: UUID, told: ReachIn, response: Response
) -> OpportunityOut:
    """The customer did, said or wrote what the milestone stands for; the order wins."""
    return tagged(response, await movements.reach(work, id, told))


@router.post("/meet")
async def meet_criterion(
    work: WriteOpportunities, id: UUID, told: CriterionIn, response: Response
) -> OpportunityOut:
    """The customer met one of the criteria on the way to the next milestone."""
    return tagged(response, await movements.meet_criterion(work, id, told))


@router.post("/exit")
async def exit_opportunity(
    work: WriteOpportunities, id: UUID, told: ExitIn, response: Response
) -> OpportunityOut:
    """It is over without an order: how, and for which of the section's reasons."""
    return tagged(response, await movements.exit(work, id, told))


@router.post("/merge")
async def merge_opportunity(
    work: WriteOpportunities, id: UUID, told: DuplicateIn, response: Response
) -> OpportunityOut:
    """There are two of it: this one exits as a duplicate, outside of all rates; `into` goes on.

    The history of both stays. Reopening it takes that back.
    """
    return tagged(response, await movements.merge(work, id, told))


@router.post("/reviews")
async def review_opportunity(
    work: WriteOpportunities, id: UUID, told: ReviewIn, response: Response
) -> OpportunityOut:
    """It was talked about once more; `review_count` tells how often. It moves nothing."""
    return tagged(response, await movements.review(work, id, told))


@router.post("/regress")
async def regress_opportunity(
    work: WriteOpportunities, id: UUID, told: RegressIn, response: Response
) -> OpportunityOut:
    """The customer fell back to an earlier milestone; past arrivals stay."""
    return tagged(response, await movements.regress(work, id, told))


@router.post("/void")
async def void_milestone(
    work: WriteOpportunities, id: UUID, told: VoidIn, response: Response
) -> OpportunityOut:
    """The milestone was never reached: its arrival goes, in closed periods too."""
    return tagged(response, await movements.void(work, id, told))


@router.post("/verify")
async def verify_milestone(
    work: WriteOpportunities, id: UUID, told: VerifyIn, response: Response
) -> OpportunityOut:
    """A second person confirms the customer's act."""
    return tagged(response, await movements.verify(work, id, told))


@router.post("/hold")
async def hold_opportunity(
    work: WriteOpportunities, id: UUID, told: HoldIn, response: Response
) -> OpportunityOut:
    """Nothing can happen until a given day: the clock stops."""
    return tagged(response, await movements.hold(work, id, told))


@router.post("/resume")
async def resume_opportunity(
    work: WriteOpportunities, id: UUID, told: ResumeIn, response: Response
) -> OpportunityOut:
    """The hold is over before its day."""
    return tagged(response, await movements.resume(work, id, told))


@router.post("/ball")
async def pass_ball(
    work: WriteOpportunities, id: UUID, told: BallIn, response: Response
) -> OpportunityOut:
    """Say whose turn it is: ours, the customer's, or nobody's. It moves nothing else."""
    return tagged(response, await movements.pass_ball(work, id, told))


@router.post("/reopen")
async def reopen_opportunity(
    work: WriteOpportunities, id: UUID, told: ReopenIn, response: Response
) -> OpportunityOut:
    """The exit was a mistake; it stays listed, but does not count."""
    return tagged(response, await movements.reopen(work, id, told))


@router.post("/revive")
async def revive_opportunity(
    work: WriteOpportunities, id: UUID, told: ReviveIn, response: Response
) -> OpportunityOut:
    """The customer came back with a new act: same milestone, new clock."""
    return tagged(response, await movements.revive(work, id, told))


@router.post("/move")
async def move_opportunity(
    work: WriteOpportunities, id: UUID, told: MoveIn, response: Response
) -> OpportunityOut:
    """Into another process or the newest version of its own, with its history."""
    return tagged(response, await movements.move(work, id, told))
