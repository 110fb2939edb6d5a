"""What one event changed about the months ahead: the opportunity's own part, with rates held."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from math import inf, isnan
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.work import Work
from app.domain.facts import Story, story
from app.domain.outlooks import (
    FORMULA,
    METHOD,
    Outlook,
    held_at,
    outlook,
    past_of,
    view,
)
from app.domain.periods_ahead import periods_from
from app.domain.processes import resolve
from app.engine.flow.facts import Outcome, day
from app.engine.forecast import COUNT_SCALE, of_scope
from app.engine.money import Money, round_to_minor
from app.engine.periods import Grain, Period, bounds
from app.schemas.base import MoneyOut
from app.schemas.forecast_effects import EffectOut, EffectPeriodOut, EffectQuery
from app.schemas.ratios import chance_out
from app.tables import Event, Opportunity

_INSTANT = timedelta.resolution

Both = tuple[Fraction, Fraction]  # value, orders
NOTHING: Both = (Fraction(0), Fraction(0))


@dataclass(frozen=True, slots=True)
class _Month:
    """Before and after the event what the deal contributed; what it won; and what the whole
    forecast changed beyond that, None where it is not known."""

    before: Both
    after: Both
    won: Both
    re_estimated: tuple[Fraction | None, Fraction | None]

    @property
    def change(self) -> Both:
        value, count = (
            after - before + won
            for before, after, won in zip(self.before, self.after, self.won, strict=True)
        )
        return value, count


async def read(work: Work, asked: EffectQuery) -> EffectOut:
    """The forecast just before the event was known and just after; two stories, whatever it is."""
    event = await work.get(Event, asked.event)
    deal = await work.get(Opportunity, event.opportunity_id)
    process = await resolve(work, deal.process_id)
    known = max(event.recorded_at, event.occurred_at)
    unaware = await story(work, process.id, as_of=known - _INSTANT)
    told = [_watched_until(unaware, known), await story(work, process.id, as_of=known)]
    periods = periods_from(work, known, Grain.MONTH, asked.periods)
    ends = [bounds(each, work.home.zone)[1] for each in periods]
    past = await past_of(work, process.id, known)
    how = await view(work, process, as_of=known)
    before, after = [await outlook(each, ends, how, past) for each in told]
    held = await asyncio.to_thread(held_at, before, after)
    months = _months(work, deal.id, periods, (before, after, held))
    return _effect(work, event, before, periods, months)


def _watched_until(told: Story, at: datetime) -> Story:
    """The same deals an instant older, so that both looks see everything else at one age."""
    facts, stays, end = told.facts, told.facts.stays, day(at)
    open_still = (stays.outcome == Outcome.OPEN) & (stays.left >= facts.at)
    left = stays.left * ~open_still + end * open_still
    return replace(told, at=at, facts=replace(facts, at=end, stays=replace(stays, left=left)))


def _months(
    work: Work, id: UUID, periods: Sequence[Period], looks: tuple[Outlook, Outlook, Outlook]
) -> list[_Month]:
    before, after, held = looks
    totals = [_totals(seen) for seen in (before, after)]
    months = []
    for number, period in enumerate(periods):
        start, end = (day(edge) for edge in bounds(period, work.home.zone))
        start = start if number else -inf  # an order told late is won all the same
        old, new = (_contributed(seen, id, number) for seen in (before, held))
        won = _minus(_won(after.told, id, start, end), _won(before.told, id, start, end))
        months.append(
            _Month(old, new, won, _beyond(totals[0][number], totals[1][number], old, new))
        )
    return months


def _contributed(seen: Outlook, id: UUID, number: int) -> Both:
    """What the deal adds to a period; nothing where it is not open, or dead."""
    whole, deals = seen.whole, seen.told.deals
    for place, deal in enumerate(whole.deals):
        if deals[deal].opportunity_id == id and deal not in seen.dead:
            return (
                Fraction(whole.value[place][number], whole.money_scale),
                Fraction(whole.count[place][number], COUNT_SCALE),
            )
    return NOTHING


def _totals(seen: Outlook) -> list[tuple[Fraction | None, Fraction | None]]:
    parts = of_scope(seen.whole, seen.counted([1] * len(seen.told.deals)))
    return [
        (
            None if part.value is None else part.value.expected,
            None if part.count is None else part.count.expected,
        )
        for part in parts
    ]


def _beyond(
    before: tuple[Fraction | None, Fraction | None],
    after: tuple[Fraction | None, Fraction | None],
    old: Both,
    new: Both,
) -> tuple[Fraction | None, Fraction | None]:
    """By how much the totals changed, less what the deal alone changed."""
    value, count = (
        None if was is None or now is None else (now - was) - (mine - mine_before)
        for was, now, mine_before, mine in zip(before, after, old, new, strict=True)
    )
    return value, count


def _won(told: Story, id: UUID, start: float, end: float) -> Both:
    """Value and number of the deal's orders in [start, end), days."""
    orders = told.facts.orders
    rows = zip(
        orders.deal.tolist(),
        orders.at.tolist(),
        orders.value.tolist(),
        orders.first.tolist(),
        strict=True,
    )
    mine = [
        (Fraction(0) if isnan(value) else Fraction(repr(value)), Fraction(int(first)))
        for deal, at, value, first in rows
        if start <= at < end and told.deals[deal].opportunity_id == id
    ]
    return sum((v for v, _ in mine), Fraction(0)), sum((c for _, c in mine), Fraction(0))


def _minus(new: Both, old: Both) -> Both:
    return new[0] - old[0], new[1] - old[1]


def _effect(
    work: Work,
    event: Row[Any],
    before: Outlook,
    periods: Sequence[Period],
    months: Sequence[_Month],
) -> EffectOut:
    known = before.whole.value_known
    value = sum((month.change[0] for month in months), Fraction(0))
    orders = sum((month.change[1] for month in months), Fraction(0))
    leading = value if known else orders
    return EffectOut(
        event_id=event.id,
        opportunity_id=event.opportunity_id,
        process_id=before.told.process_id,
        kind=event.kind,
        occurred_at=event.occurred_at,
        as_of=max(event.recorded_at, event.occurred_at),
        currency=work.home.currency,
        method=METHOD,
        formula=FORMULA,
        status=before.whole.status,
        code="nothing" if not leading else "raises" if leading > 0 else "lowers",
        change=_money(work, value) if known else None,
        change_orders=_orders(orders),
        periods=[
            _month(work, period, month, known=known)
            for period, month in zip(periods, months, strict=True)
        ],
    )


def _month(work: Work, period: Period, month: _Month, *, known: bool) -> EffectPeriodOut:
    beyond, beyond_orders = month.re_estimated
    return EffectPeriodOut(
        period=period.key,
        before=_money(work, month.before[0]) if known else None,
        after=_money(work, month.after[0]) if known else None,
        won=_money(work, month.won[0]),
        change=_money(work, month.change[0]) if known else None,
        re_estimated=None if beyond is None else _money(work, beyond),
        before_orders=_orders(month.before[1]),
        after_orders=_orders(month.after[1]),
        won_orders=int(month.won[1]),
        change_orders=_orders(month.change[1]),
        re_estimated_orders=None if beyond_orders is None else _orders(beyond_orders),
    )


def _money(work: Work, amount: Fraction) -> MoneyOut:
    currency = work.home.currency
    return MoneyOut(
        amount=Money(round_to_minor(amount, currency), currency).text, currency=currency
    )


def _orders(amount: Fraction) -> str:
    return chance_out(float(amount)) or "0.0000"
