"""What an order costs and how much work it takes, for new and for existing business.

The cost of a source is shared among the types of business in proportion to the leads it brought of
each. Leads of which nobody knows the type yet keep their part, and so does a source without leads.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from app.core.work import Work
from app.domain.leads import Lead
from app.domain.source_costs import NOTHING, Spent, spent
from app.domain.source_ranking import every_source
from app.domain.source_results import Tally, asked_fields, minor_out, results, tallied
from app.engine.money import Money, round_to_minor, split
from app.schemas.metrics import tenths_out
from app.schemas.ratios import ratio_out
from app.schemas.source_analysis import AcquisitionOut, AcquisitionsOut, LeadsQuery

TYPES = ("new", "existing", None)
Tallies = Mapping[UUID | None, Tally]
Costs = Mapping[UUID, Spent]


@dataclass(frozen=True, slots=True)
class Business:
    """The leads of one type of business, and what of them is owed to which source."""

    kind: str | None
    leads: Sequence[Lead]
    tallies: Tallies

    @property
    def sources(self) -> list[UUID]:
        return [id for id in self.tallies if id is not None]

    @property
    def credited_orders(self) -> Fraction:
        return sum((self.tallies[id].credited_orders for id in self.sources), Fraction(0))


async def read(work: Work, asked: LeadsQuery) -> AcquisitionsOut:
    """Every type of business, in a fixed number of statements."""
    found = await results(work, asked)
    costs = await spent(work, found.start, found.end)
    keys = {row.id: row.key for row in await every_source(work)}
    types = []
    for kind in TYPES:
        own = [lead for lead in found.leads if lead.business_type == kind]
        types.append(Business(kind, own, tallied(own, asked.model, work.now)[0]))
    shares = _shares(work, costs, types)
    return AcquisitionsOut(
        **asked_fields(work, asked, found),
        business_types=[_seen(work, one, costs, shares[one.kind]) for one in types],
        sources_without_cost=sorted(
            keys[id] for id in found.by_source if id is not None and id not in costs
        ),
    )


def _shares(work: Work, costs: Costs, types: Sequence[Business]) -> Mapping[str | None, int]:
    """By type, what of all costs falls to it, in minor units: together they are all costs."""
    shares: dict[str | None, int] = defaultdict(int)
    for source, cost in costs.items():
        if cost.amount is None:
            continue
        minor = Money(round_to_minor(cost.amount, work.home.currency), work.home.currency).minor
        parts = [one.tallies[source].credited if source in one.tallies else 0 for one in types]
        split_up = split(minor, parts) if any(parts) else (0,) * (len(types) - 1) + (minor,)
        for one, part in zip(types, split_up, strict=True):
            shares[one.kind] += part
    return shares


def _seen(work: Work, one: Business, costs: Costs, minor: int) -> AcquisitionOut:
    orders = one.credited_orders
    status = _cost_status(one, costs)
    effort, lacking = _effort(one.leads)
    known = status in ("ok", "partial", "no_orders")
    won = sum(lead.ordered for lead in one.leads)
    return AcquisitionOut(
        business_type=one.kind,
        leads=len(one.leads),
        orders=won,
        credited_orders=ratio_out(orders) or "",
        cost=minor_out(work, Fraction(minor)) if known else None,
        cost_per_order=minor_out(work, minor / orders if status == "ok" else None),
        cost_status=status,
        effort_minutes=effort,
        effort_minutes_per_order=None if effort is None or not won else tenths_out(effort / won),
        effort_status=_effort_status(effort, lacking, won),
        touches_without_effort=lacking,
    )


def _cost_status(one: Business, costs: Costs) -> str:
    """Whether the cost of every source that brought these leads is known."""
    own = {costs.get(id, NOTHING).status for id in one.sources}
    if "rate_missing" in own:
        return "rate_missing"
    if "ok" not in own:
        return "none_recorded"
    if "none_recorded" in own:
        return "partial"
    return "ok" if one.credited_orders else "no_orders"


def _effort(leads: Sequence[Lead]) -> tuple[int | None, int]:
    """The minutes that are known, and how many touches say nothing of any."""
    known = [lead.effort_minutes for lead in leads if lead.effort_minutes is not None]
    return sum(known) if known else None, sum(lead.without_effort for lead in leads)


def _effort_status(effort: int | None, lacking: int, orders: int) -> str:
    if effort is None:
        return "none_recorded"
    if not orders:
        return "no_orders"
    return "partial" if lacking else "ok"
