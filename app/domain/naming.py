"""Resources that have a name: found by how it begins, listed in its order."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, func

from app.core.page import Order
from app.schemas.sorting import Sort
from app.tables import Account, Person, Product, Source, Team

Named = type[Account] | type[Person] | type[Product] | type[Source] | type[Team]


def ordered(query: Select[Any], table: Named, sort: Sort) -> tuple[Select[Any], Order]:
    """The query with what its order needs in the rows. Names are ordered without regard to case."""
    column, descending = sort.lstrip("-"), sort.startswith("-")
    if column != "name":
        moments = {"created_at": table.created_at, "updated_at": table.updated_at}
        return query, Order(column, moments[column], table.id, descending)
    key = func.lower(table.name, type_=Text())
    return query.add_columns(key.label("lower_name")), Order(
        "lower_name", key, table.id, descending
    )


def begins(table: Named, beginning: str) -> ColumnElement[bool]:
    """Whether the name begins with these letters, in either case."""
    # Both sides are lowered by the database: Python and PostgreSQL differ on some letters.
    return func.starts_with(func.lower(table.name), func.lower(beginning))
