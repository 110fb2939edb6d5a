"""How far the potential of each customer is used, and how well its expectations are known."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, text

from app.core.page import Order, page
from app.core.work import Work
from app.domain.potential import sql
from app.domain.potential.grounds import Matrix, given, matrix, usual
from app.domain.potential.groups import (
    Group,
    Sum,
    asked,
    blank,
    known_value,
    money_of,
    sums_out,
    unasked,
)
from app.domain.potential.stats import usual_values
from app.engine.matrix.measures import DEMANDED, share
from app.engine.matrix.status import Status
from app.schemas.matrix_accounts import (
    AccountScoresOut,
    AccountScoresQuery,
    AccountsScoresOut,
    ExpectationOut,
    UsedOut,
)
from app.schemas.ratios import ratio_out
from app.tables import Account, Goal

FORMULA = (
    "matrix_accounts.1: potential_used = b / (b + c + g); expectation_known = applicable cells of"
    " which a person confirmed something within the months asked for / applicable cells"
)
_SINCE = "CAST(:now AS timestamptz) - make_interval(months => :months)"
_LATELY = " OR ".join(
    f"(c.{facet}_confirmed AND c.{facet}_at >= {_SINCE})"
    for facet in ("ours", "competitors", "need", "aware")
)
_CELLS = f"""
WITH {sql.RATES}, told AS (
  SELECT c.account_id, c.product_id, c.status, coalesce(a.segment, '') AS segment,
    {sql.STATED} AS value, coalesce({_LATELY}, false) AND c.status <> 'na' AS lately
  FROM cells c
  JOIN accounts a ON a.id = c.account_id AND {sql.THERE} AND a.id = ANY(:accounts)
  JOIN products p ON p.id = c.product_id AND {sql.SOLD}
  WHERE c.workspace_id = :workspace
)
SELECT t.account_id, t.status, count(*) AS n, count(t.value) AS stated,
  coalesce(sum(coalesce(t.value, u.value)), 0) AS total,
  count(*) FILTER (WHERE t.value IS NULL AND u.value IS NULL) AS missing,
  coalesce(sum(u.value), 0) AS usual, count(*) FILTER (WHERE u.value IS NULL) AS unusual,
  count(*) FILTER (WHERE t.lately) AS lately
FROM told t LEFT JOIN {sql.USUAL} ON u.segment = t.segment AND u.product_id = t.product_id
GROUP BY t.account_id, t.status"""


Worths = Mapping[tuple[str, UUID], Fraction | None]


async def find(work: Work, wanted: AccountScoresQuery) -> AccountsScoresOut:
    """In a fixed number of statements."""
    query = work.rows(Account)
    for column, sought in (
        (Account.owner_id, wanted.owner),
        (Account.id, wanted.account),
        (Account.segment, wanted.segment),
    ):
        query = query if sought is None else query.where(column == sought)
    order = Order("created_at", Account.created_at, Account.id)
    shown = await page(work, query, order, wanted)
    return AccountsScoresOut(
        data=await _scored(work, shown.data, wanted.months),
        next_cursor=shown.next_cursor,
        months=wanted.months,
        currency=work.home.currency,
        as_of=work.now,
        source="matrix",
        formula=FORMULA,
    )


async def _scored(work: Work, accounts: Sequence[Row[Any]], months: int) -> list[AccountScoresOut]:
    whole = await matrix(work)
    worth = {place: usual(work, whole.ground, *place) for place in whole.ground.places}
    ids = [account.id for account in accounts]
    values = given(work) | usual_values(worth, work.home.currency)
    values |= {"accounts": ids, "now": work.now, "months": months}
    told: defaultdict[UUID, list[Row[Any]]] = defaultdict(list)
    for row in await work.db.execute(text(_CELLS), values):
        told[row.account_id].append(row)
    due = await _goals(work, ids)
    return [
        _scores(work, one, _group(whole, worth, one, told[one.id]), told[one.id], due.get(one.id))
        for one in accounts
    ]


async def _goals(work: Work, ids: Sequence[UUID]) -> dict[UUID, Any]:
    query = work.rows(Goal).where(Goal.account_id.in_(ids)).group_by(Goal.account_id)
    columns = (Goal.account_id, func.count().label("n"), func.min(Goal.review_due).label("due"))
    rows = (await work.db.execute(query.with_only_columns(*columns))).all()
    return {row.account_id: row for row in rows}


def _scores(
    work: Work, account: Row[Any], group: Group, told: Sequence[Row[Any]], goals: Any
) -> AccountScoresOut:
    lately = sum(row.lately for row in told)
    by_count, by_value = group.by_count, group.by_value
    return AccountScoresOut(
        account_id=account.id,
        account=account.name,
        owner_id=account.owner_id,
        segment=account.segment,
        cells=sums_out(work, group),
        potential_used=UsedOut(
            by_count=ratio_out(by_count.penetration),
            by_value=ratio_out(by_value.penetration),
            demanded_count=int(by_count.demanded),
            demanded_value=money_of(work, _demanded(group)),
        ),
        expectation_known=ExpectationOut(
            share=ratio_out(share(lately, by_count.applicable)),
            confirmed_count=lately,
            applicable_count=int(by_count.applicable),
        ),
        goal_count=0 if goals is None else goals.n,
        review_due=None if goals is None else goals.due,
    )


def _group(whole: Matrix, worth: Worths, account: Row[Any], told: Sequence[Row[Any]]) -> Group:
    """The account's cells; what nobody spoke of is unknown."""
    group = Group()
    unasked(group, 1, blank([worth[account.segment or "", id] for id in whole.products]))
    for row in told:
        if row.status != Status.UNKNOWN:
            asked(group, row)
    return group


def _demanded(group: Group) -> Fraction | None:
    found = Sum()
    for status in DEMANDED:
        found.n += group.sums[status].n
        found.value += group.sums[status].value
        found.missing += group.sums[status].missing
    return known_value(found)
