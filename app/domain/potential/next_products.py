"""Which product an account may want next, from what those buy that buy what it buys."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text

from app.core.white_spots import Reason, percent
from app.core.work import Work
from app.domain.potential import spots
from app.domain.potential.grounds import Matrix, Whose, matrix
from app.domain.potential.groups import money_of
from app.domain.potential.sql import SOLD, THERE
from app.domain.potential.told import cell_of, out, speaker, valued, why, worth_of
from app.engine.matrix.affinity import Affinity, Pair, strongest
from app.engine.matrix.worth import Worth
from app.schemas.ratios import ratio_out
from app.schemas.white_spots import (
    NextProductOut,
    NextProductsOut,
    NextProductsQuery,
    TogetherOut,
)
from app.tables import Account

FORMULA = (
    "matrix_affinity.1: chance = (both + 10 · p) / (n + 10); lift = chance / p; p = buyers / known;"
    " without a lift above 1: p_adopt; score = value · chance"
)
# Of all accounts that buy what this one buys, what is known of each product it does not buy.
_PAIRS = f"""
WITH mine AS (
  SELECT c.product_id FROM cells c JOIN products p ON p.id = c.product_id AND {SOLD}
  WHERE c.workspace_id = :workspace AND c.account_id = :account AND c.status = 'buys'
)
SELECT b.product_id AS bought, k.product_id AS wanted, count(*) AS n,
  count(*) FILTER (WHERE k.status = 'buys') AS both
FROM cells b
JOIN mine m ON m.product_id = b.product_id
JOIN accounts a ON a.id = b.account_id AND {THERE}
JOIN cells k ON k.workspace_id = :workspace AND k.account_id = b.account_id
  AND k.status IN ('buys', 'competitor', 'need', 'no_need') AND k.product_id = ANY(:wanted)
WHERE b.workspace_id = :workspace AND b.status = 'buys'
GROUP BY b.product_id, k.product_id"""


async def find(work: Work, account_id: UUID, asked: NextProductsQuery) -> NextProductsOut:
    """In a fixed number of statements."""
    await work.get(Account, account_id)
    whole = await matrix(work)
    found = spots.spots(work, whole, Whose(account=account_id), None, spots.NOT_OURS)
    rows = await work.all(select(found))
    best = await _together(work, whole, account_id, [row.id for row in rows])
    offers = [_offer(work, whole, row, best.get(row.id)) for row in rows]
    ranked = sorted(offers, key=_rank)[: asked.limit]
    return NextProductsOut(
        account_id=account_id,
        data=ranked,
        currency=work.home.currency,
        as_of=work.now,
        source="matrix",
        formula=FORMULA,
    )


async def _together(
    work: Work, whole: Matrix, account_id: UUID, wanted: list[UUID]
) -> dict[UUID, Affinity[UUID]]:
    """For each product what speaks most for it, where it is bought more often than by everybody."""
    values = {"workspace": work.workspace_id, "account": account_id, "wanted": wanted}
    rows = (await work.db.execute(text(_PAIRS), values)).all()
    pairs = [Pair(row.bought, row.wanted, row.n, row.both) for row in rows]
    everybody = {id: whole.ground.bought(id) for id in whole.products}
    return {id: one for id, one in strongest(pairs, everybody).items() if one.lift > 1}


def _offer(
    work: Work, whole: Matrix, row: Row[Any], because: Affinity[UUID] | None
) -> NextProductOut:
    worth = worth_of(work, whole, row)
    usual = whole.ground.chances(row.segment, row.id).adoption
    chance = usual if because is None else because.chance
    score = None if worth.value is None or chance is None else worth.value * chance
    return NextProductOut(
        **cell_of(work, whole, row, worth),
        chance=ratio_out(chance),
        score=money_of(work, score),
        because=_because(whole, because),
        reasons=out(_reasons(work, whole, row, worth, because, usual)),
    )


def _reasons(
    work: Work,
    whole: Matrix,
    row: Row[Any],
    worth: Worth,
    because: Affinity[UUID] | None,
    usual: Fraction | None,
) -> Iterator[Reason]:
    tell = speaker(work).reason
    if because is not None:
        bought, wanted = whole.products[because.bought], whole.products[because.wanted]
        times = speaker(work).number(because.lift)
        yield tell("bought_together", bought=bought, wanted=wanted, times=times)
    elif usual is None:
        yield tell("chance_unknown")
    else:
        yield tell("bought_by_many", share=percent(usual))
    yield why(work, row)
    yield valued(work, worth)


def _because(whole: Matrix, found: Affinity[UUID] | None) -> TogetherOut | None:
    if found is None:
        return None
    return TogetherOut(
        product_id=found.bought,
        product=whole.products[found.bought],
        n=found.n,
        both=found.both,
        lift=ratio_out(found.lift) or "",
        observed_lift=ratio_out(found.observed),
    )


def _rank(offer: NextProductOut) -> tuple[Decimal, Decimal, str]:
    score = Decimal(-1) if offer.score is None else Decimal(offer.score.amount)
    return -score, -Decimal(offer.chance or -1), str(offer.product_id)
