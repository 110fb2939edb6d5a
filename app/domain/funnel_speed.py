"""How fast the funnel turns opportunities into orders, and how much time an order takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import isnan

from app.core.work import Work
from app.domain.cohorts import Cohort
from app.domain.observed_rates import Passing
from app.domain.observed_sections import exact
from app.engine.flow.estimates import Estimate, product
from app.engine.flow.facts import Flags, Places
from app.engine.flow.gathering import NEVER
from app.engine.flow.lead_times import LeadTime, lead_time, summed
from app.engine.flow.packed import chosen, day_of, one_of, within
from app.engine.leaks.amounts import sum_of
from app.engine.money import round_to_minor
from app.engine.velocity import throughput, velocity
from app.schemas.base import MoneyOut, money_out
from app.schemas.metrics import MetricOut, lead_time_out, metric_out, tenths_out
from app.schemas.pipeline_answer import AverageOrderOut, EffortOut, ThroughputOut, VelocityOut
from app.schemas.ratios import ratio_out
from app.schemas.scopes import Business

VELOCITY = "velocity.1: N·W·A/L"


@dataclass(frozen=True, slots=True)
class Speed:
    """What velocity is made of beside the deals that stand: the share that is won and the days to
    the order from the first milestone, and what an order is worth, of so many `orders` of known
    value; None: not known."""

    win_rate: Estimate
    days: LeadTime
    average: Fraction | None
    orders: int


@dataclass(frozen=True, slots=True)
class Sold:
    """The scope's orders in the window: what the first ones and their partial orders brought."""

    value: Fraction
    deals: frozenset[int]
    known: frozenset[int]
    days: float


def speed(found: Cohort, passed: Sequence[Passing], own: Flags) -> Speed:
    sold = _sold(found, own)
    return Speed(
        win_rate=product([one.section.count for one in passed]),
        days=lead_time(summed([one.lag for one in passed])[0]),
        average=sold.value / len(sold.known) if sold.known else None,
        orders=len(sold.known),
    )


def velocity_out(work: Work, by: Speed, alive: int, learnt_at: datetime) -> VelocityOut:
    """At the win rate and the days from the first milestone, and what an order is worth."""
    per_day = velocity(alive, _exact(by.win_rate.value), by.average, _exact(by.days.mean))
    return VelocityOut(
        per_day=_per_day(work, by, per_day, learnt_at),
        open_count=alive,
        win_rate=metric_out(by.win_rate, "ratio", learnt_at, "aj.1"),
        average_order=AverageOrderOut(value=maybe_money(work, by.average), n=by.orders),
        days_to_order=lead_time_out(by.days),
    )


def throughput_out(work: Work, found: Cohort, own: Flags) -> ThroughputOut:
    sold = _sold(found, own)
    per_day = throughput(sold.value, exact(sold.days)) if sold.days > 0 else None
    return ThroughputOut(
        per_day=None if per_day is None else money(work, per_day),
        value=money(work, sold.value),
        orders=len(sold.deals),
        days=tenths_out(sold.days),
    )


def efforts(found: Cohort, own: Flags) -> list[EffortOut]:
    """For each kind of business and for all: arrivals, orders and losses within the window."""
    sold, lost = _sold(found, own).deals, _lost(found)
    return [_effort(found, business, sold, lost) for business in Business]


def maybe_money(work: Work, exact_amount: Fraction | None) -> MoneyOut | None:
    return None if exact_amount is None else money(work, exact_amount)


def money(work: Work, exact_amount: Fraction) -> MoneyOut:
    found = money_out(round_to_minor(exact_amount, work.home.currency), work.home.currency)
    assert found is not None
    return found


def _sold(found: Cohort, own: Flags) -> Sold:
    """As far back as orders were recorded."""
    facts, (start, end) = found.facts, found.window.span
    sold = facts.orders.where(own & within(facts.orders.at, found.window.span))
    values = sold.value.tolist()
    return Sold(
        value=sum_of(values),
        deals=frozenset(sold.deal.tolist()),
        known=frozenset(
            deal for deal, value in zip(sold.deal.tolist(), values, strict=True) if not isnan(value)
        ),
        days=max(0.0, min(end, facts.at) - max(start, min(facts.since, facts.at))),
    )


def _per_day(work: Work, by: Speed, per_day: Fraction | None, learnt_at: datetime) -> MetricOut:
    """No better known than the win rate; the interval is that of the win rate alone."""
    told = metric_out(by.win_rate, f"{work.home.currency}/day", learnt_at, VELOCITY)
    value = None if per_day is None else money(work, per_day).amount
    status = told.status if per_day is not None else "unknown"
    source = told.source if by.days.source == "observed" else "default"
    return told.model_copy(update={"value": value, "status": status, "ci": None, "source": source})


def _effort(found: Cohort, business: Business, sold: frozenset[int], lost: Places) -> EffortOut:
    of_kind = found.told.of_business(business)
    stays = found.facts.stays.where(found.inside & of_kind[found.facts.stays.deal])
    ordered = [deal for deal in sold if of_kind[deal]]
    orders = len(ordered)
    arrivals = int(((stays.section == 0) & within(stays.entered, found.window.span)).sum())
    won_days, lost_days = (
        sum(stays.days[one_of(stays.deal, deals)].tolist()) for deals in (ordered, lost)
    )
    return EffortOut(
        business_type=business,
        first_arrivals=arrivals,
        orders=orders,
        first_arrivals_per_order=ratio_out(Fraction(arrivals, orders)) if orders else None,
        won_days_per_order=tenths_out(won_days / orders) if orders else None,
        lost_days_per_order=tenths_out(lost_days / orders) if orders else None,
    )


def _lost(found: Cohort) -> Places:
    """Given up within the window."""
    deals = found.told.table.columns
    gone = (deals["status"] == "exited") & (deals["exited_at"] != NEVER)
    return chosen(gone & within(day_of(deals["exited_at"]), found.window.span))


def _exact(number: float | None) -> Fraction | None:
    return None if number is None else exact(number)
