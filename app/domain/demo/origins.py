"""Where the demo's business came from: six sources, what they cost, and whom they met.

The social network has the most leads and not one order: leads are to be celebrated by nobody.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert

from app.core.ids import uuid7
from app.core.work import Work
from app.domain import sources
from app.domain.demo.cast import SOURCE
from app.domain.demo.story import Stage
from app.schemas.sources import SourceIn
from app.tables import Opportunity, SourceCost, Touchpoint, TouchpointStitch

SOCIAL, PARTNER = "social-network", "integrator"
# Name, kind, and what a month of it costs.
SOURCES = {
    "website": ("Website", "web", 900),
    "trade-fair": ("Trade fairs", "fair", 2_400),
    "referral": ("Referrals", "referral", 0),
    "outbound": ("Calls to prospects", "outbound", 3_500),
    "webinar": ("Webinars", "event", 600),
    SOCIAL: ("Social network", "campaign", 1_800),
    PARTNER: ("Partnership with an integrator", "partner", 250),
}
# Whose touches take our people's time, and which meet customers while they decide.
BY_PEOPLE, LATER = ("trade-fair", "referral", "outbound"), ("webinar", "website", "outbound")
TOUCHED_AGAIN, BADGES = 0.35, 0.3
SOCIAL_LEADS = 1.4  # for each opportunity of a month
GIVEN, RECEIVED = 5, 3
MINUTES = (15, 90)

Values = dict[str, Any]


async def tell_origins(work: Work, stage: Stage, months: Sequence[date], per_month: float) -> None:
    """Sources with costs by month, and touchpoints of every kind."""
    random = Random(f"{stage.seed}/origins")  # noqa: S311 - a story, not a secret
    named = await _sources(work, stage, months[0])
    await _insert(work, SourceCost, list(_costs(work, named, months)))
    order = (Opportunity.created_at, Opportunity.name)
    deals = await work.all(work.rows(Opportunity).order_by(*order))
    badges = list(_badges(random, named, deals))
    met = [
        *_social(random, work.now, named[SOCIAL], months, round(per_month * SOCIAL_LEADS)),
        *_again(random, work.now, named, deals),
        *(touch for touch, _ in badges),
        *_partnership(named[PARTNER], deals, months[0]),
    ]
    blank = {"lead": None, "opportunity_id": None, "effort_minutes": None, "direction": "received"}
    await _insert(work, Touchpoint, [blank | touch for touch in met], "occurred_at")
    await _insert(work, TouchpointStitch, [stitch for _, stitch in badges])


async def _sources(work: Work, stage: Stage, first: date) -> dict[str, UUID]:
    past = replace(work, now=_noon(first))
    found: dict[str, UUID] = {}
    for key, (name, kind, _) in SOURCES.items():
        company = stage.cast.customers[0].id if key == PARTNER else None
        wanted = {"key": key, "name": name, "kind": kind, "account_id": company}
        found[key] = (await sources.create(past, SourceIn.model_validate(wanted))).id
    return found


def _costs(work: Work, named: dict[str, UUID], months: Sequence[date]) -> Iterator[Values]:
    for key, (_, _, monthly) in SOURCES.items():
        for first in months:
            yield {
                "source_id": named[key],
                "starts_on": first,
                "ends_on": (first + timedelta(days=31)).replace(day=1),
                "amount": Decimal(monthly),
                "currency": work.home.currency,
                "recorded_at": _noon(first),
            }


def _social(
    random: Random, now: datetime, source_id: UUID, months: Sequence[date], number: int
) -> Iterator[Values]:
    """Followers who never became anything."""
    for first in months:
        for place in range(number):
            at = _noon(first) + timedelta(days=random.randrange(28), minutes=random.randrange(480))
            lead = f"follower-{first:%Y%m}-{place}"
            if at < now:
                yield {"source_id": source_id, "occurred_at": at, "lead": lead, "effort_minutes": 0}


def _again(
    random: Random, now: datetime, named: dict[str, UUID], deals: Sequence[Row[Any]]
) -> Iterator[Values]:
    """Some were met again while they decided."""
    for deal in deals:
        if random.random() < TOUCHED_AGAIN:
            key, share = random.choice(LATER), random.random()
            end = deal.won_at or deal.exited_at or now
            yield {
                "source_id": named[key],
                "occurred_at": deal.created_at + (end - deal.created_at) * share,
                "opportunity_id": deal.id,
                "effort_minutes": _minutes(random, key),
            }


def _badges(
    random: Random, named: dict[str, UUID], deals: Sequence[Row[Any]]
) -> Iterator[tuple[Values, Values]]:
    """Visitors of fairs, of whom it turned out later which opportunity they were."""
    for number, deal in enumerate(one for one in deals if one.source == "trade-fair"):
        if random.random() < BADGES:
            lead = f"badge-{number:04}"
            touch = {
                "source_id": named["trade-fair"],
                "occurred_at": deal.created_at - timedelta(days=random.randint(1, 9)),
                "lead": lead,
                "effort_minutes": _minutes(random, "trade-fair"),
            }
            known = {"lead": lead, "opportunity_id": deal.id, "recorded_at": deal.created_at}
            yield touch, known


def _partnership(source_id: UUID, deals: Sequence[Row[Any]], first: date) -> Iterator[Values]:
    """It began with good will on both sides, and then nobody did anything more."""
    for number in range(GIVEN):
        at = _noon(first) + timedelta(days=9 * (number + 1))
        told = {"source_id": source_id, "occurred_at": at, "direction": "given"}
        yield told | {"lead": f"given-{number}", "effort_minutes": 30}
    for deal in deals[: RECEIVED * 4 : 4]:
        told = {"source_id": source_id, "occurred_at": deal.created_at, "opportunity_id": deal.id}
        yield told | {"effort_minutes": 45}


async def _insert(work: Work, table: Any, rows: list[Values], recorded: str = "") -> None:
    """As if each had been recorded when it happened."""
    common = {"workspace_id": work.workspace_id, "actor": SOURCE}
    whole = [
        common | {"id": uuid7()} | ({"recorded_at": row[recorded]} if recorded else {}) | row
        for row in rows
    ]
    if whole:
        await work.db.execute(insert(table), whole)


def _minutes(random: Random, key: str) -> int:
    return random.randint(*MINUTES) if key in BY_PEOPLE else 0


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(11), tzinfo=UTC)
