"""The endpoints of cells that deserve attention: potential, questions, risks, next products."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.api.door import ReadMatrix
from app.domain.potential import accounts, next_products, questions, ranking, risks
from app.schemas.matrix_accounts import AccountScoresQuery, AccountsScoresOut
from app.schemas.white_spots import (
    NextProductsOut,
    NextProductsQuery,
    QuestionsOut,
    QuestionsQuery,
    RisksOut,
    RisksQuery,
    SpotsOut,
    SpotsQuery,
)

router = APIRouter(prefix="/matrix", tags=["matrix"])


@router.get("/opportunities")
async def list_white_spots(work: ReadMatrix, asked: Annotated[SpotsQuery, Query()]) -> SpotsOut:
    """Potential that was not lifted yet: needs, cells of competitors, white spots, best first."""
    return await ranking.find(work, asked)


@router.get("/next-questions")
async def list_next_questions(
    work: ReadMatrix, asked: Annotated[QuestionsQuery, Query()]
) -> QuestionsOut:
    """For everybody the few unknown or stale cells that are worth asking about most."""
    return await questions.find(work, asked)


@router.get("/at-risk")
async def list_cells_at_risk(work: ReadMatrix, asked: Annotated[RisksQuery, Query()]) -> RisksOut:
    """What is bought from us and may be lost: a competitor was seen, or nobody asked for long."""
    return await risks.find(work, asked)


@router.get("/accounts")
async def list_account_scores(
    work: ReadMatrix, asked: Annotated[AccountScoresQuery, Query()]
) -> AccountsScoresOut:
    """How far the potential of each account is used, and how well its expectations are known."""
    return await accounts.find(work, asked)


@router.get("/accounts/{id}/next-products")
async def list_next_products(
    work: ReadMatrix, id: UUID, asked: Annotated[NextProductsQuery, Query()]
) -> NextProductsOut:
    """What the account may want next, from what those buy that buy what it buys."""
    return await next_products.find(work, id, asked)
