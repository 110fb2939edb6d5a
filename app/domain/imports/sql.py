"""Statements over staged rows: written as SQL, with their values bound by type."""

import json
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Row,
    Text,
    TextClause,
    Uuid,
    bindparam,
    text,
)
from sqlalchemy.types import TypeEngine

from app.core.ids import UUID7_SQL
from app.core.work import Work

# In this order: a datetime is a date and a boolean is an integer to Python.
TYPES: dict[type, TypeEngine[Any]] = {
    UUID: Uuid(),
    datetime: DateTime(timezone=True),
    date: Date(),
    str: Text(),
    bool: Boolean(),
    int: BigInteger(),
    list: ARRAY(Text()),
}
# What surrounds a cell and is no part of it; spreadsheets write blanks that do not break, too.
BLANKS = "E' \\t\\u00a0'"
_NAMED = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")


async def change(work: Work, sql: str, **values: Any) -> int:
    """Run a statement and say how many rows it touched.

    `:ws` and `:now` are always known; `{uuid7}` stands for a new id.
    """
    return int((await work.db.execute(bound(work, sql, values))).rowcount)


async def rows(work: Work, sql: str, **values: Any) -> Sequence[Row[Any]]:
    return (await work.db.execute(bound(work, sql, values))).all()


async def value(work: Work, sql: str, **values: Any) -> Any:
    return await work.db.scalar(bound(work, sql, values))


def bound(work: Work, sql: str, values: dict[str, Any]) -> TextClause:
    """Values get the type they have here: in a SELECT list PostgreSQL could not tell it.

    Objects (dict) travel as JSON text, to be read with `CAST(:name AS jsonb)`.
    """
    sql = sql.replace("{uuid7}", UUID7_SQL)
    known = {"ws": work.workspace_id, "now": work.now} | values
    binds = []
    for name in sorted(set(_NAMED.findall(sql))):
        given = known[name]
        given = json.dumps(given, ensure_ascii=False) if isinstance(given, dict) else given
        binds.append(bindparam(name, given, type_=_type_of(given)))
    return text(sql).bindparams(*binds)


def _type_of(given: object) -> TypeEngine[Any] | None:
    return next((kind for python, kind in TYPES.items() if isinstance(given, python)), None)
