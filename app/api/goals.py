"""The endpoints of the goals of accounts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.api.door import IfMatch, ReadAccounts, WriteAccounts
from app.api.headers import placed, tagged
from app.core.page import Page
from app.domain import goals
from app.schemas.base import PageOut
from app.schemas.goals import (
    AccountGoalIn,
    AccountGoalOut,
    AccountGoalPatch,
    GoalsQuery,
    GoalWorkQuery,
)
from app.tables import Goal

router = APIRouter(tags=["accounts"])


@router.get("/accounts/{id}/goals", response_model=PageOut[AccountGoalOut])
async def list_account_goals(
    work: ReadAccounts, id: UUID, asked: Annotated[GoalsQuery, Query()]
) -> Page:
    """What the account wants to achieve, and how it stands to the products that serve it."""
    return await goals.of_account(work, id, asked)


@router.post("/accounts/{id}/goals", status_code=201)
async def create_account_goal(
    work: WriteAccounts, id: UUID, goal: AccountGoalIn, response: Response
) -> AccountGoalOut:
    """Note what the account wants to achieve, and how often to talk about it."""
    made = await goals.create(work, id, goal)
    return tagged(response, placed(response, "goals", made))


@router.get("/goals", response_model=PageOut[AccountGoalOut])
async def list_goals(work: ReadAccounts, asked: Annotated[GoalWorkQuery, Query()]) -> Page:
    """The goals of all accounts, those first whose review is due first."""
    return await goals.find(work, asked)


@router.get("/goals/{id}")
async def read_goal(work: ReadAccounts, id: UUID, response: Response) -> AccountGoalOut:
    """One goal of an account."""
    return tagged(response, await goals.read(work, id))


@router.patch("/goals/{id}")
async def change_goal(
    work: WriteAccounts, id: UUID, version: IfMatch, patch: AccountGoalPatch, response: Response
) -> AccountGoalOut:
    """Change what is named and leave the rest; a review is told by `reviewed_on`."""
    return tagged(response, await goals.change(work, id, version, patch))


@router.delete("/goals/{id}", status_code=204)
async def delete_goal(work: WriteAccounts, id: UUID, version: IfMatch) -> None:
    """Take the goal out of all lists."""
    await work.remove(Goal, id, version)
