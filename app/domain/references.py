"""What an object refers to must be there: a foreign key would also accept what is deleted."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import inspect, union_all

from app.core.errors import NotFound
from app.core.work import Work, noun
from app.tables import Versioned

Wanted = Mapping[type[Versioned], Sequence[UUID]]


async def present(work: Work, wanted: Wanted) -> None:
    """`NotFound`, naming the first, when one of these is absent, deleted or another workspace's.

    One statement for all of them, none when nothing is named.
    """
    missing = absent(wanted, await there(work, wanted))
    if missing is not None:
        raise missing


async def there(work: Work, wanted: Wanted) -> set[UUID]:
    """Those that are here, in one statement."""
    queries = []
    for table, ids in wanted.items():
        if ids:
            column = inspect(table).columns["id"]
            queries.append(work.rows(table).with_only_columns(column).where(column.in_(ids)))
    return set(await work.db.scalars(union_all(*queries))) if queries else set()


def absent(wanted: Wanted, found: set[UUID]) -> NotFound | None:
    """The problem of the first that is not among those found."""
    for table, ids in wanted.items():
        for id in ids:
            if id not in found:
                return NotFound(f"There is no {noun(table)} {id}.")
    return None
