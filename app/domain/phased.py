"""In which month each milestone must be fed so that the target of a later month is reached."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any

from sqlalchemy import Row

from app.core.errors import Invalid
from app.core.planning import suggestion_text
from app.core.reasons import Telling
from app.core.work import Work
from app.domain.aimed_targets import Aimed
from app.domain.cohorts import Cohort
from app.domain.observed_rates import passings
from app.domain.plans import wanted
from app.engine.cascade import Goal
from app.engine.flow.lead_times import Lag, LagSource, lead_time, or_typical, quantile, summed
from app.engine.flow.phasing import Phased, by_month, phased, ramp_up
from app.engine.money import ceil_to_minor, round_to_minor
from app.engine.periods import Grain, Period, containing
from app.schemas.base import MoneyOut, money_out
from app.schemas.metrics import lead_time_out
from app.schemas.ratios import chance_out
from app.schemas.target_cascades import (
    CheckedMonthOut,
    FeedByOut,
    PhasedLevelOut,
    PhasedMonthOut,
    PhasedOut,
    RampUpOut,
)

FORMULA = "phased.1: feed_by = last day - quantile; x_k,τ = Σ_t (T_t/W_k)·f_k(t-τ)"
NEGLIGIBLE = 0.001  # of those who order are slower than the months that are shown
AT_ONCE = Lag([1.0], 0, LagSource.OBSERVED)
Amounts = Mapping[Period, Fraction | None]


@dataclass(frozen=True, slots=True)
class Side:
    """The target by value or by number: what each month asks, the period's own part of it, and
    per milestone the share that comes to an order (None: not known)."""

    asked: Amounts
    own: Amounts
    yields: Sequence[Fraction | None]


def lags_of(deals: Cohort, rows: Sequence[Row[Any]]) -> list[Lag]:
    """From each of these milestones to the order, the order itself included. Sections whose days
    were never seen take the typical ones."""
    ends = pairwise(row.lineage_id for row in deals.told.milestones)
    seen = {pair: one.lag for pair, one in zip(ends, passings(deals), strict=True)}
    unseen = Lag([], 0, LagSource.UNKNOWN)
    sections = [
        or_typical(seen.get((row.lineage_id, after.lineage_id), unseen), row.typical_days)
        for row, after in pairwise(rows)
    ]
    return [*summed(sections), AT_ONCE]


def feed_by_of(period: Period, lag: Lag, share: float) -> date | None:
    """The last day on which to arrive so that this share of the orders comes within the period."""
    days = quantile(lag, share)
    return None if days is None else period.end - timedelta(days=1 + ceil(days))


def phased_out(
    work: Work, aim: Aimed, gaps: Sequence[tuple[Fraction | None, Fraction | None]]
) -> PhasedOut:
    """`gaps`: what the rest of the target still needs at each milestone, by value and number."""
    lags = lags_of(aim.deals, aim.ground.milestones)
    by_days = [feed_by_of(aim.period, lag, 0.5) for lag in lags]
    today = aim.seen.astimezone(work.home.zone).date()
    ordinals = [None if one is None else float(one.toordinal()) for one in by_days]
    ramp = ramp_up(ordinals, float(today.toordinal()), [0.0] * len(lags))
    months = [_trimmed(by_month(lag)) for lag in lags]
    value, count = _sides(work, aim, max(len(one) for one in months))
    rows = aim.ground.milestones
    return PhasedOut(
        milestones=[
            PhasedLevelOut(
                position=row.position,
                key=row.key,
                feed_by=None
                if by_days[k] is None
                else FeedByOut(p50=by_days[k], p80=feed_by_of(aim.period, lags[k], 0.8)),
                lead_time_days=lead_time_out(lead_time(lags[k])),
                already_too_late=ramp.too_late[k],
                arrivals=_arrivals(work, aim, months[k], (value, count), k),
                check=_check(work, aim, months[k], (value, count), k),
            )
            for k, row in enumerate(rows)
        ],
        already_too_late=[row.key for row, late in zip(rows, ramp.too_late, strict=True) if late],
        suggestion=None if ramp.milestone is None else _suggestion(work, aim, ramp.milestone, gaps),
        formula=FORMULA,
    )


def _sides(work: Work, aim: Aimed, reach: int) -> tuple[Side, Side]:
    """Every month whose target is fed while the period's is, as far as the target asks."""
    own = _months_of(aim)
    first = containing(aim.row.starts_on, Grain.MONTH)
    month, last = max(_back(own[0], reach), min(first, own[0])), own[-1]
    for _ in range(reach):
        last = last.next
    asked: dict[Period, tuple[Fraction | None, Fraction | None]] = {}
    while month <= last:
        found = wanted(work, aim.plan, month)
        if found is not None:
            part = aim.factor if aim.factor is not None and month in own else Fraction(1)
            amount = None if found.amount is None else found.amount * part
            number = None if found.count is None else found.count * part
            asked[month] = Goal(amount, number, found.average or None).completed()
        month = month.next
    sides = []
    for place, shares in enumerate(
        (
            [section.value_yield for section in aim.sections],
            [section.count_rate for section in aim.sections],
        )
    ):
        whole = {one: pair[place] for one, pair in asked.items()}
        sides.append(Side(whole, {one: whole.get(one) for one in own}, _yields(shares)))
    return sides[0], sides[1]


