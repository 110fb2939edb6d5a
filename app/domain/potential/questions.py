"""What to ask next: for everybody the few unknown or stale cells that may bring most."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Subquery, func, select

from app.core.sliced import Rank, sliced
from app.core.work import Work
from app.domain.potential import spots
from app.domain.potential.grounds import Matrix, Whose, matrix, names_of
from app.domain.potential.groups import money_of
from app.domain.potential.told import (
    cell_of,
    likely,
    out,
    rivals,
    speaker,
    told_on,
    valued,
    why,
    worth_of,
)
from app.engine.matrix.status import Status
from app.engine.matrix.worth import asking, score
from app.schemas.white_spots import PersonQuestionsOut, QuestionOut, QuestionsOut, QuestionsQuery

FORMULA = (
    "matrix_questions.1: value · demand_rate · p_adopt · asking; asking = 1 of what is unknown,"
    " 1 - 365 / age in days of what was known"
)
_DAY = 86_400
Owned = tuple[UUID | None, Sequence[Row[Any]]]


async def find(work: Work, asked: QuestionsQuery) -> QuestionsOut:
    """In a fixed number of statements."""
    whole = await matrix(work)
    whose = Whose(asked.owner, asked.account)
    found = spots.spots(work, whole, whose, None, spots.QUESTIONS)
    rows = await _best_of_everybody(work, found, asked.per_person)
    shown = sliced(list(rows.items()), _rank, asked)
    names = await names_of(work)
    return QuestionsOut(
        data=[_person(work, whole, owner, names.get(owner), few) for owner, few in shown.data],
        next_cursor=shown.next_cursor,
        currency=work.home.currency,
        as_of=work.now,
        source="matrix",
        formula=FORMULA,
    )


async def _best_of_everybody(
    work: Work, found: Subquery, most: int
) -> dict[UUID | None, Sequence[Row[Any]]]:
    order = (found.c.score.desc(), found.c.weight.desc(), found.c.account_id, found.c.id)
    place = func.row_number().over(partition_by=found.c.owner_id, order_by=order).label("place")
    placed = select(found, place).subquery()
    best: defaultdict[UUID | None, list[Row[Any]]] = defaultdict(list)
    query = select(placed).where(placed.c.place <= most)
    for row in await work.all(query.order_by(placed.c.place)):
        best[row.owner_id].append(row)
    return dict(best)


def _rank(owned: Owned) -> Rank:
    owner, rows = owned
    return -sum((max(row.score, Decimal(0)) for row in rows), Decimal(0)), Decimal(0), str(owner)


def _person(
    work: Work, whole: Matrix, owner: UUID | None, name: str | None, rows: Sequence[Row[Any]]
) -> PersonQuestionsOut:
    asked = [_question(work, whole, row) for row in rows]
    return PersonQuestionsOut(owner_id=owner, owner=name, questions=asked)


def _question(work: Work, whole: Matrix, row: Row[Any]) -> QuestionOut:
    status, worth = Status(row.status), worth_of(work, whole, row)
    chances = whole.ground.chances(row.segment, row.id)
    age = None if row.said_at is None else int((work.now - row.said_at).total_seconds() // _DAY)
    possible = score(Status.UNKNOWN, worth.value, chances)
    day, say = told_on(work, row), speaker(work)
    known = why(work, row) if day is None else say.reason("stale", account=row.account, day=day)
    reasons = iter((known, likely(work, Status.UNKNOWN, chances), valued(work, worth)))
    facts = {"account": row.account, "product": whole.products[row.id], "rivals": rivals(row)}
    return QuestionOut(
        **cell_of(work, whole, row, worth),
        known_on=day,
        score=money_of(work, None if possible is None else possible * asking(age)),
        question=say.question(status, **facts, day=day),
        reasons=out(reasons),
    )
