"""Arrivals deal by deal, and the sums of them: columns of queries that are given."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Numeric,
    Select,
    Subquery,
    and_,
    cast,
    func,
    null,
    select,
    union_all,
)

_AMOUNTS = ("value", "unverified_value", "unassigned_value")
_COUNTS = (
    "deals",
    "known",
    "arrivals",
    "deals_unverified",
    "unverified_count",
    "missing",
    "unconverted",
    "deals_unassigned",
    "unassigned_count",
)


def deals(seen: Subquery, keys: tuple[str, ...]) -> Subquery:
    """One row for each deal: its partial orders together, so that the largest deal can be told."""
    column = seen.c
    whole = (*(column[key] for key in keys), column.lineage_id, column.opportunity_id)
    accepted, counts = column.accepted, column.counts
    return (
        select(
            *whole,
            func.sum(column.value).filter(accepted).label("value"),
            func.sum(column.value).filter(~column.verified).label("unverified"),
            func.bool_or(accepted).label("accepted"),
            func.bool_or(~column.verified).label("has_unverified"),
            func.bool_or(and_(counts, accepted)).label("counts"),
            func.bool_or(and_(counts, ~column.verified)).label("counts_unverified"),
            func.bool_or(and_(column.missing, accepted)).label("missing"),
            func.bool_or(and_(column.unconverted, accepted)).label("unconverted"),
            func.bool_and(column.unassigned).label("unassigned"),
        )
        .group_by(*whole)
        .subquery("deals")
    )


def summed(each: Subquery, keys: tuple[str, ...] = ()) -> Select[Any]:
    column = each.c
    whole = (*(column[key] for key in keys), column.lineage_id)

    def number(condition: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.count().filter(condition)

    return select(
        *whole,
        func.sum(column.value).label("value"),
        number(column.accepted).label("deals"),
        number(column.value.is_not(None)).label("known"),
        number(column.counts).label("arrivals"),
        func.sum(column.unverified).label("unverified_value"),
        number(column.has_unverified).label("deals_unverified"),
        number(column.counts_unverified).label("unverified_count"),
        number(column.missing).label("missing"),
        number(column.unconverted).label("unconverted"),
        func.sum(column.value).filter(column.unassigned).label("unassigned_value"),
        number(and_(column.unassigned, column.accepted)).label("deals_unassigned"),
        number(and_(column.unassigned, column.counts)).label("unassigned_count"),
    ).group_by(*whole)


def together(parts: Sequence[Select[Any]], keys: tuple[str, ...]) -> Select[Any]:
    """Sums of different deals as one, row by row."""
    names = (*keys, "lineage_id", *_AMOUNTS, *_COUNTS)
    sides = [part.subquery() for part in parts]
    column = union_all(*(select(*(side.c[name] for name in names)) for side in sides)).subquery().c
    whole = [column[name] for name in (*keys, "lineage_id")]
    return select(
        *whole,
        *(func.sum(column[name]).label(name) for name in _AMOUNTS),
        *(cast(func.sum(column[name]), BigInteger).label(name) for name in _COUNTS),
        cast(null(), Numeric).label("largest"),
    ).group_by(*whole)