def _back(month: Period, months: int) -> Period:
    for _ in range(months):
        month = month.previous
    return month


def _months_of(aim: Aimed) -> tuple[Period, ...]:
    try:
        return tuple(containing(one.start, Grain.MONTH) for one in aim.period.parts(Grain.MONTH))
    except ValueError as error:
        detail = "Only months, quarters and years are phased into months."
        raise Invalid.parameter("period", "period_is_a_week", detail) from error


def _yields(shares: Sequence[Fraction | None]) -> list[Fraction | None]:
    """From each milestone to the order."""
    found: list[Fraction | None] = [Fraction(1)]
    for own in reversed(shares):
        later = found[-1]
        found.append(later * own if later and own else None)
    return found[::-1]


def _trimmed(share: Sequence[float]) -> list[float]:
    """Without the months in which next to nobody orders; the rest makes a whole again."""
    kept, rest = list(share), 0.0
    while len(kept) > 1 and rest + kept[-1] < NEGLIGIBLE:
        rest += kept.pop()
    return [part / sum(kept) for part in kept]


def _phased(amounts: Amounts, yield_: Fraction | None, share: Sequence[float]) -> Phased | None:
    known = [amount for amount in amounts.values() if amount is not None]
    if not share or not yield_ or not known or len(known) < len(amounts):
        return None
    return phased([float(amount) for amount in known], float(yield_), share)


def _arrivals(
    work: Work, aim: Aimed, share: Sequence[float], sides: tuple[Side, Side], k: int
) -> list[PhasedMonthOut]:
    """From the first month whose arrivals still order in the period to the period's last."""
    month = _back(_months_of(aim)[0], len(share) - 1)
    shown, required = [], [_required(side, share, k) for side in sides]
    while share and month.start < aim.period.end:
        (value, value_own), (count, count_own) = (
            (whole.get(month.start), part.get(month.start)) for whole, part in required
        )
        shown.append(
            PhasedMonthOut(
                period=month.key,
                value=_money_up(value, work.home.currency),
                count=chance_out(count),
                value_for_period=_money_up(value_own, work.home.currency),
                count_for_period=chance_out(count_own),
            )
        )
        month = month.next
    return shown


def _required(
    side: Side, share: Sequence[float], k: int
) -> tuple[dict[date, float], dict[date, float]]:
    """By the first day of the month, for the whole target and for the period's own part."""
    return (
        dict(_by_start(side.asked, _phased(side.asked, side.yields[k], share))),
        dict(_by_start(side.own, _phased(side.own, side.yields[k], share))),
    )


def _by_start(amounts: Amounts, found: Phased | None) -> Iterator[tuple[date, float]]:
    if found is None:
        return
    month = _back(next(iter(amounts)), found.lead)
    for amount in found.required:
        yield month.start, amount
        month = month.next


def _check(
    work: Work, aim: Aimed, share: Sequence[float], sides: tuple[Side, Side], k: int
) -> list[CheckedMonthOut]:
    """What the arrivals would bring in the months of the period, beside what they are asked for."""
    own, currency = _months_of(aim), work.home.currency
    value, count = (_phased(side.asked, side.yields[k], share) for side in sides)
    places = {month: place for place, month in enumerate(sides[0].asked)}
    checked = []
    for month in own:
        i = places.get(month)
        if i is None or (value is None and count is None):
            continue
        asked_value, asked_count = (side.asked[month] for side in sides)
        checked.append(
            CheckedMonthOut(
                period=month.key,
                target_value=_money(asked_value, currency),
                reached_value=_money(None if value is None else value.reached[i], currency),
                residual_value=_money(None if value is None else value.residual[i], currency),
                target_count=None if asked_count is None else chance_out(float(asked_count)),
                reached_count=chance_out(None if count is None else count.reached[i]),
                residual_count=chance_out(None if count is None else count.residual[i]),
            )
        )
    return checked


def _suggestion(
    work: Work, aim: Aimed, k: int, gaps: Sequence[tuple[Fraction | None, Fraction | None]]
) -> RampUpOut:
    row, currency = aim.ground.milestones[k], work.home.currency
    value, count = gaps[k]
    needed = None if value is None else ceil_to_minor(value, currency)
    number = None if count is None else ceil(count)
    telling = Telling(work.language, currency if value is not None else None)
    return RampUpOut(
        position=row.position,
        key=row.key,
        required_value=money_out(needed, currency),
        required_count=number,
        text=suggestion_text(
            row.name, value if value is not None else count, telling, is_order=row.is_order
        ),
    )


def _money(amount: Fraction | float | None, currency: str) -> MoneyOut | None:
    return None if amount is None else money_out(round_to_minor(_exact(amount), currency), currency)


def _money_up(amount: float | None, currency: str) -> MoneyOut | None:
    return None if amount is None else money_out(ceil_to_minor(_exact(amount), currency), currency)


def _exact(amount: Fraction | float) -> Fraction:
    """Without the last digits of a float, which would round a whole amount up by one."""
    return amount if isinstance(amount, Fraction) else Fraction(f"{amount:.6f}")
