"""The potential that was not lifted yet: needs, cells of competitors, white spots, best first."""

from typing import Any

from sqlalchemy import Row, Subquery, text

from app.core.page import Key, Order, page
from app.core.work import Work
from app.domain.potential import spots, sql
from app.domain.potential.grounds import Matrix, Whose, history, matrix
from app.domain.potential.groups import money_of, odds_out
from app.domain.potential.told import cell_of, likely, out, valued, why, worth_of
from app.domain.potential.value import FORMULA
from app.engine.matrix.status import Status
from app.engine.matrix.worth import chance, score
from app.schemas.ratios import ratio_out
from app.schemas.white_spots import SpotsOut, SpotsQuery, WhiteSpotOut


async def find(work: Work, asked: SpotsQuery) -> SpotsOut:
    """In a fixed number of statements; what is ranked by is what is shown."""
    whole = await matrix(work, await history(work))
    whose = Whose(asked.owner, asked.account, asked.segment)
    found = _leading(work, whole, whose, asked)
    if asked.account is None:
        await work.db.execute(text(sql.AS_SETS))
    shown = await page(work, spots.chosen(found, asked.status), best_first(found), asked)
    return SpotsOut(
        data=[_spot(work, whole, row) for row in shown.data],
        next_cursor=shown.next_cursor,
        win=odds_out(whole.ground.win, whole.history.existing),
        displacement=odds_out(whole.ground.displacement, whole.history.takeovers),
        currency=work.home.currency,
        as_of=work.now,
        source="matrix",
        formula=FORMULA,
    )


def _leading(work: Work, whole: Matrix, whose: Whose, asked: SpotsQuery) -> Subquery:
    """The first page of everybody's needs no more of the white spots than can be on it; of one
    owner or account there are few, and how far a further page reaches nobody knows."""
    if (asked.owner, asked.account, asked.cursor) != (None, None, None):
        return spots.spots(work, whole, whose, asked.product, spots.POTENTIAL)
    among = (
        one.tally
        for one in whole.cells
        if asked.product in (None, one.tally.product)
        and asked.segment in (None, one.tally.segment or None)
    )
    near = spots.nearest(work, whole, among, asked.page_size + 1)
    return spots.spots(work, whole, whose, asked.product, spots.LEADING, near=near)


def best_first(found: Any) -> Order:
    then = tuple(Key(name, found.c[name], descending=True) for name in ("weight", "account_id"))
    return Order("score", found.c.score, found.c.id, descending=True, then=then)


def _spot(work: Work, whole: Matrix, row: Row[Any]) -> WhiteSpotOut:
    status, worth = Status(row.status), worth_of(work, whole, row)
    chances = whole.ground.chances(row.segment, row.id)
    reasons = iter((why(work, row), likely(work, status, chances), valued(work, worth)))
    return WhiteSpotOut(
        **cell_of(work, whole, row, worth),
        chance=ratio_out(chance(status, chances)),
        score=money_of(work, score(status, worth.value, chances)),
        reasons=out(reasons),
    )
