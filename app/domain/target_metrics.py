"""Targets that are not an amount of orders: the amount that a margin or a growth takes.

It is resolved once, when the target is set, against what a base period shows then, and kept with
it: a target does not move because somebody corrects last year's orders.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.errors import Invalid
from app.core.work import Work
from app.domain import margins
from app.domain.inflow import NOTHING, arrived
from app.domain.leads import days_as_span
from app.domain.questions import period_named
from app.domain.requirements import ground
from app.engine.money import ceil_to_minor, round_to_minor
from app.engine.periods import Period
from app.engine.plan import Recurrence
from app.schemas.base import MoneyIn, MoneyOut, money_out
from app.schemas.scopes import Business, Moment, Subject, Whose
from app.schemas.targets import STATED, STATES, Metric, TargetBaseOut, TargetIn, TargetPatch

GROWTH = "growth.1: order value of the base period, times (1 + growth rate), rounded upwards"
MARGIN = (
    "margin.1: gross margin / share of margin in the orders of the base period, rounded upwards"
)
MONTHS = {Recurrence.MONTH: 1, Recurrence.QUARTER: 3, Recurrence.YEAR: 12}
FORMULAS = {Metric.GROWTH_RATE: GROWTH, Metric.GROSS_MARGIN: MARGIN}


@dataclass(frozen=True, slots=True)
class Sought:
    """Whose target of which metric, and the whole months of each of its periods."""

    process_id: UUID
    subject: Subject
    business_type: Business
    metric: Metric
    months: int


@dataclass(frozen=True, slots=True)
class Stated:
    """What was said: a rate, or a margin in a currency; and the base period."""

    stated: Decimal
    currency: str
    base_period: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """The amount, and the columns of a version that tell where it comes from."""

    amount: Decimal
    currency: str
    columns: dict[str, Any]

    @property
    def money(self) -> MoneyIn:
        return MoneyIn.model_validate({"amount": f"{self.amount:f}", "currency": self.currency})


def resolves(metric: Metric) -> bool:
    return metric in FORMULAS


def length(recurrence: Recurrence, first: date, last: date | None) -> int:
    """How many months each of its periods has."""
    if recurrence is Recurrence.ONCE:
        assert last is not None
        return months_between(first, last)
    return MONTHS[recurrence]


def sought(row: Row[Any]) -> Sought:
    return Sought(
        process_id=row.process_id,
        subject=Subject(Whose(row.scope), row.team_id or row.person_id),
        business_type=Business(row.business_type),
        metric=Metric(row.metric),
        months=length(Recurrence(row.recurrence), row.starts_on, row.ends_on),
    )


def fits_metric(metric: Metric, given: set[str]) -> None:
    """A change states what a target of its metric states, and nothing else."""
    needed, allowed = STATES[metric]
    for name in STATED:
        if name in given and name not in needed | allowed:
            states = " or ".join(sorted(needed | allowed))
            detail = f"A target of {metric.value} states {states}; for another metric make another."
            raise Invalid.at(f"/{name}", "metric_misfit", detail)


async def amount_of(
    work: Work, wanted: Sought, said: TargetIn | TargetPatch, before: Row[Any] | None
) -> Resolved | None:
    """The amount that a margin or a growth takes; None where the target states an amount."""
    if not resolves(wanted.metric):
        return None
    given, currency = said.model_fields_set, work.home.currency
    stated = None if before is None else before.stated
    if "growth_rate" in given and said.growth_rate is not None:
        stated = said.growth_rate
    if wanted.metric is Metric.GROSS_MARGIN:
        currency = before.currency if before is not None else currency
        if "gross_margin" in given and said.gross_margin is not None:
            stated, currency = said.gross_margin.amount, said.gross_margin.currency
    base = said.base_period if "base_period" in given else before and before.base_period
    assert stated is not None
    assert base is not None
    return await _resolved(work, wanted, Stated(stated, currency, base))


async def _resolved(work: Work, wanted: Sought, said: Stated) -> Resolved:
    """`Invalid` where the base tells nothing; it names what to state instead."""
    base = period_named(work, said.base_period, "/base_period")
    if base.end > work.today:
        detail = f"{base.key} is not over yet; name a period that is."
        raise Invalid.at("/base_period", "base_not_over", detail)
    if wanted.metric is Metric.GROWTH_RATE:
        return await _grown(work, wanted, said, base)
    return await _left(work, wanted, said, base)


async def _grown(work: Work, wanted: Sought, said: Stated, base: Period) -> Resolved:
    if months_between(base.start, base.end) != wanted.months:
        detail = f"Each period of this target has {wanted.months} months; {base.key} has others."
        raise Invalid.at("/base_period", "base_of_other_length", detail)
    stage = await ground(work, wanted.process_id, base, work.now)
    came = await arrived(work, stage.question(wanted.subject, wanted.business_type))
    won = came.get(stage.milestones[-1].lineage_id, NOTHING)
    if not won.value:
        detail = (
            f"Nothing of known value was ordered in {base.key}, so there is nothing to grow from;"
            " name another base period, or state an amount (metric order_value)."
        )
        raise Invalid.at("/base_period", "base_unknown", detail)
    amount = ceil_to_minor(Fraction(won.value) * (1 + Fraction(said.stated)), work.home.currency)
    missing = won.missing + won.unconverted
    columns = _columns(said, base, won.value, None, won.known, missing)
    return Resolved(amount, work.home.currency, columns)


async def _left(work: Work, wanted: Sought, said: Stated, base: Period) -> Resolved:
    span = days_as_span(work, base.start, base.end)
    found = await margins.observed(work, wanted.process_id, wanted.business_type, span, Moment())
    if found.share is None or found.share <= 0:
        detail = (
            f"No order of {base.key} tells a margin above 0: state direct_cost in the lines of"
            " orders, name another base period, or state an amount (metric order_value)."
        )
        raise Invalid.at("/base_period", "margin_unknown", detail)
    amount = ceil_to_minor(Fraction(said.stated) / found.share, said.currency)
    home = work.home.currency
    value, margin = round_to_minor(found.value, home), round_to_minor(found.margin, home)
    columns = _columns(said, base, value, margin, found.n, found.missing)
    return Resolved(amount, said.currency, columns)


def _columns(
    said: Stated, base: Period, value: Decimal, margin: Decimal | None, n: int, missing: int
) -> dict[str, Any]:
    return {
        "stated": said.stated,
        "base_period": base.key,
        "base_value": value,
        "base_margin": margin,
        "base_n": n,
        "base_missing": missing,
    }


def months_between(start: date, end: date) -> int:
    """
    >>> months_between(date(2025, 11, 1), date(2026, 2, 1))
    3
    """
    return (end.year - start.year) * 12 + end.month - start.month


def stated_out(row: Row[Any], metric: Metric, currency: str) -> dict[str, Any]:
    """The members of `TargetOut` that tell what was said, and against which base. `currency` is
    the reporting one, in which the base was counted."""
    growth = row.stated if metric is Metric.GROWTH_RATE else None
    margin = row.stated if metric is Metric.GROSS_MARGIN else None
    return {
        "metric": metric,
        "gross_margin": money_out(margin, row.currency),
        "growth_rate": None if growth is None else f"{growth:f}",
        "base": None if row.base_period is None else _base_out(row, metric, currency),
    }


def _base_out(row: Row[Any], metric: Metric, currency: str) -> TargetBaseOut:
    value = money_out(row.base_value, currency)
    assert isinstance(value, MoneyOut)
    return TargetBaseOut(
        period=row.base_period,
        order_value=value,
        gross_margin=money_out(row.base_margin, currency),
        n=row.base_n,
        missing_count=row.base_missing,
        formula=FORMULAS[metric],
    )
