"""The demo is told small here: eight months, ten deals a month."""

import json
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain import business, lights, partners, source_ranking
from app.domain.access import home
from app.domain.demo import PROCESS, Size, fill
from app.domain.matrix import read as read_matrix
from app.schemas.lights import LightsQuery
from app.schemas.matrix import MatrixQuery
from app.schemas.source_analysis import PartnerQuery, RankingQuery
from app.tables import (
    Cell,
    CurrencyRate,
    Event,
    ExitReason,
    Mark,
    Milestone,
    Opportunity,
    Passage,
    Target,
)
from tests.conftest import NOW, new_workspace

SMALL = Size(months=8, per_month=10)


@pytest.fixture
async def filled(work):
    await fill(work, 7, SMALL)
    return work


async def lights_of(work: Work, **asked: str) -> list[tuple]:
    answer = await lights.read(work, LightsQuery(process=PROCESS, business_type="new", **asked))
    return [
        (light.key, light.light, light.actual_value, light.required_value, light.actual_count)
        for light in answer.milestones
    ]


async def counted(work: Work, column) -> Counter:
    rows = select(column, func.count()).where(column.class_.workspace_id == work.workspace_id)
    return Counter(dict((await work.db.execute(rows.group_by(column))).all()))


async def test_a_team_of_everything_is_there(filled):
    kinds = await counted(filled, Event.kind)
    assert kinds.keys() >= {
        "created",
        "reached",
        "ordered",
        "exited",
        "value_changed",
        "owner_changed",
        "hold_started",
    }
    assert (await counted(filled, Opportunity.status)).keys() == {"open", "won", "exited"}
    assert (await counted(filled, Opportunity.business_type)).keys() == {"new", "existing"}
    assert (await counted(filled, Opportunity.currency)).keys() == {"EUR", "CHF", None}
    assert (await counted(filled, Target.scope)) == {"owner": 10, "team": 4, "all": 2}


async def test_the_story_ends_now_and_was_recorded_as_it_happened(filled):
    own = Event.workspace_id == filled.workspace_id
    span = select(func.max(Event.occurred_at), func.min(Event.occurred_at)).where(own)
    last, first = (await filled.db.execute(span)).one()
    assert NOW - timedelta(days=7) < last < NOW
    assert first < NOW - timedelta(days=240)
    late = select(func.count()).where(own, Event.recorded_at != Event.occurred_at)
    assert await filled.db.scalar(late) == 0


async def test_every_reason_to_leave_is_one_of_the_section(filled):
    left = await filled.all(filled.rows(Opportunity).where(Opportunity.status == "exited"))
    reasons = await filled.all(filled.rows(ExitReason))
    known = {(reason.milestone_id, reason.key, reason.kind) for reason in reasons}
    assert {(row.milestone_id, row.exit_reason, row.exit_kind) for row in left} <= known
    assert len({row.exit_kind for row in left}) > 3


async def test_every_arrival_has_its_value_in_euros_if_it_has_one(filled):
    unconverted = filled.rows(Passage).where(
        Passage.value.is_not(None), Passage.reporting_value.is_(None)
    )
    assert await filled.all(unconverted) == []
    foreign = filled.rows(Passage).where(Passage.currency == "CHF")
    assert await filled.all(foreign)
    assert await filled.all(filled.rows(CurrencyRate))


async def test_new_and_existing_business_are_told_apart_as_the_rule_has_it(filled):
    before = await filled.all(filled.rows(Opportunity).order_by(Opportunity.id))
    ids = [row.id for row in before]
    await filled.db.execute(
        Opportunity.__table__.update()
        .where(Opportunity.workspace_id == filled.workspace_id)
        .values(business_type=None)
    )
    await business.decide(filled, ids=ids)
    after = await filled.all(filled.rows(Opportunity).order_by(Opportunity.id))
    assert [row.business_type for row in after] == [row.business_type for row in before]


async def test_some_opportunities_are_dead_horses(filled):
    query = (
        filled.rows(Opportunity)
        .join(Milestone, Milestone.id == Opportunity.milestone_id)
        .where(Opportunity.status == "open")
        .where(Opportunity.clock_from < NOW - timedelta(days=120))
    )
    assert len(await filled.all(query)) >= 3


async def test_there_are_lights_to_look_at(filled):
    found = await lights_of(filled)
    assert [key for key, *_ in found] == ["interest", "invited", "need", "concept", "order"]
    assert {light for _, light, *_ in found} & {"green", "amber", "red"}


async def test_a_past_month_had_its_target_then(filled):
    found = await lights_of(filled, period="2026-04")
    assert all(light != "grey" for _, light, *_ in found)


async def test_the_same_seed_shows_the_same_lights_and_another_seed_others(filled, engine):
    stories = []
    for seed in (7, 8):
        id, _ = await new_workspace(engine, time_zone="Europe/Berlin", currency="EUR")
        async with workspace_transaction(engine, id) as db:
            again = Work(db, id, await home(db, id), NOW, "test")
            await fill(again, seed, SMALL)
            stories.append(await lights_of(again))
    assert stories[0] == await lights_of(filled)
    assert stories[1] != stories[0]


async def test_the_source_with_the_most_leads_has_no_order_and_ranks_last(filled):
    found = await source_ranking.rank(filled, RankingQuery())
    most = max(found.sources, key=lambda one: one.leads)
    assert (most.key, most.orders, most.rank) == ("social-network", 0, len(found.sources))
    first = found.sources[0]
    assert (first.rank, first.cost_status) == (1, "ok")
    assert first.orders > 0
    assert found.total.cost_status == "ok"


async def test_a_partnership_sleeps(filled):
    found = await source_ranking.rank(filled, RankingQuery(kind="partner"))
    [partner] = found.sources
    page = await partners.read(filled, partner.source_id, PartnerQuery())
    assert (page.given.introductions, page.received.introductions) == (5, 3)
    assert page.status == "dormant"


async def test_the_matrix_of_the_demo_has_every_mark_and_white_spots(filled):
    shown = await counted(filled, Cell.status)
    assert shown.keys() == {"buys", "competitor", "need", "no_need", "na"}
    matrix = json.loads(await read_matrix(filled, MatrixQuery(limit=1)))
    assert matrix["summary"]["unknown"] > sum(shown.values()) / 2
    assert matrix["rows"][0]["owner_id"] is not None or matrix["rows"][0]["segment"]
    assert sum((await counted(filled, Mark.kind)).values()) == 3
