"""Drift: the last two quarters beside the four before."""

from datetime import UTC, datetime

import pytest

from app.domain import drift
from app.domain.demo import PROCESS, Size, fill
from app.domain.facts import story
from app.domain.processes import resolve
from app.engine.flow.drift import drift as engine_drift
from app.engine.flow.facts import day
from app.schemas.observed_rates import ScopeQuery
from tests.aims import ask
from tests.deals import MILESTONES, make_person, make_process
from tests.flows import flow

LONG_AGO, LATELY = -300, 30  # days before and after 2 March 2026; the last half year is from then


@pytest.fixture
async def process(client):
    return await make_process(client, milestones=[MILESTONES[0], MILESTONES[4]])


async def drifted(client, **more):
    return await ask(client, "/v1/rates/drift", process="new-business", **more)


async def flows(client, first, *ways):
    for number, way in enumerate(ways):
        await flow(client, way, day=first + number)


async def test_the_last_two_quarters_stand_beside_the_four_before(client, process):
    found = await drifted(client)
    assert found["before"] == {"from": "2025-01-20", "to": "2026-01-20"}
    assert found["recent"] == {"from": "2026-01-20", "to": "2026-07-21"}
    assert found["drifted"] is False


async def test_a_way_that_has_become_longer_is_flagged(client, process):
    await flows(client, LONG_AGO, *[(10, "order")] * 25, *[(10, "lost")] * 5)
    await flows(client, LATELY, *[(60, "order")] * 25, *[(10, "lost")] * 5)
    found = await drifted(client)
    [section] = found["sections"]
    assert (found["drifted"], section["status"]) == (True, "ok")
    assert section["flags"] == ["advances_less"]
    spans = [section[name]["median_days"] for name in ("before", "recent")]
    assert spans == ["10.0", "60.0"]
    assert float(section["advancing"]["ratio"]) < 1


async def test_more_losses_are_flagged(client, process):
    await flows(client, LONG_AGO, *[(10, "order"), (20, "lost"), (10, "order")] * 10)
    await flows(client, LATELY, *[(10, "order"), (8, "lost"), (8, "lost")] * 10)
    [section] = (await drifted(client))["sections"]
    assert "leaves_more" in section["flags"]
    rates = [float(section[name]["rate"]) for name in ("before", "recent")]
    assert rates[0] - rates[1] > 0.2


async def test_too_few_deals_are_not_said_to_have_drifted(client, process):
    await flows(client, LONG_AGO, *[(10, "order")] * 6)
    await flows(client, LATELY, *[(60, "order")] * 6)
    [section] = (await drifted(client))["sections"]
    assert (section["status"], section["drifted"]) == ("insufficient", False)
    assert section["advancing"] == {"ratio": None, "p": None}


async def test_a_world_through_the_door_is_the_engines(work):
    await fill(work, 7, Size(months=20, per_month=12))
    found = await drift.read(work, ScopeQuery(process=PROCESS))
    told = await story(work, (await resolve(work, PROCESS)).id)
    kinds = [deal.exit_kind for deal in told.deals]
    first = [day(at) for at in told.arrived_at]
    each = zip(
        told.facts.stays.deal.tolist(), told.facts.stays.entered.tolist(), first, strict=True
    )
    mask = [kinds[deal] != "duplicate" and entered == at for deal, entered, at in each]
    start, split = (day(datetime(year, 1, 19, 23, tzinfo=UTC)) for year in (2025, 2026))
    wanted = engine_drift(told.facts, split, start, mask)
    assert [one.recent.n for one in found.sections] == [one.recent.n for one in wanted]
    assert [one.advancing.p for one in found.sections] == [
        f"{one.advancing.p:.4f}" for one in wanted
    ]


async def test_drift_of_the_past_is_answered_as_it_was_known(client, process, clock):
    await flows(client, LATELY, (10, "order"), (10, "lost"))
    then = clock.now.isoformat()
    clock.forward(days=1)
    asked = {"process": "new-business", "as_of": then}
    before = await client.get("/v1/rates/drift", params=asked)
    await flow(client, (1, "lost"), day=0)
    assert (await client.get("/v1/rates/drift", params=asked)).content == before.content


async def test_drift_can_be_asked_of_a_person(client, process):
    ada = await make_person(client)
    await flow(client, (10, "order"), day=LATELY, owner_id=ada["id"])
    await flows(client, LATELY, (10, "order"))
    [section] = (await drifted(client, scope=f"owner:{ada['id']}"))["sections"]
    assert section["recent"]["n"] == 1


async def test_drift_needs_the_same_statements_however_much_there_is(client, process, statements):
    statements.clear()
    await drifted(client)
    alone = len(statements)
    await flows(client, LATELY, (10, "order"), (10, "lost"))
    statements.clear()
    await drifted(client)
    assert len(statements) == alone <= 12, statements
