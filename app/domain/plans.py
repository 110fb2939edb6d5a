"""What targets ask for in a period: what was said in its time, converted at the rate of then.

A closed period keeps the version of its time, whatever was said later; an amount in another
currency keeps the rate that was known when it was set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Select, Uuid, any_, literal
from sqlalchemy.dialects.postgresql import distinct_on

from app.core.work import Work
from app.engine.money import Money, round_to_minor
from app.engine.periods import Period, bounds
from app.engine.plan import Recurrence, Turn, turns
from app.tables import CurrencyRate, TargetPeriod, TargetVersion

FORMULA = "domain: override, else the version in force by the period's end; months share equally"


@dataclass(frozen=True, slots=True)
class Fx:
    """What one unit of `currency` was worth in the reporting currency, and since when."""

    currency: str
    rate: Decimal
    day: date
    source: str


@dataclass(frozen=True, slots=True)
class Said:
    """What was said about one turn of a target: in its own currency, and in the reporting one.

    `converted` and `average` are in the reporting currency; None: not said, or no rate known.
    """

    amount: Decimal | None
    currency: str | None
    count: int | None
    converted: Decimal | None
    average: Fraction | None
    fx: Fx | None
    overridden: bool
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """A target with everything that was ever said about it up to a moment, oldest first."""

    target: Row[Any]
    versions: Sequence[Row[Any]]
    overrides: Mapping[date, Row[Any]]
    rates: Sequence[Row[Any]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a target asks for in a period, in the reporting currency; None: not asked, or unknown.

    `unconverted` is the currency for which no rate was known.
    """

    amount: Fraction | None
    count: Fraction | None
    average: Fraction | None
    fx: tuple[Fx, ...] = ()
    unconverted: str | None = None


async def plans(work: Work, targets: Sequence[Row[Any]], as_of: datetime) -> dict[UUID, Plan]:
    """The plans of targets as known at `as_of`, in three statements however many there are."""
    ids = [target.id for target in targets]
    versions = _by_target(await work.all(_versions(work, ids, as_of)))
    overrides = _by_target(await work.all(_overrides(work, ids, as_of)))
    rates = await currency_rates(work, {row.currency for rows in versions.values() for row in rows})
    return {
        target.id: Plan(
            target,
            versions[target.id],
            {row.starts_on: row for row in overrides.get(target.id, [])},
            rates,
        )
        for target in targets
        if target.id in versions
    }


async def currency_rates(work: Work, currencies: set[str | None]) -> Sequence[Row[Any]]:
    """Every rate of the foreign ones among `currencies`, in the order they became known."""
    foreign = {code for code in currencies if code not in (None, work.home.currency)}
    if not foreign:
        return []
    query = work.rows(CurrencyRate).where(CurrencyRate.currency.in_(foreign))
    return await work.all(query.order_by(CurrencyRate.recorded_at, CurrencyRate.day))


def turns_of(plan: Plan, start: date, end: date) -> tuple[Turn, ...]:
    target = plan.target
    recurrence = Recurrence(target.recurrence)
    return turns(recurrence, target.starts_on, target.ends_on, start, end)


def wanted(work: Work, plan: Plan, period: Period) -> Wanted | None:
    """What the target asks for in the period; None when it does not reach there."""
    found = [
        (turn, said(work, plan, turn, min(turn.end, period.end)))
        for turn in turns_of(plan, period.start, period.end)
    ]
    if not found:
        return None
    currency, latest = work.home.currency, found[-1][1]
    amounts = [_minor(one.converted, currency) for _, one in found]
    counts = [one.count for _, one in found]
    spread = [turn for turn, _ in found]
    minor = _sum(spread, amounts, period)
    scale = Money.of_minor(1, currency).amount
    return Wanted(
        amount=None if minor is None else minor * Fraction(scale),
        count=_sum(spread, counts, period),
        average=latest.average,
        fx=tuple(dict.fromkeys(one.fx for _, one in found if one.fx)),
        unconverted=next(
            (one.currency for _, one in found if one.amount is not None and one.converted is None),
            None,
        ),
    )


