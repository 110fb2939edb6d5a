"""Where to act: milestones at which a team or a person is behind, by what can be done about it."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from app.core.planning import Lack, behind_text
from app.core.sliced import Rank, sliced
from app.core.work import Work
from app.domain.cohorts import cohort
from app.domain.facts import Story, share_in, story, teams_on
from app.domain.inflow import Arrived, added, arrived, arrived_by_person
from app.domain.outlooks import dead_of
from app.domain.phased import feed_by_of, lags_of
from app.domain.processes import resolve
from app.domain.prospects import Prospect, best_first, prospects
from app.domain.questions import here
from app.domain.recovery import Missing, Recovery, feed_of, fresh, missing, recovery
from app.domain.requirements import joined_on
from app.domain.scenes import Aim, Scene, aim, scene
from app.domain.team_tree import inside, teams
from app.domain.verdicts import Judged, judged
from app.engine.flow.facts import day
from app.engine.lights import Light, Verdict
from app.engine.money import round_to_minor
from app.schemas.attention import AttentionItemOut, AttentionOut, AttentionQuery
from app.schemas.base import MoneyOut, money_out
from app.schemas.ratios import ratio_out
from app.schemas.scopes import EVERYBODY, Subject, Whose
from app.tables import Person

FORMULA = "attention.1: shortfall by now · yield to the order · min(1, expected / shortfall)"
SHOWN = 5
_PLACES = 6
Parts = Mapping[tuple[UUID | None, UUID | None, UUID], Arrived]


@dataclass(frozen=True, slots=True)
class _Group:
    """A scope with a target: what it is to bring, what arrived for it, and who belongs to it
    (None: everybody)."""

    subject: Subject
    name: str | None
    aim: Aim
    arrivals: Mapping[UUID, Arrived]
    members: frozenset[UUID] | None


@dataclass(frozen=True, slots=True)
class _Around:
    """What may still arrive, whosever it is: open deals, new ones, and the days that are left."""

    prospects: Sequence[Prospect]
    fresh: Sequence[tuple[UUID | None, float]]
    days: float
    late: Sequence[bool]


@dataclass(frozen=True, slots=True)
class _Place:
    """A milestone at which a group is behind."""

    group: _Group
    found: Judged
    lack: Missing
    recovery: Recovery
    too_late: bool

    @property
    def rank(self) -> Rank:
        """In value where there is any; then by number."""
        share, id = self.recovery.share, f"{self.group.subject}:{self.found.milestone.position:02}"
        value, count = (
            round((worth or Fraction(0)) * share, _PLACES)
            for worth in (self.lack.worth_value, self.lack.worth_count)
        )
        return -_decimal(value), -_decimal(count), id


async def find(work: Work, asked: AttentionQuery) -> AttentionOut:
    """The scope itself and all below it, in a fixed number of statements."""
    await here(work, asked.scope)
    stage = await scene(work, asked, None)
    told = await story(
        work, stage.ground.process_id, as_of=asked.as_of, effective_at=asked.effective_at
    )
    groups = await _groups(work, stage, told, asked.scope)
    around = await _around(work, stage, told, asked)
    places = [place for group in groups for place in _places(stage, group, around)]
    shown = sliced(places, lambda place: place.rank, asked)
    return AttentionOut(
        data=[_item(work, stage, place) for place in shown.data],
        next_cursor=shown.next_cursor,
        period=stage.ground.period.key,
        closed=stage.closed,
        process_id=stage.ground.process_id,
        process_version=stage.ground.version.number,
        scope=str(asked.scope),
        business_type=stage.business_type,
        currency=work.home.currency,
        as_of=asked.as_of or work.now,
        effective_at=asked.effective_at,
        source="target",
        formula=FORMULA,
    )


async def _groups(work: Work, stage: Scene, told: Story, scope: Subject) -> list[_Group]:
    """Whoever in the scope has a target."""
    whole = await arrived(work, stage.question())
    parts = await arrived_by_person(work, stage.question())
    tree, joined = await teams(work), await joined_on(work)
    folk = await work.all(select(Person).where(Person.workspace_id == work.workspace_id))
    ids = [row.id for row in folk]
    of_day = dict(zip(ids, await teams_on(work, ids, [told.at] * len(ids)), strict=True))
    below = inside(tree)
    found = []
    for subject, name, members in _within(scope, tree, folk, of_day, below):
        wanted = aim(work, stage, subject, joined.get(subject.person_id or UUID(int=0)))
        if wanted.cascade is not None:
            came = whole if subject == EVERYBODY else _came(parts, subject, below)
            found.append(_Group(subject, name, wanted, came, members))
    return found


def _within(
    scope: Subject,
    tree: Sequence[Row[Any]],
    folk: Sequence[Row[Any]],
    of_day: Mapping[UUID, UUID | None],
    below: Mapping[UUID, frozenset[UUID]],
) -> Iterator[tuple[Subject, str | None, frozenset[UUID] | None]]:
    """The scope, and the teams and people below it, each with who belongs to it."""
    own = None if scope.team_id is None else below[scope.team_id]
    if scope == EVERYBODY:
        yield EVERYBODY, None, None
    for row in tree:
        if scope == EVERYBODY or (own and row.id in own):
            members = frozenset(id for id, team in of_day.items() if team in below[row.id])
            yield Subject(Whose.TEAM, row.id), row.name, members
    for row in folk:
        subject = Subject(Whose.OWNER, row.id)
        if scope in (EVERYBODY, subject) or (own and of_day[row.id] in own):
            yield subject, row.name, frozenset({row.id})


def _came(
    parts: Parts, subject: Subject, below: Mapping[UUID, frozenset[UUID]]
) -> dict[UUID, Arrived]:
    """By lineage: a person's arrivals, or those of whoever was in the team that day."""
    inner = frozenset[UUID]() if subject.team_id is None else below[subject.team_id]
    found: dict[UUID, list[Arrived]] = {}
    for (person_id, team_id, lineage), part in parts.items():
        if person_id is not None and (person_id == subject.person_id or team_id in inner):
            found.setdefault(lineage, []).append(part)
    return {lineage: added(some) for lineage, some in found.items()}


