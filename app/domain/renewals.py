"""Renewals: what was ordered for a term that ends, and what is being done about it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Row, Select, Text, Uuid, column, select, text
from sqlalchemy.dialects.postgresql import insert

from app.core.errors import Conflict, NotFound
from app.core.page import Order, Page, page
from app.core.work import Work
from app.domain import opportunities
from app.engine.money import Money
from app.schemas.base import MoneyIn
from app.schemas.opportunities import BusinessSubtype, OpportunityIn, OpportunityOut
from app.schemas.orders import OrderLineOut
from app.schemas.renewals import RenewalIn, RenewalOut, RenewalQuery
from app.tables import Opportunity, OrderLine, Renewal

# Every line with a term in an order that stands. It is renewed when the same account has ordered
# the same product for a term that ends later, or when the opportunity made for that was won.
_TERMS = """
WITH standing AS (
  SELECT l.*, o.account_id, o.owner_id, o.name,
    min(l.term_end) OVER (
      PARTITION BY coalesce(o.account_id, o.id), l.product_id ORDER BY l.term_end
      RANGE BETWEEN '1 day' FOLLOWING AND UNBOUNDED FOLLOWING) AS renewed_until
  FROM order_lines l
  JOIN passages p ON p.workspace_id = l.workspace_id AND p.opportunity_id = l.opportunity_id
    AND p.event_id = l.event_id
  JOIN milestones m ON m.workspace_id = p.workspace_id AND m.id = p.milestone_id AND m.is_order
  JOIN opportunities o ON o.workspace_id = l.workspace_id AND o.id = l.opportunity_id
  WHERE l.workspace_id = :workspace AND l.term_end IS NOT NULL)
SELECT s.*, k.id AS renewal_opportunity_id,
  CASE WHEN s.renewed_until IS NOT NULL OR k.status = 'won' THEN 'renewed'
    WHEN k.status = 'open' THEN 'in_work' WHEN s.term_end < :today THEN 'lapsed'
    ELSE 'due' END AS state
FROM standing s
LEFT JOIN renewals r ON r.workspace_id = s.workspace_id AND r.line_id = s.id
LEFT JOIN opportunities k ON k.workspace_id = r.workspace_id AND k.id = r.opportunity_id
  AND k.deleted_at IS NULL"""
_MORE = (
    column("account_id", Uuid()),
    column("owner_id", Uuid()),
    column("name", Text()),
    column("renewed_until", Date()),
    column("renewal_opportunity_id", Uuid()),
    column("state", Text()),
)


async def find(work: Work, asked: RenewalQuery) -> Page:
    """The lines whose term ends soon or ended lately, the next to end first."""
    query = _terms(work)
    term = query.selected_columns
    first = work.today - timedelta(days=int(asked.ended_within[:-1]))
    last = work.today + timedelta(days=int(asked.due_in[:-1]))
    query = query.where(term.term_end.between(first, last))
    for name in ("owner", "account", "product"):
        if (wanted := getattr(asked, name)) is not None:
            query = query.where(term[f"{name}_id"] == wanted)
    if asked.state is not None:
        query = query.where(term.state == asked.state)
    order = Order("term_end", term.term_end, term.id)
    found = await page(work, query, order, asked)
    return Page([_seen(work, row) for row in found.data], found.next_cursor)


async def begin(work: Work, line_id: UUID, wanted: RenewalIn) -> OpportunityOut:
    """A new opportunity to renew a line; `Conflict` while another one is open or has been won."""
    query = _terms(work)
    row = await work.one(query.where(query.selected_columns.id == line_id))
    if row is None:
        raise NotFound(f"There is no order line {line_id} with a term.")
    made = await opportunities.create(work, _opportunity(row, wanted))
    await _link(work, line_id, made.id)
    return made


def _terms(work: Work) -> Select[Any]:
    told = text(_TERMS).bindparams(workspace=work.workspace_id, today=work.today)
    return select(told.columns(*OrderLine.__table__.columns, *_MORE).subquery("terms"))


def _opportunity(row: Row[Any], wanted: RenewalIn) -> OpportunityIn:
    return OpportunityIn(
        name=wanted.name or row.name,
        process_id=wanted.process_id,
        account_id=row.account_id,
        owner_id=wanted.owner_id or row.owner_id,
        value=wanted.value or _as_sent(Money(row.amount, row.currency)),
        product_ids=[row.product_id],
        business_subtype=BusinessSubtype.RENEWAL,
    )


def _as_sent(money: Money) -> MoneyIn:
    """An amount that is known here, as a client would have sent it."""
    return MoneyIn.model_validate({"amount": money.text, "currency": money.currency})


async def _link(work: Work, line_id: UUID, opportunity_id: UUID) -> None:
    """The line's one renewal: another only takes its place when that one has come to nothing."""
    fresh = {"opportunity_id": opportunity_id, "created_at": work.now}
    entry = insert(Renewal).values(workspace_id=work.workspace_id, line_id=line_id, **fresh)
    alive = (
        work.rows(Opportunity)
        .where(Opportunity.id == Renewal.opportunity_id, Opportunity.status != "exited")
        .exists()
    )
    placed = entry.on_conflict_do_update(
        index_elements=[Renewal.workspace_id, Renewal.line_id], set_=fresh, where=~alive
    )
    if (await work.db.execute(placed.returning(Renewal.line_id))).one_or_none() is None:
        raise Conflict("There is an opportunity to renew this line already.")


def _seen(work: Work, row: Row[Any]) -> RenewalOut:
    return RenewalOut(
        line=OrderLineOut.of(row),
        opportunity_id=row.opportunity_id,
        name=row.name,
        account_id=row.account_id,
        owner_id=row.owner_id,
        days_left=(row.term_end - work.today).days,
        state=row.state,
        renewed_until=row.renewed_until,
        renewal_opportunity_id=row.renewal_opportunity_id,
    )
