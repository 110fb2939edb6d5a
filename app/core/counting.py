"""How many rows a question has: counted up to a bound, beyond it as the planner guesses."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Executable, Select, func, literal, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

from app.core.work import Work

# Counting so many takes a few milliseconds; to count all would soon be the slowest query there is.
COUNTED = 10_000


class Accuracy(StrEnum):
    EXACT = "exact"
    ESTIMATE = "estimate"


@dataclass(frozen=True, slots=True)
class TotalCount:
    count: int
    accuracy: Accuracy


async def counted(work: Work, query: Select[Any], bound: int = COUNTED) -> TotalCount:
    """Exact up to `bound` rows; more than that is an estimate, which is never below the bound."""
    plain = query.order_by(None).with_only_columns(literal(1), maintain_column_froms=True)
    some = plain.limit(bound + 1).subquery()
    found = await work.db.scalar(select(func.count()).select_from(some)) or 0
    if found <= bound:
        return TotalCount(found, Accuracy.EXACT)
    explained: Any = await work.db.scalar(Explained(plain))
    return TotalCount(max(found, explained[0]["Plan"]["Plan Rows"]), Accuracy.ESTIMATE)


class Explained(Executable, ClauseElement):
    """The plan of a query, which the database makes without executing it."""

    inherit_cache = False

    def __init__(self, query: Select[Any]) -> None:
        self.query = query


@compiles(Explained)
def _explain(element: Explained, compiler: SQLCompiler, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.query, **options)}"
