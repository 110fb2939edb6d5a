"""What happens in the demo: the deals of a simulated world, as a sales team would record them."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import zip_longest
from random import Random
from typing import Any
from uuid import UUID

from app.core.ids import uuid7
from app.domain.demo.cast import Cast, Customer
from app.engine.worlds import Deal, Kind, Shock, Step, World
from app.engine.worlds_claims import claims

ACTS = {
    "interest": ("wrote", "asked for material", "mail"),
    "invited": ("did", "invited us to their plant", "calendar"),
    "need": ("said", "described the need and asked for a concept", "minutes"),
    "concept": ("wrote", "accepted the concept and asked for terms", "mail"),
    "order": ("wrote", "sent the order", "document"),
}
SOURCES = ("website", "trade-fair", "referral", "outbound", "webinar")
COMPETITORS = ("Sensoria", "Metrixx", "Halden Systems", "in-house")
FIRST_CUSTOMERS = 5  # one in so many had ordered before the story begins,
SINCE_CUSTOMER = (20, 300)  # so many days before

# How often, of all deals or of all stays behind a milestone.
UNKNOWN_VALUE, VALUE_MOVES, EVIDENCE, CLAIMED = 0.06, 0.35, 0.75, 0.6
HELD, FELL_BACK, HANDED_OVER = 0.05, 0.04, 0.04
LONG_STAY, ENDLESS_STAY = timedelta(days=15), timedelta(days=180)


def world(per_month: float) -> World:
    """Deals that take four months to the order; a good year, and a feed that now runs dry."""
    return World(
        conversion=(0.5, 0.56, 0.5, 0.52),
        winner_days=(18, 26, 40, 26),
        loser_median_days=38,
        forgotten=0.14,
        per_month=per_month,
        amount=26_000,
        amount_sigma=0.8,
        owners=10,
        owner_spread=0.22,
        existing_share=0.25,
        arrival_shocks=(Shock(300, 1.15), Shock(650, 0.85)),
    )


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the story plays: the cast, and the milestones with the reasons to leave each."""

    cast: Cast
    process_id: UUID
    version_id: UUID
    milestones: Sequence[Any]
    reasons: dict[UUID, list[Any]]
    world: World
    seed: int
    now: datetime


Row = dict[str, Any]


@dataclass(slots=True)
class Told:
    """One opportunity and what happened to it, as rows that lack only their workspace."""

    id: UUID
    opportunity: Row
    product: Row
    events: list[Row]


