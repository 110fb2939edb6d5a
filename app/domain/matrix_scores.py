"""What the cells of a page may bring: the scores by which the list of all potential is ranked."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from app.core.work import Work
from app.domain.potential import spots
from app.domain.potential.grounds import ALL, history, matrix
from app.schemas.base import money_out

Key = tuple[UUID, UUID]
_NOTHING = Decimal(0)


async def scored(
    work: Work,
    accounts: Sequence[Row[Any]],
    cells: Mapping[Key, str],
    blanks: Mapping[UUID, str],
) -> dict[Key, str]:
    """The cells of these accounts, known or blank, as JSON with their scores."""
    found = spots.spots(work, await matrix(work, await history(work)), ALL, None, spots.POTENTIAL)
    here = found.c.account_id.in_([account.id for account in accounts])
    columns: tuple[Any, ...] = (found.c.account_id, found.c.id, found.c.score)
    rows = await work.all(select(*columns).where(here))
    scores = {(row.account_id, row.id): None if row.score < 0 else row.score for row in rows}
    keys = [(account.id, product) for account in accounts for product in blanks]
    # What is in nobody's potential has nothing to win now.
    return {
        key: _with(work, cells.get(key) or blanks[key[1]], scores.get(key, _NOTHING))
        for key in keys
    }


def _with(work: Work, told: str, score: Decimal | None) -> str:
    money = money_out(score, work.home.currency)
    cell = json.loads(told) | {"score": None if money is None else money.model_dump()}
    return json.dumps(cell, ensure_ascii=False, separators=(",", ":"))