async def _around(work: Work, stage: Scene, told: Story, asked: AttentionQuery) -> _Around:
    """The chances of all open deals for the rest of the period, and where it is too late."""
    left = max(0.0, day(stage.ground.end) - told.facts.at)
    dead = await dead_of(work, await resolve(work, told.process_id), told, asked)
    everybodys = [1] * len(told.deals)
    chosen = await asyncio.to_thread(prospects, told, everybodys, left, stage.business_type, dead)
    deals = await cohort(work, told, EVERYBODY, stage.business_type)
    today = told.at.astimezone(work.home.zone).date()
    by = [
        feed_by_of(stage.ground.period, lag, 0.5) for lag in lags_of(deals, stage.ground.milestones)
    ]
    return _Around(
        prospects=chosen if left else [],
        fresh=fresh(told, stage.business_type),
        days=left,
        late=[one is not None and one < today for one in by],
    )


def _places(stage: Scene, group: _Group, around: _Around) -> Iterator[_Place]:
    """Every milestone at which something is missing by now."""
    members = group.members
    own = [one for one in around.prospects if members is None or share_in(one.deal, members)]
    if members is not None:
        own = [replace(one, share=share_in(one.deal, members)) for one in own]
    values = [value for owner, value in around.fresh if members is None or owner in members]
    feed = feed_of(values, around.days)
    found = judged(stage, group.aim, group.arrivals)
    for one, too_late in zip(found, around.late, strict=True):
        assert one.level is not None
        assert found[-1].level is not None
        lack = missing(_short(one.value), _short(one.count), one.level, found[-1].level)
        if lack.something:
            made_up = recovery(lack, one.level.position, own, feed)
            yield _Place(group, one, lack, made_up, too_late)


def _short(verdict: Verdict | None) -> Fraction | None:
    """What should be there by now and is not; None where that cannot be judged."""
    if verdict is None or verdict.light is Light.GREY:
        return None
    if verdict.expected is None or verdict.arrived is None:
        return None
    return max(Fraction(0), verdict.expected - verdict.arrived)


def _item(work: Work, stage: Scene, place: _Place) -> AttentionItemOut:
    currency, lack, row = work.home.currency, place.lack, place.found.milestone
    past = stage.asked.as_of is not None or stage.asked.effective_at is not None
    rows, candidates = stage.ground.milestones, place.recovery.candidates
    before = rows[row.position - 2].name if row.position > 1 else None
    said = Lack(row.name, before, lack.value, lack.count, len(candidates))
    best = sorted(candidates, key=best_first)[:SHOWN]
    return AttentionItemOut(
        scope=str(place.group.subject),
        name=None if past else place.group.name,
        target_id=place.group.aim.target_id,
        position=row.position,
        key=row.key,
        light=place.found.overall.light,
        shortfall_value=_money(lack.value, currency),
        shortfall_count=ratio_out(lack.count),
        order_worth_value=_money(lack.worth_value, currency),
        order_worth_count=ratio_out(lack.worth_count),
        expected_value=_money(place.recovery.value, currency),
        expected_count=ratio_out(place.recovery.count),
        recoverability=ratio_out(place.recovery.share) or "",
        candidate_count=len(candidates),
        dead_count=place.recovery.dead_count,
        candidates=[one.deal.opportunity_id for one in best],
        too_late=place.too_late,
        text=behind_text(said, work.language, currency),
    )


def _money(exact: Fraction | None, currency: str) -> MoneyOut | None:
    return None if exact is None else money_out(round_to_minor(exact, currency), currency)


def _decimal(exact: Fraction) -> Decimal:
    return Decimal(round(exact * 10**_PLACES)).scaleb(-_PLACES)
