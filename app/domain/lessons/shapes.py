"""The canonical form of a question: its kind, and where it differs from the usual one.

Which process is asked about, and which past, is said beside it.
"""

import json
from datetime import datetime
from fractions import Fraction
from typing import TypeVar
from uuid import UUID

from app.schemas.scopes import Moment

_BESIDE = {"process", *Moment.model_fields}
Query = TypeVar("Query", bound=Moment)


def shape_of(name: str, asked: Moment) -> str:
    """
    >>> from app.schemas.observed_rates import RatesQuery
    >>> shape_of("rates", RatesQuery(process="sales", window="12m"))
    'rates'
    >>> shape_of("rates", RatesQuery(process="sales", window="6m", business_type="new"))
    'rates {"business_type":"new","window":"6m"}'
    """
    said = asked.model_dump(
        mode="json",
        by_alias=True,
        exclude_defaults=True,
        exclude=_BESIDE,
        warnings=False,  # of fractions, which come next
    )
    said |= {
        name: {"num": value.numerator, "den": value.denominator}
        for name, value in asked
        if isinstance(value, Fraction)
    }
    return f"{name} {json.dumps(said, sort_keys=True, separators=(',', ':'))}" if said else name


def question_of(
    query: type[Query], shape: str, process_id: UUID, as_of: datetime | None = None
) -> Query:
    """The question of this shape about a process, at a moment or now."""
    _, _, said = shape.partition(" ")
    beside = {"process": str(process_id), "as_of": as_of}
    return query.model_validate((json.loads(said) if said else {}) | beside)
