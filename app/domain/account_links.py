"""Everything that refers to an account, read from the tables; and what a merge does with each.

A reference moves to the account that is kept, unless it is named here. Where a table allows one row
for each account (or for each account and product, …), a row moves only where the kept account has
none of its own: the other one stays with the merged account, out of sight, and is there again when
the merge is undone. A table needs a line here only if neither is right for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    MetaData,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlalchemy import Table as Relation

from app.tables import Table

ACCOUNTS = "accounts"
# What was said of an account, or done with it, stays said and done.
STAYS = frozenset(
    {
        "account_merges.kept_id",
        "cell_changes.account_id",
        "distinct_accounts.first_id",
        "distinct_accounts.second_id",
        "events.account_id",
        # Raw: whoever reads touches asks where their account went.
        "touchpoint_stitches.account_id",
        "touchpoints.account_id",
        # Follows from the cells, and is counted anew.
        "cell_counts.account_id",
    }
)


@dataclass(frozen=True, slots=True)
class Link:
    """A column that refers to an account; `keys` are the others of each unique key it is in."""

    table: Relation
    column: str
    keys: tuple[tuple[str, ...], ...]

    @property
    def name(self) -> str:
        return f"{self.table.name}.{self.column}"

    @property
    def stays(self) -> bool:
        return self.name in STAYS

    @property
    def own_id(self) -> tuple[str, ...]:
        """What finds a row in its workspace."""
        return own_id(self.table)


def own_id(table: Relation) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key if column.name != "workspace_id")


@cache
def links(metadata: MetaData = Table.metadata) -> tuple[Link, ...]:
    """Every one there is, in an order that never changes."""
    found = (
        Link(table, column, tuple(_unique_with(table, column)))
        for table in sorted(metadata.tables.values(), key=lambda each: each.name)
        for column in sorted(_referring(table))
    )
    return tuple(found)


def moving(metadata: MetaData = Table.metadata) -> tuple[Link, ...]:
    return tuple(link for link in links(metadata) if not link.stays)


def _referring(table: Relation) -> Iterator[str]:
    for constraint in table.constraints:
        if not isinstance(constraint, ForeignKeyConstraint):
            continue
        if constraint.referred_table.name == ACCOUNTS:
            yield from (name for name in constraint.column_keys if name != "workspace_id")


def _unique_with(table: Relation, column: str) -> Iterator[tuple[str, ...]]:
    for key in _unique(table):
        names = [part.name if isinstance(part, Column) else None for part in key]
        if column in names:
            yield tuple(
                _named(table, name) for name in names if name not in ("workspace_id", column)
            )


def _unique(table: Relation) -> Iterator[Sequence[object]]:
    for constraint in table.constraints:
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint):
            yield [*constraint.columns]
    yield from ([*index.expressions] for index in table.indexes if index.unique)


def _named(table: Relation, name: str | None) -> str:
    """An expression cannot be told from the column it is about: such a key needs a line above."""
    if name is None:
        raise TypeError(f"{table.name} has a unique key over an expression and an account")
    return name
