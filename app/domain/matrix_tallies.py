"""How many cells of each account show what, among the products that are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    Select,
    Uuid,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
)

from app.core.work import Work
from app.engine.matrix.status import Status
from app.schemas.matrix import MatrixSelection
from app.tables import Cell, CellCount, Product

KNOWN = tuple(status for status in Status if status is not Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Tallies:
    """A table of accounts with a column for each status; an account nobody spoke of is not in it.

    `products` are shown: what is not known of an account is what is left of them.
    """

    table: CTE
    products: int

    def of(self, status: Status) -> ColumnElement[int]:
        if status is not Status.UNKNOWN:
            return func.coalesce(self.table.c[status.value], 0)
        left: ColumnElement[int] = literal(self.products)
        for known in KNOWN:
            left -= self.of(known)
        return left


def tallied(work: Work, asked: MatrixSelection, products: Sequence[UUID]) -> Tallies:
    """Counted where some products are asked for; else looked up, but for those no longer sold."""
    query = _counted(work, products) if asked.product else _looked_up(work)
    once = query.cte("tallies").prefix_with("MATERIALIZED")
    return Tallies(once, len(products))


def _counted(work: Work, products: Sequence[UUID]) -> Select[Any]:
    shown = bindparam("products", list(products), type_=ARRAY(Uuid()))
    here = (Cell.workspace_id == work.workspace_id, Cell.product_id == func.any(shown))
    return _sums().where(*here)


def _looked_up(work: Work) -> Select[Any]:
    """Each account has its cells counted, of all products there ever were."""
    product = (Product.workspace_id == Cell.workspace_id, Product.id == Cell.product_id)
    unsold = or_(Product.deleted_at.is_not(None), Product.active.is_(False))
    here = Cell.workspace_id == work.workspace_id
    # Counted once: of fresh cells the planner knows nothing, and would count anew for each account.
    hidden = _sums().join(Product, and_(*product)).where(here, unsold).cte("hidden")
    hidden = hidden.prefix_with("MATERIALIZED")
    left: list[Any] = [
        (getattr(CellCount, status) - func.coalesce(hidden.c[status.value], 0)).label(status.value)
        for status in KNOWN
    ]
    query: Select[Any] = select(CellCount.account_id, *left)
    query = query.outerjoin(hidden, hidden.c.account_id == CellCount.account_id)
    return query.where(CellCount.workspace_id == work.workspace_id)


def _sums() -> Select[Any]:
    sums: list[Any] = [
        func.count().filter(Cell.status == status).label(status.value) for status in KNOWN
    ]
    return select(Cell.account_id, *sums).group_by(Cell.account_id)
