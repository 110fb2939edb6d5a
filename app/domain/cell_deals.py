"""What cells of the matrix and opportunities have to do with each other."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select

from app.core.errors import Conflict
from app.core.work import Work
from app.domain import cell_rows, opportunities
from app.engine.matrix.facets import Facet
from app.schemas.base import MoneyIn
from app.schemas.cell_deals import CellOpportunityIn
from app.schemas.opportunities import OpportunityIn, OpportunityOut
from app.tables import Account, Opportunity, OpportunityProduct, Product

_LONGEST = 200


async def begin(
    work: Work, account_id: UUID, product_id: UUID, wanted: CellOpportunityIn
) -> OpportunityOut:
    """A new opportunity of a green cell; `Conflict` where no need is known, or one is open."""
    account, product = await _held(work, account_id), await work.get(Product, product_id)
    key = account_id, product_id
    need = cell_rows.facets_of((await cell_rows.stored(work, [key])).get(key))["need"]
    if need.value["value"] != "yes":
        raise Conflict("The cell is not green: nobody said that the customer needs the product.")
    if at_work := await open_at(work, account_id, product_id):
        raise Conflict(f"The opportunity {at_work[0]} is about this need already.")
    return await opportunities.create(work, _opportunity(account, product, need, wanted))


async def open_at(work: Work, account_id: UUID, product_id: UUID) -> Sequence[UUID]:
    """The open opportunities of the account that are about the product, the oldest first."""
    found = await work.db.scalars(_open(work, account_id, product_id))
    return found.all()


async def _held(work: Work, account_id: UUID) -> Row[Any]:
    """The account; who else creates an opportunity from one of its cells waits."""
    account = await work.get(Account, account_id)
    held = work.rows(Account).where(Account.id == account_id)
    await work.one(held.with_only_columns(Account.id).with_for_update(key_share=True))
    return account


def _open(work: Work, account_id: UUID, product_id: UUID) -> Select[Any]:
    about = (
        work.rows(OpportunityProduct)
        .where(
            OpportunityProduct.opportunity_id == Opportunity.id,
            OpportunityProduct.product_id == product_id,
        )
        .exists()
    )
    mine = work.rows(Opportunity).where(Opportunity.account_id == account_id, about)
    standing = mine.where(Opportunity.status == "open").with_only_columns(Opportunity.id)
    return standing.order_by(Opportunity.created_at, Opportunity.id)


def _opportunity(
    account: Row[Any], product: Row[Any], need: Facet, wanted: CellOpportunityIn
) -> OpportunityIn:
    estimate = need.value["est_value"]
    return OpportunityIn(
        name=wanted.name or f"{account.name}: {product.name}"[:_LONGEST],
        process_id=wanted.process_id,
        account_id=account.id,
        owner_id=wanted.owner_id or account.owner_id,
        value=wanted.value or (estimate and MoneyIn.model_validate(estimate)),
        product_ids=[product.id],
        source="matrix",
    )
