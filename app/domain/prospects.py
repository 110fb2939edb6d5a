"""Open opportunities as candidates for their next milestone: how likely, how soon, what is left."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, func, literal

from app.core.work import Work
from app.domain.facts import DealRow, Story
from app.domain.horses import prior_of
from app.engine.flow.facts import standing
from app.engine.forecast import Rates, fit
from app.engine.forecast.reach import Reach, next_reach
from app.engine.money import round_to_minor
from app.schemas.base import MoneyOut, money_out
from app.schemas.metrics import tenths_out
from app.schemas.prospects import ProspectOut, UnmetOut
from app.schemas.ratios import chance_out
from app.schemas.scopes import Business, Moment
from app.tables import Criterion, Event

FORMULA = "focus.1: P(next milestone within the days left | section, age) · value"
_PLACES = 6


@dataclass(frozen=True, slots=True)
class Prospect:
    """A deal that stands open in a section (from 0), by its index in the story.

    `share` is the scope's part of it; `reach` is None where nobody was ever seen, or stated, to
    leave the section. A `dead` one is nobody's candidate.
    """

    number: int
    deal: DealRow
    section: int
    age: float
    share: Fraction
    reach: Reach | None
    dead: bool

    @property
    def value(self) -> Fraction | None:
        known = self.deal.reporting_value
        return None if known is None else Fraction(known) * self.share

    @property
    def chance(self) -> Fraction:
        """To get to the next milestone in time; nothing where that is not known."""
        return Fraction(0) if self.reach is None else exact(self.reach.within)

    @property
    def weighted(self) -> Fraction | None:
        return None if self.value is None else self.value * self.chance


def prospects(
    told: Story,
    shares: Sequence[Fraction | int],
    days: float,
    business_type: Business,
    dead: Collection[int],
) -> list[Prospect]:
    """The open deals of a scope, and their chances within so many days, in the story's order;
    those that are `dead` are marked."""
    stands = standing(told.facts)
    places = zip(stands.deal.tolist(), stands.section.tolist(), stands.age.tolist(), strict=True)
    chosen = [
        (deal, section, age)
        for deal, section, age in places
        if shares[deal] and business_type in (Business.ALL, told.deals[deal].business_type)
    ]
    rates = fit(told.facts, prior_of(told))
    known = [_known(rates, section) for section in range(len(rates.sections))]
    sections, ages = [place[1] for place in chosen], [place[2] for place in chosen]
    found = next_reach(rates, sections, ages, days)
    return [
        Prospect(
            deal,
            told.deals[deal],
            section,
            age,
            Fraction(shares[deal]),
            reach if known[section] else None,
            deal in dead,
        )
        for (deal, section, age), reach in zip(chosen, found, strict=True)
    ]


def best_first(prospect: Prospect) -> tuple[Decimal, Decimal, str]:
    """By value times chance, then by chance; what is of unknown value comes last."""
    weighted, id = prospect.weighted, str(prospect.deal.opportunity_id)
    if weighted is None:
        return Decimal(1), -_decimal(prospect.chance), id
    return -_decimal(weighted), -_decimal(prospect.chance), id


async def prospects_out(
    work: Work, told: Story, chosen: Sequence[Prospect], asked: Moment
) -> list[ProspectOut]:
    """As the world sees them, in two statements more, however many."""
    left = await unmet(work, [one.deal for one in chosen], asked)
    past = asked.as_of is not None or asked.effective_at is not None
    return [_prospect(work, told, one, left, past=past) for one in chosen]


async def unmet(
    work: Work, deals: Sequence[DealRow], asked: Moment
) -> Mapping[UUID, list[UnmetOut]]:
    """By deal the criteria of its section that the customer had not met by then."""
    places = {deal.opportunity_id: deal.milestone_id for deal in deals if deal.milestone_id}
    if not places:
        return {}
    wanted = work.rows(Criterion).where(_one_of(Criterion.milestone_id, places.values()))
    rows = await work.all(wanted.order_by(Criterion.milestone_id, Criterion.position))
    columns: Any = (Event.opportunity_id, Event.criterion_id)
    met = work.rows(Event).where(
        Event.criterion_id.is_not(None),
        _one_of(Event.opportunity_id, places),
        func.greatest(Event.recorded_at, Event.occurred_at) <= (asked.as_of or work.now),
        Event.occurred_at <= (asked.effective_at or work.now),
    )
    met = met.with_only_columns(*columns)
    done = {(row.opportunity_id, row.criterion_id) for row in await work.all(met)}
    return {
        id: [
            UnmetOut(key=row.key, name=row.name)
            for row in rows
            if row.milestone_id == milestone_id and (id, row.id) not in done
        ]
        for id, milestone_id in places.items()
    }


def exact(estimate: float) -> Fraction:
    return Fraction(f"{estimate:.{_PLACES}f}")


def _known(rates: Rates, section: int) -> bool:
    found = rates.sections[section]
    return bool(found.stated) or float(found.observed.sum()) > 0


def _one_of(column: Any, ids: Iterable[UUID]) -> Any:
    """One parameter however many ids: PostgreSQL takes at most 32,767."""
    return column == any_(literal(sorted(set(ids)), ARRAY(Uuid)))


def _decimal(exact: Fraction) -> Decimal:
    return Decimal(round(exact * 10**_PLACES)).scaleb(-_PLACES)


def _prospect(
    work: Work, told: Story, one: Prospect, left: Mapping[UUID, list[UnmetOut]], *, past: bool
) -> ProspectOut:
    deal, currency = one.deal, work.home.currency
    here, after = told.milestones[one.section : one.section + 2]
    return ProspectOut(
        opportunity_id=deal.opportunity_id,
        name=None if past else deal.name,
        owner_id=deal.owner_id,
        milestone=here.key,
        next_milestone=after.key,
        value=_money(one.value, currency),
        age_days=tenths_out(one.age) or "",
        chance_next=chance_out(None if one.reach is None else one.reach.ever),
        chance_within=chance_out(None if one.reach is None else one.reach.within),
        weighted_value=_money(None if one.reach is None else one.weighted, currency),
        unmet_criteria=left.get(deal.opportunity_id, []),
        ball=deal.ball,
        waiting_since=deal.waiting_since,
    )


def _money(exact: Fraction | None, currency: str) -> MoneyOut | None:
    return None if exact is None else money_out(round_to_minor(exact, currency), currency)