def tell(stage: Stage, deals: Sequence[Deal]) -> Iterator[Told]:
    """Every deal as it was recorded, and before them the first orders of the first customers."""
    first = stage.cast.customers[: len(stage.cast.customers) // FIRST_CUSTOMERS]
    for number, customer in enumerate(first):
        yield _Teller(stage, customer, f"first/{number}", "new").first_order(deals[0].created_at)
    for deal, (customer, business) in zip(deals, _customers(stage, deals), strict=True):
        yield _Teller(stage, customer, f"deal/{deal.number}", business).deal(deal)


def _customers(stage: Stage, deals: Sequence[Deal]) -> Iterator[tuple[Customer, str]]:
    """New business comes from those who have not ordered yet, existing from those who have."""
    everyone = list(stage.cast.customers)
    customers, prospects = _halves(everyone, len(everyone) // FIRST_CUSTOMERS)
    orders: list[tuple[datetime, int]] = []
    for deal in deals:
        while orders and orders[0][0] <= deal.created_at:
            _, place = heapq.heappop(orders)
            if place in prospects:
                prospects.remove(place)
                customers.append(place)
        pool = prospects if prospects and not deal.existing else customers
        place = pool[deal.account % len(pool)]
        if deal.steps[-1].milestone == stage.world.milestones:
            heapq.heappush(orders, (deal.steps[-1].at, place))
        yield everyone[place], "existing" if pool is customers else "new"


def _halves(everyone: Sequence[Customer], first: int) -> tuple[list[int], list[int]]:
    return list(range(first)), list(range(first, len(everyone)))


class _Teller:
    """Tells the story of one opportunity; its whims depend on the seed and its name alone."""

    def __init__(self, stage: Stage, customer: Customer, name: str, business: str) -> None:
        self.stage = stage
        self.customer = customer
        self.business = business
        self.random = Random(f"{stage.seed}/{name}")  # noqa: S311 - a story, not a secret
        self.id = uuid7()
        self.owner: UUID | None = None
        self.value: Decimal | None = None
        self.events: list[Row] = []

    def deal(self, deal: Deal) -> Told:
        self._create(deal.created_at, deal.owner, deal.amount)
        for step, following in zip_longest(deal.steps, deal.steps[1:]):
            self._step(step)
            if step.kind is Kind.REACHED and step.milestone < self.stage.world.milestones:
                self._stay(step, following)
        return self._told(deal)

    def first_order(self, before: datetime) -> Told:
        """An old order of which nothing but itself is known any more."""
        ago, took = self.random.randint(*SINCE_CUSTOMER), 30
        created = before - timedelta(days=ago + took)
        self._create(created, self.random.randrange(10), self.random.randint(8, 60) * 1000)
        self._step(Step(Kind.REACHED, self.stage.world.milestones, created + timedelta(days=took)))
        for event in self.events:
            event["reconstructed"] = True
        return self._told(None)

    def _create(self, at: datetime, owner: int, amount: int) -> None:
        present = self.stage.cast.sellers_on(at.date()) or self.stage.cast.sellers
        self.owner = present[owner % len(present)].id
        self.value = None if self._happens(UNKNOWN_VALUE) else Decimal(amount)
        self._say("created", at, version_id=self.stage.version_id, owner_id=self.owner)
        self.events[-1] |= self._money(self.value)

    def _step(self, step: Step) -> None:
        milestone = self.stage.milestones[step.milestone - 1]
        if step.kind is Kind.LEFT:
            self._leave(step.at, milestone)
            return
        act, what, kind = ACTS[milestone.key]
        said: Row = {"milestone_id": milestone.id, "act": act, "what": what}
        if milestone.is_order or self._happens(EVIDENCE):
            said["evidence"] = [{"type": kind, "note": what}]
        if milestone.is_order:
            said |= self._money(self._moved(self.value, 85, 102))
        elif milestone.key == "need" and self._happens(VALUE_MOVES):
            self.value = self._moved(self.value, 70, 140)
            self._say("value_changed", step.at, **self._money(self.value))
        self._say("ordered" if milestone.is_order else "reached", step.at, **said)

    def _leave(self, at: datetime, milestone: Any) -> None:
        reasons = self.stage.reasons[milestone.id]
        reason = self.random.choices(reasons, range(len(reasons) + 1, 1, -1))[0]
        rival = self.random.choice(COMPETITORS) if reason.key == "competitor" else None
        self._say("exited", at, exit_kind=reason.kind, reason=reason.key, competitor=rival)

    def _stay(self, step: Step, following: Step | None) -> None:
        """What may happen between two milestones: a pause, a step back, another owner."""
        end = following.at if following else self.stage.now
        goes_on = following is None or following.kind is Kind.REACHED
        length = end - step.at
        if not LONG_STAY <= length <= ENDLESS_STAY:
            return
        if self._happens(HELD):
            self._hold(step.at, length, lasts=following is None and self._happens(0.5))
        elif step.milestone > 1 and goes_on and self._happens(FELL_BACK):
            back = self.stage.milestones[step.milestone - 2]
            self._say(
                "regressed", step.at + length * 0.6, milestone_id=back.id, reason="budget_frozen"
            )
        elif self._happens(HANDED_OVER):
            at = step.at + length * 0.7
            others = [s.id for s in self.stage.cast.sellers_on(at.date()) if s.id != self.owner]
            self.owner = self.random.choice(others)
            self._say("owner_changed", at, owner_id=self.owner)

    def _hold(self, begin: datetime, length: timedelta, *, lasts: bool) -> None:
        end = self.stage.now + timedelta(days=30) if lasts else begin + length * 0.5
        self._say("hold_started", begin + length * 0.25, until=end, reason="budget_next_year")
        if not lasts:
            self._say("hold_ended", end)

    def _say(self, kind: str, at: datetime, **said: Any) -> None:
        self.events.append(
            {"id": uuid7(), "opportunity_id": self.id, "kind": kind, "occurred_at": at} | said
        )

    def _told(self, deal: Deal | None) -> Told:
        ware = self.random.choice(self.stage.cast.wares)
        opportunity = {
            "id": self.id,
            "name": f"{ware.name} for {self.customer.name}",
            "account_id": self.customer.id,
            "business_type": self.business,
            "source": self.random.choice(SOURCES),
            "created_at": self.events[0]["occurred_at"],
        }
        if deal and deal.steps[-1].kind is Kind.REACHED and self._happens(CLAIMED):
            opportunity |= self._claimed(deal)
        product = {"opportunity_id": self.id, "product_id": ware.id}
        return Told(self.id, opportunity, product, self.events)

    def _claimed(self, deal: Deal) -> Row:
        """What the seller last said about day and likelihood; nothing is computed with it."""
        said = claims(self.stage.world, deal, self.stage.seed, self.stage.now)
        if not said:
            return {}
        return {
            "external_close_date": said[-1].closes_at.date(),
            "external_probability": Decimal(round(said[-1].likelihood * 100)) / 100,
        }

    def _money(self, value: Decimal | None) -> Row:
        return {"value": value, "currency": None if value is None else self.customer.currency}

    def _moved(self, value: Decimal | None, low: int, high: int) -> Decimal:
        """The value by some percent more or less; one that was unknown is known from now on."""
        known = value or Decimal(self.random.randint(8, 60) * 1000)
        return (known * self.random.randint(low, high) / 100).quantize(Decimal(1))

    def _happens(self, share: float) -> bool:
        return self.random.random() < share