def said(work: Work, plan: Plan, turn: Turn, upto: date) -> Said:
    """What holds for a turn, as it was last said before the day `upto`."""
    _, end = bounds(Period(turn.start, upto, ""), work.home.zone)
    version = _in_force(plan.versions, end - timedelta.resolution)
    override = plan.overrides.get(turn.start)
    amount, currency, since = version.amount, version.currency, version.valid_from
    count, own = version.orders, False
    if override is not None and (override.amount, override.orders) != (None, None):
        own, since = True, override.valid_from
        count = count if override.orders is None else override.orders
        if override.amount is not None:
            amount, currency = override.amount, _in_force(plan.versions, since).currency
    fx = _plan_rate(work, plan.rates, currency, since, turn.start)
    return Said(
        amount=amount,
        currency=currency,
        count=count,
        converted=_converted(work, amount, fx),
        average=_average(work, plan, version, turn),
        fx=fx if fx and fx.currency != work.home.currency else None,
        overridden=own,
        valid_from=since,
    )


def counted(work: Work, table: type[TargetVersion] | type[TargetPeriod]) -> Select[Any]:
    """Rows with their count as `orders`: `count` is a method of every row."""
    return work.rows(table).add_columns(table.count.label("orders"))


def _versions(work: Work, ids: list[UUID], as_of: datetime) -> Select[Any]:
    query = counted(work, TargetVersion).where(TargetVersion.target_id == _any(ids))
    known = query.where(TargetVersion.valid_from <= as_of)
    return known.order_by(TargetVersion.valid_from, TargetVersion.number)


def _overrides(work: Work, ids: list[UUID], as_of: datetime) -> Select[Any]:
    """The last word on each period."""
    query = counted(work, TargetPeriod).where(TargetPeriod.target_id == _any(ids))
    known = query.where(TargetPeriod.valid_from <= as_of)
    key = (TargetPeriod.target_id, TargetPeriod.starts_on)
    return known.ext(distinct_on(*key)).order_by(*key, TargetPeriod.number.desc())


def _any(ids: list[UUID]) -> Any:
    """One parameter however many ids: PostgreSQL takes at most 32,767."""
    return any_(literal(ids, ARRAY(Uuid)))


def _by_target(rows: Sequence[Row[Any]]) -> dict[UUID, list[Row[Any]]]:
    found: dict[UUID, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.target_id, []).append(row)
    return found


def _in_force(versions: Sequence[Row[Any]], moment: datetime) -> Row[Any]:
    """The last version said by then; before the first one, the first."""
    return next((row for row in reversed(versions) if row.valid_from <= moment), versions[0])


def _plan_rate(
    work: Work, rates: Sequence[Row[Any]], currency: str | None, known_at: datetime, start: date
) -> Fx | None:
    """The newest rate for the period's beginning among those known when the amount was set.

    Where every rate known then is younger than the period, the oldest of them.
    """
    if currency is None or currency == work.home.currency:
        return Fx(currency, Decimal(1), start, "reporting") if currency else None
    known = [row for row in rates if row.currency == currency and row.recorded_at <= known_at]
    before = [row for row in known if row.day <= start]
    row = max(before, key=_newest, default=None) or min(known, key=_oldest, default=None)
    return None if row is None else Fx(currency, row.rate, row.day, row.source)


def _newest(row: Row[Any]) -> tuple[date, datetime]:
    return row.day, row.recorded_at


def _oldest(row: Row[Any]) -> tuple[date, timedelta]:
    return row.day, datetime.max.replace(tzinfo=row.recorded_at.tzinfo) - row.recorded_at


def _converted(work: Work, amount: Decimal | None, fx: Fx | None) -> Decimal | None:
    if amount is None or fx is None:
        return None
    return round_to_minor(Fraction(amount) * Fraction(fx.rate), work.home.currency)


def _minor(amount: Decimal | None, currency: str) -> int | None:
    return None if amount is None else Money(amount, currency).minor


def _sum(spread: Sequence[Turn], totals: Sequence[int | None], period: Period) -> Fraction | None:
    """None as soon as one part is unknown: a sum without it would be too low."""
    known = [total for total in totals if total is not None]
    if len(known) < len(totals):
        return None
    parts = zip(spread, known, strict=True)
    return sum((turn.part(total, period.start, period.end) for turn, total in parts), Fraction(0))


def _average(work: Work, plan: Plan, version: Row[Any], turn: Turn) -> Fraction | None:
    fx = _plan_rate(work, plan.rates, version.currency, version.valid_from, turn.start)
    if fx is None or version.average_order_value is None:
        return None
    return Fraction(version.average_order_value) * Fraction(fx.rate)
