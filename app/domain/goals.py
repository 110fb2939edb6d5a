"""Goals of accounts: what they want to achieve, compared with what of ours serves it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, delete, func, insert, literal, select

from app.core.errors import Invalid
from app.core.page import Order, Page, page
from app.core.work import Work
from app.domain.references import present
from app.engine.matrix.status import Status
from app.schemas.goals import (
    AccountGoalIn,
    AccountGoalOut,
    AccountGoalPatch,
    GoalsQuery,
    GoalWorkQuery,
    ServedOut,
)
from app.tables import Account, Cell, Goal, GoalProduct, Product

# Nothing is due so late: goals without a cadence come last.
_NEVER = date(9999, 12, 31)


async def of_account(work: Work, account_id: UUID, asked: GoalsQuery) -> Page:
    """The goals of an account, the oldest first."""
    await work.get(Account, account_id)
    query = _due(work.rows(Goal).where(Goal.account_id == account_id), asked)
    order = Order("created_at", Goal.created_at, Goal.id)
    return await _seen(work, query, order, asked)


async def find(work: Work, asked: GoalWorkQuery) -> Page:
    """The goals of all accounts, those first whose review is due first."""
    due = func.coalesce(Goal.review_due, literal(_NEVER)).label("due")
    there = and_(Account.workspace_id == Goal.workspace_id, Account.id == Goal.account_id)
    query = work.rows(Goal).join(Account, there).where(Account.deleted_at.is_(None))
    if asked.owner is not None:
        query = query.where(Account.owner_id == asked.owner)
    if asked.account is not None:
        query = query.where(Goal.account_id == asked.account)
    query = _due(query.add_columns(due), asked)
    return await _seen(work, query, Order("due", due.element, Goal.id), asked)


async def read(work: Work, id: UUID) -> AccountGoalOut:
    row = await work.get(Goal, id)
    return _out(row, (await _served(work, [row]))[id])


async def create(work: Work, account_id: UUID, goal: AccountGoalIn) -> AccountGoalOut:
    await present(work, {Account: [account_id], Product: goal.product_ids})
    values = goal.model_dump(exclude={"product_ids"})
    values["since"] = goal.since or work.today
    _reviewed(work, values)
    row = await work.add(Goal, account_id=account_id, **values)
    await _connect(work, row.id, goal.product_ids)
    return await _after(work, row)


async def change(work: Work, id: UUID, version: int, patch: AccountGoalPatch) -> AccountGoalOut:
    values = patch.model_dump(exclude_unset=True, exclude={"product_ids"})
    _reviewed(work, values)
    row = await work.change(Goal, id, version, **values)
    if "product_ids" in patch.model_fields_set:
        await present(work, {Product: patch.product_ids})
        own = (GoalProduct.workspace_id == work.workspace_id, GoalProduct.goal_id == id)
        await work.db.execute(delete(GoalProduct).where(*own))
        await _connect(work, id, patch.product_ids)
    return await _after(work, row)


async def _connect(work: Work, goal_id: UUID, product_ids: Sequence[UUID]) -> None:
    here = {"workspace_id": work.workspace_id, "goal_id": goal_id}
    if product_ids:
        links = [here | {"product_id": product_id} for product_id in product_ids]
        await work.db.execute(insert(GoalProduct), links)


def _reviewed(work: Work, values: Mapping[str, Any]) -> None:
    for name in ("since", "reviewed_on"):
        if values.get(name) is not None and values[name] > work.today:
            raise Invalid.at(f"/{name}", "in_future", f"{name} lies in the future.")


def _due(query: Select[Any], asked: GoalsQuery) -> Select[Any]:
    return query if asked.due_by is None else query.where(Goal.review_due <= asked.due_by)


async def _after(work: Work, row: Row[Any]) -> AccountGoalOut:
    return _out(row, (await _served(work, [row]))[row.id])


async def _seen(work: Work, query: Select[Any], order: Order, asked: GoalsQuery) -> Page:
    found = await page(work, query, order, asked)
    served = await _served(work, found.data)
    return replace(found, data=[_out(row, served[row.id]) for row in found.data])


async def _served(work: Work, goals: Sequence[Row[Any]]) -> Mapping[UUID, list[ServedOut]]:
    """The products that serve these goals, each with its cell of the account."""
    query = (
        select(
            GoalProduct.goal_id,
            Product.id.label("product_id"),
            Product.name.label("product"),
            func.coalesce(Cell.status, Status.UNKNOWN.value).label("status"),
        )
        .join(Goal, and_(Goal.workspace_id == work.workspace_id, Goal.id == GoalProduct.goal_id))
        .join(
            Product,
            and_(Product.workspace_id == work.workspace_id, Product.id == GoalProduct.product_id),
        )
        .outerjoin(
            Cell,
            and_(
                Cell.workspace_id == work.workspace_id,
                Cell.account_id == Goal.account_id,
                Cell.product_id == GoalProduct.product_id,
            ),
        )
        .where(
            GoalProduct.workspace_id == work.workspace_id,
            GoalProduct.goal_id.in_([goal.id for goal in goals]),
            Product.deleted_at.is_(None),
        )
        .order_by(Product.name, Product.id)
    )
    found: defaultdict[UUID, list[ServedOut]] = defaultdict(list)
    for row in await work.db.execute(query):
        found[row.goal_id].append(ServedOut.model_validate(row))
    return found


def _out(row: Row[Any], products: list[ServedOut]) -> AccountGoalOut:
    names = [name for name in AccountGoalOut.model_fields if name != "products"]
    return AccountGoalOut(**{name: getattr(row, name) for name in names}, products=products)
