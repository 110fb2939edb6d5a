"""Trees by `parent_id`: what lies below a node, and why no node may come to lie below itself."""

from typing import Any
from uuid import UUID

from sqlalchemy import CTE, select, text

from app.core.errors import Invalid
from app.core.work import Work, noun
from app.tables import Account, Team

Tree = type[Account] | type[Team]


async def hold(work: Work, table: Tree) -> None:
    """Nobody else changes this tree until the transaction ends.

    Two moves that are harmless alone (A under B, B under A) could otherwise meet in a cycle.
    """
    await work.db.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:tree, 0))"),
        {"tree": f"{table.__tablename__}:{work.workspace_id}"},
    )


async def hang(work: Work, table: Tree, id: UUID | None, parent_id: UUID) -> None:
    """Check that `id` (None: a new node) may be put below `parent_id`, and hold the tree.

    `NotFound` when the parent is not here, `Invalid` with the code `cycle` when it is `id` itself
    or lies below it.
    """
    await hold(work, table)
    await work.get(table, parent_id)
    if id is None:
        return
    own = below(work, table, id)
    if await work.one(select(own.c.id).where(own.c.id == parent_id)) is not None:
        detail = f"This {noun(table)} cannot be put below itself."
        raise Invalid.at("/parent_id", "cycle", detail)


def below(work: Work, table: Tree, id: UUID) -> CTE:
    """The ids of the node and of everything below it, as a recursive query with a column `id`."""
    top = work.rows(table).where(table.id == id).with_only_columns(table.id)
    # Without a name: a question may ask for several trees.
    tree = top.cte(recursive=True)
    inner: Any = work.rows(table).with_only_columns(table.id)
    # UNION, not UNION ALL: it ends even if a cycle ever came in by another way.
    return tree.union(inner.join(tree, table.parent_id == tree.c.id))
