"""What a process's opportunities did, as it was known at a moment: the input of every estimate.

One statement for the deals, one for their stays and orders, however many there are. Amounts are
in the reporting currency. The amount of a deal that was already closed when it was imported is
hindsight: nobody knew it while the deal was open, so it counts at the order and nowhere else. A
deal of unknown amount is taken to be worth the list price its products had when it was made.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from app.core.work import Work
from app.domain.facts import keeping
from app.domain.facts.columns import Moments, People, gathered, placed
from app.domain.facts.deals import DealRow, Deals, tick
from app.domain.facts.reading import Asked, read
from app.domain.facts.records import Record
from app.domain.milestones import milestones_of
from app.domain.processes import version_at
from app.domain.trees import below
from app.engine.flow import packed
from app.engine.flow.facts import Facts, Flags
from app.engine.flow.gathering import Gathered
from app.engine.flow.records import begins
from app.engine.flow.shares import Shares
from app.schemas.scopes import EVERYBODY, Business, Subject
from app.tables import Membership, Team


@dataclass(frozen=True, slots=True)
class Story:
    """A process at a moment: the version in force, its deals, and what they did as columns.

    `arrived_owner` says for each stay who owned the deal on arrival, `order_owner` for each order.
    """

    process_id: UUID
    version: Row[Any]
    milestones: Sequence[Row[Any]]
    at: datetime
    facts: Facts
    deals: Sequence[DealRow]
    arrived_at: Moments
    arrived_owner: People
    ordered_at: Moments
    order_owner: People

    @property
    def table(self) -> Deals:
        """The deals as columns."""
        return Deals.of(self.deals)

    def of_business(self, business_type: Business) -> Flags:
        """Which deals are of this kind of business."""
        if business_type is Business.ALL:
            return packed.yes(len(self.deals))
        found: Flags = self.table.columns["business_type"] == business_type.value
        return found


async def story(
    work: Work,
    process_id: UUID,
    *,
    as_of: datetime | None = None,
    effective_at: datetime | None = None,
    business_type: Business = Business.ALL,
    standing: datetime | None = None,
) -> Story:
    """Everything known at `as_of`, or true at `effective_at`; without either, now.

    What is known now is kept from question to question, and read anew where it was touched. With
    `standing` it tells only of the deals open in the process, and of those declined since that
    moment, which are read without the others; since when there is a record, and which exits were
    clean-ups, it cannot know then.
    """
    at = min(as_of or work.now, effective_at or work.now)
    version = await version_at(work, process_id, at)
    milestones = await milestones_of(work, version.id)
    lineages = tuple(row.lineage_id for row in milestones)
    asked = Asked(process_id, lineages, at, as_of, effective_at, standing)
    record = await (read if asked.past else keeping.kept)(work, asked)
    if business_type is not Business.ALL:
        record = record.only(record.deals["business_type"] == business_type.value)
    found = record.at(at)
    made = placed(record.arrived, _gathered(record, found, len(milestones), at))
    return Story(
        process_id=process_id,
        version=version,
        milestones=milestones,
        at=at,
        facts=made.facts if standing else replace(made.facts, since=begins(made.facts)),
        deals=found,
        arrived_at=made.arrived_at,
        arrived_owner=made.arrived_owner,
        ordered_at=made.ordered_at,
        order_owner=made.order_owner,
    )


def _gathered(record: Record, deals: Deals, milestones: int, at: datetime) -> Gathered:
    """What was gathered of a record serves later moments, until a hold ends."""
    now, (known, since, until) = tick(at), record.made.get("gathered", (None, 0, 0))
    if known is not None and since <= now < until:
        later: Gathered = known.later(now)
        return later
    found = gathered(deals, record.arrived, milestones, at)
    if found.settled:
        record.made["gathered"] = found, now, record.hold_ends(now)
    return found


async def stays_of(work: Work, told: Story, subject: Subject) -> Flags:
    """For each stay whether it belongs to the scope: by its owner, and his team, on arrival."""
    return await _belonging(work, subject, told.arrived_owner, told.arrived_at)


async def orders_of(work: Work, told: Story, subject: Subject) -> Flags:
    """For each order whether it belongs to the scope: by its owner, and his team, that day."""
    return await _belonging(work, subject, told.order_owner, told.ordered_at)


async def deals_of(
    work: Work, told: Story, subject: Subject, business_type: Business = Business.ALL
) -> Shares:
    """For each deal the scope's share in it at the moment of the story: all, none, or a part;
    none in other business than is asked for."""
    asked = told.of_business(business_type)
    if subject == EVERYBODY:
        return Shares.whole(asked)
    inside, deals = await people_of(work, subject, told.at), told.table.columns
    mine = packed.flags([owner in inside for owner in deals["owner_id"].tolist()])
    shared = packed.chosen(asked & ~packed.unnamed(deals["credits"])).tolist()
    parts = [_credited(deals["credits"][deal], inside) for deal in shared]
    return Shares.whole(asked & mine).with_parts(shared, parts)


def share_in(deal: DealRow, people: frozenset[UUID]) -> Fraction:
    """The part of a deal that is credited to these people."""
    if deal.credits is None:
        return Fraction(deal.owner_id in people)
    return _credited(deal.credits, people)


def _credited(credits: Sequence[dict[str, Any]], people: frozenset[UUID]) -> Fraction:
    shares = (one for one in credits if UUID(one["person_id"]) in people)
    return sum((Fraction(one["percent"]) / 100 for one in shares), Fraction(0))


async def people_of(work: Work, subject: Subject, at: datetime) -> frozenset[UUID]:
    """The person, or who was in the team or a team below it on the day of `at`."""
    if subject.person_id is not None:
        return frozenset({subject.person_id})
    assert subject.team_id is not None
    spans, inside = await _spans(work), await _inside(work, subject.team_id)
    day = at.astimezone(work.home.zone).date()
    return frozenset(person for person, held in spans.items() if _team_on(held, day) in inside)


async def teams_on(
    work: Work, owners: Sequence[UUID | None], moments: Sequence[datetime]
) -> list[UUID | None]:
    """For each pair the team the person was in on that day, where the workspace is."""
    spans, zone = await _spans(work), work.home.zone
    return [
        None if owner is None else _team_on(spans.get(owner, []), at.astimezone(zone).date())
        for owner, at in zip(owners, moments, strict=True)
    ]


async def _belonging(work: Work, subject: Subject, owners: People, moments: Moments) -> Flags:
    if subject == EVERYBODY:
        return packed.yes(len(owners))
    if subject.person_id is not None:
        return owners.are(subject.person_id)
    assert subject.team_id is not None
    inside, spans = await _inside(work, subject.team_id), await _spans(work)
    found = ~packed.yes(len(owners))
    for person, held in spans.items():
        if not any(team in inside for _, team in held):
            continue
        begins = [tick(datetime.combine(since, time(), work.home.zone)) for since, _ in held]
        there = [place for place, (_, team) in enumerate(held) if team in inside]
        found |= owners.are(person) & packed.one_of(packed.latest(moments.ticks, begins), there)
    return found


async def _inside(work: Work, team_id: UUID) -> frozenset[UUID]:
    tree = below(work, Team, team_id)
    return frozenset((await work.db.scalars(select(tree.c.id))).all())


async def _spans(work: Work) -> dict[UUID, list[tuple[date, UUID | None]]]:
    """By person: since when in which team, oldest first."""
    query = work.rows(Membership).order_by(Membership.person_id, Membership.since)
    spans: dict[UUID, list[tuple[date, UUID | None]]] = {}
    for row in await work.all(query):
        spans.setdefault(row.person_id, []).append((row.since, row.team_id))
    return spans


def _team_on(spans: Sequence[tuple[date, UUID | None]], day: date) -> UUID | None:
    return next((team for since, team in reversed(spans) if since <= day), None)
