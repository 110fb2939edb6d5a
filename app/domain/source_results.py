"""What became of the leads that sources brought: orders, their value, and how sure that is."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from app.core.work import Work
from app.domain.cohorts import window_at
from app.domain.leads import Chosen, Lead, Sale, days_as_span, leads
from app.domain.processes import resolve
from app.domain.questions import period_asked
from app.domain.source_costs import Spent
from app.engine.attribution import Model, owed, parts
from app.engine.flow.estimates import Estimate, estimate
from app.engine.flow.facts import Outcome, day
from app.engine.flow.incidence import incidence
from app.engine.money import Money, round_to_minor
from app.schemas.base import MoneyOut, money_out
from app.schemas.metrics import metric_out
from app.schemas.observed_rates import WindowOut
from app.schemas.ratios import ratio_out
from app.schemas.source_analysis import CohortOut, LeadsQuery

FORMULA = "source.1: parts of touches up to the order; conversion by Aalen-Johansen"
CONVERSION = "aj.1"
DEFAULT_WINDOW = "12m"
# While more of a cohort are undecided, its orders are not set against its leads.
TOO_MANY_UNDECIDED = Fraction(3, 10)
HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Followed:
    """A lead in the eyes of conversion: which part of it, for how long, and how it ended."""

    came_at: datetime
    days: float
    outcome: Outcome
    part: Fraction


@dataclass(slots=True)
class Tally:
    """What a source, nobody, or all together have a part in."""

    leads: int = 0
    credited: Fraction = Fraction(0)
    arrivals: int = 0
    orders: int = 0
    credited_orders: Fraction = Fraction(0)
    undecided: Fraction = Fraction(0)
    minor: int = 0
    missing: int = 0
    sales: int = 0
    margin: int = 0
    missing_margins: int = 0
    followed: list[Followed] = field(default_factory=list)

    def take(self, lead: Lead, part: Fraction, now: datetime) -> None:
        self.leads += 1
        self.credited += part
        self.arrivals += lead.arrived_at is not None
        self.followed.append(_followed(lead, part, now))
        if lead.ordered:
            self.orders += 1
            self.credited_orders += part
        elif lead.ended_at is None:
            self.undecided += part

    def sell(self, sale: Sale, value: int | None, margin: int | None) -> None:
        """An order, and which shares of its value and margin are owed here; what is unknown of it
        only counts as missing."""
        self.sales += 1
        self.missing += sale.order.minor is None
        self.minor += value or 0
        self.missing_margins += sale.margin.minor is None
        self.margin += margin or 0

    @property
    def margin_status(self) -> str:
        if not self.sales:
            return "no_orders"
        if self.missing_margins == self.sales:
            return "unknown"
        return "partial" if self.missing_margins else "ok"

    @property
    def known_margin(self) -> Fraction | None:
        """None where orders were made and of none of them the margin is known."""
        return None if self.margin_status == "unknown" else Fraction(self.margin)

    @property
    def undecided_share(self) -> Fraction | None:
        return self.undecided / self.credited if self.credited else None

    @property
    def status(self) -> str:
        share = self.undecided_share
        if share is None:
            return "no_leads"
        return "too_early" if share > TOO_MANY_UNDECIDED else "ok"


@dataclass(frozen=True, slots=True)
class Results:
    """The leads of a stretch of days, by source (None: by no source), and all of them."""

    start: date
    end: date
    key: str
    process_id: UUID | None
    leads: Sequence[Lead]
    by_source: Mapping[UUID | None, Tally]
    whole: Tally


async def results(work: Work, asked: LeadsQuery) -> Results:
    """What is asked about, in a fixed number of statements."""
    start, end, key = _stretch(work, asked)
    process = None if asked.process is None else await resolve(work, asked.process)
    process_id = None if process is None else process.id
    span = days_as_span(work, start, end)
    found = await leads(work, Chosen(span, process_id, lapse_days=asked.lapse_days))
    by_source, whole = await asyncio.to_thread(tallied, found, asked.model, work.now)
    return Results(start, end, key, process_id, found, by_source, whole)


def tallied(
    found: Sequence[Lead], model: Model, now: datetime
) -> tuple[Mapping[UUID | None, Tally], Tally]:
    """By source, and all together; the parts of a lead, and those of an order, sum to it."""
    by_source: dict[UUID | None, Tally] = defaultdict(Tally)
    whole = Tally()
    for lead in found:
        whole.take(lead, Fraction(1), now)
        for key, part in parts(model, lead.touches, lead.credited_at(now)).items():
            by_source[key].take(lead, part, now)
        for sale in lead.sales:
            whole.sell(sale, sale.order.minor, sale.margin.minor)
            values, margins = (
                owed(model, lead.touches, each) for each in (sale.order, sale.margin)
            )
            for key in parts(model, lead.touches, sale.order.at):
                by_source[key].sell(sale, values.get(key), margins.get(key))
    return by_source, whole


def conversion(followed: Sequence[Followed]) -> Estimate:
    """Which share of these leads orders in the end, told from leads not all decided yet."""
    alike = all(one.part == 1 for one in followed)
    found = incidence(
        [one.days for one in followed],
        [one.outcome for one in followed],
        None if alike else [float(one.part) for one in followed],
    )
    return estimate(found.share, found.n, found.n_eff, decided=found.decided, settled=found.plateau)


def result_fields(work: Work, tally: Tally, spent: Spent) -> dict[str, Any]:
    """The members of `ResultOut`. What nobody knows is null, and 0/0 is not known."""
    home, value = work.home.currency, Fraction(tally.minor)
    cost = spent.amount if spent.status == "ok" else None
    settled = tally.status == "ok"
    return {
        "leads": tally.leads,
        "credited_leads": ratio_out(tally.credited),
        "m1_arrivals": tally.arrivals,
        "orders": tally.orders,
        "credited_orders": ratio_out(tally.credited_orders),
        "order_value": minor_out(work, value),
        "missing_value_count": tally.missing,
        "gross_margin": minor_out(work, tally.known_margin),
        "margin_status": tally.margin_status,
        "missing_margin_count": tally.missing_margins,
        "cost": amount_out(spent.amount, home),
        "cost_status": spent.status,
        "cost_per_order": amount_out(_per(cost, tally.credited_orders), home),
        "order_value_per_lead": minor_out(work, _per(value, tally.credited)),
        "gross_margin_per_lead": minor_out(work, _per(tally.known_margin, tally.credited)),
        "orders_per_100_leads": ratio_out(
            _per(HUNDRED * tally.credited_orders, tally.credited) if settled else None
        ),
        "undecided_share": ratio_out(tally.undecided_share),
        "status": tally.status,
        "conversion": metric_out(conversion(tally.followed), "ratio", work.now, CONVERSION),
        "cohorts": _cohorts(work, tally),
    }


def asked_fields(work: Work, asked: LeadsQuery, found: Results) -> dict[str, Any]:
    """What every answer about leads says of itself."""
    return {
        "window": WindowOut(key=found.key, from_=found.start, to=found.end),
        "process_id": found.process_id,
        "model": asked.model,
        "lapse_days": asked.lapse_days,
        "currency": work.home.currency,
        "as_of": work.now,
        "formula": FORMULA,
    }


def minor_out(work: Work, minor: Fraction | None) -> MoneyOut | None:
    """Whole minor units, or what was divided of them."""
    if minor is None:
        return None
    return money_out(Money.of_minor(round(minor), work.home.currency).amount, work.home.currency)


def amount_out(amount: Fraction | None, currency: str) -> MoneyOut | None:
    return None if amount is None else money_out(round_to_minor(amount, currency), currency)


def _stretch(work: Work, asked: LeadsQuery) -> tuple[date, date, str]:
    if asked.period is not None:
        period = period_asked(work, asked.period)
        return period.start, period.end, period.key
    key = asked.window or DEFAULT_WINDOW
    window = window_at(work, key, work.now)
    return window.start, window.end, key


def _followed(lead: Lead, part: Fraction, now: datetime) -> Followed:
    if lead.ordered:
        end, outcome = lead.sales[0].order.at, Outcome.ADVANCED
    elif lead.ended_at is not None:
        end, outcome = lead.ended_at, Outcome.LOST
    else:
        end, outcome = now, Outcome.OPEN
    return Followed(lead.came_at, max(0.0, day(end) - day(lead.came_at)), outcome, part)


def _cohorts(work: Work, tally: Tally) -> list[CohortOut]:
    """By the month in which the leads came, where the workspace is."""
    months: dict[str, list[Followed]] = defaultdict(list)
    for one in tally.followed:
        months[f"{one.came_at.astimezone(work.home.zone):%Y-%m}"].append(one)
    return [
        CohortOut(
            month=month,
            leads=len(own),
            orders=sum(one.outcome is Outcome.ADVANCED for one in own),
            conversion=metric_out(conversion(own), "ratio", work.now, CONVERSION),
        )
        for month, own in sorted(months.items())
    ]


def _per(amount: Fraction | None, number: Fraction) -> Fraction | None:
    return amount / number if amount is not None and number else None
