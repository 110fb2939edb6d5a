"""What an object refers to must be there: a foreign key would also accept what is deleted."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import inspect, union_all

from app.core.errors import NotFound
from app.core.work import Work, noun
from app.tables import Versioned


async def present(work: Work, wanted: Mapping[type[Versioned], Sequence[UUID]]) -> None:
    """`NotFound`, naming the first, when one of these is absent, deleted or another workspace's.

    One statement for all of them, none when nothing is named.
    """
    named = {table: ids for table, ids in wanted.items() if ids}
    if not named:
        return
    queries = []
    for table, ids in named.items():
        column = inspect(table).columns["id"]
        queries.append(work.rows(table).with_only_columns(column).where(column.in_(ids)))
    found = set(await work.db.scalars(union_all(*queries)))
    for table, ids in named.items():
        absent = next((id for id in ids if id not in found), None)
        if absent is not None:
            raise NotFound(f"There is no {noun(table)} {absent}.")
