"""Computed numbers on the wire: none goes without its sample, its interval and its origin."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.engine.flow.estimates import Estimate
from app.engine.flow.lead_times import LeadTime
from app.schemas.base import Out
from app.schemas.ratios import chance_out

_TENTH = Decimal("0.1")

DaysOut = Annotated[str | None, Field(examples=["45.0"])]
AgeDays = Annotated[
    str,
    Field(
        description="Since the customer last moved on, without days on hold, with one decimal;"
        " whole days in /v1/opportunities.",
        examples=["12.5"],
    ),
]
TargetIds = Annotated[
    list[UUID],
    Field(
        description="All business without a target: those of new and existing business, if both"
        " are there."
    ),
]


class MetricOut(Out):
    """A number with what it rests on; `value` is null, never 0, where nothing is known."""

    value: Annotated[str | None, Field(examples=["0.4170"])]
    unit: Annotated[str, Field(examples=["ratio"])]
    status: Annotated[
        str,
        Field(description="`ok` | `low_sample` | `insufficient` | `unknown` | `unreachable`."),
    ]
    n: Annotated[int, Field(description="Opportunities seen.")]
    n_eff: Annotated[
        str | None,
        Field(description="The decided opportunities of equal weight they are worth as evidence."),
    ]
    ci: Annotated[
        list[str] | None,
        Field(description="95 % interval of what was observed.", min_length=2, max_length=2),
    ]
    source: Annotated[
        str, Field(description="`target` | `observed` | `observed_shrunk` | `default` | `manual`.")
    ]
    as_of: datetime
    formula: Annotated[
        str,
        Field(
            description="A stable id of the method; what it says may follow after a colon.",
            examples=["aj.1"],
        ),
    ]


class LeadTimeOut(Out):
    """Days of those that go on; null where too little is known."""

    mean: Annotated[str | None, Field(examples=["23.5"])]
    p50: str | None
    p80: str | None
    p90: str | None
    n: Annotated[int, Field(description="Conversions seen.")]
    source: Annotated[
        str,
        Field(description="`observed`, `default` (the process's typical days) or `unknown`."),
    ]


def metric_out(estimate: Estimate, unit: str, as_of: datetime, formula: str) -> MetricOut:
    """An estimate of a share as the world sees it."""
    return MetricOut(
        value=chance_out(estimate.value),
        unit=unit,
        status=estimate.status,
        n=estimate.n,
        n_eff=tenths_out(estimate.n_eff),
        ci=interval_out(estimate.low, estimate.high),
        source=estimate.source,
        as_of=as_of,
        formula=formula,
    )


def lead_time_out(lead: LeadTime) -> LeadTimeOut:
    return LeadTimeOut(
        mean=tenths_out(lead.mean),
        p50=tenths_out(lead.p50),
        p80=tenths_out(lead.p80),
        p90=tenths_out(lead.p90),
        n=lead.n,
        source=lead.source,
    )


def interval_out(low: float | None, high: float | None) -> list[str] | None:
    """Both ends, or nothing."""
    ends = [end for end in (chance_out(low), chance_out(high)) if end is not None]
    return ends if len(ends) == 2 else None  # noqa: PLR2004 - an interval has two ends


def tenths_out(number: float | None) -> str | None:
    """Days and counts of evidence, with one decimal.

    >>> tenths_out(12.46), tenths_out(None)
    ('12.5', None)
    """
    return None if number is None else f"{Decimal(repr(float(number))).quantize(_TENTH):f}"
