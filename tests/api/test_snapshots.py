"""Snapshots: what was forecast is kept once a day, as it was said."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain import processes, snapshots
from app.domain.access import home
from app.tables import ForecastPoint, ForecastSnapshot
from tests.aims import ask
from tests.conftest import CLOCK
from tests.deals import MILESTONES, make_process
from tests.seasons import season

STATED = [{**each, "typical_days": 20} if "target_rate" in each else each for each in MILESTONES]
TWO_O_CLOCK = datetime(2026, 7, 20, 0, 0, tzinfo=UTC)  # in Berlin


@pytest.fixture
async def deals(client, engine, workspace):
    await make_process(client, milestones=STATED)
    return await season(engine, workspace)


@pytest.fixture
def in_workspace(engine, workspace):
    """Calls a function of the domain in a transaction of its own, with the process's id."""

    async def run(do, *given):
        async with workspace_transaction(engine, workspace[0]) as db:
            work = Work(db, workspace[0], await home(db, workspace[0]), CLOCK.now, "test")
            process = await processes.resolve(work, "new-business")
            return await do(work, process.id, *given)

    return run


async def rows(work, table):
    query = select(table).where(table.workspace_id == work.workspace_id)
    return (await work.db.execute(query.order_by(*table.__table__.primary_key))).all()


async def test_a_snapshot_tells_of_two_in_the_morning(deals, in_workspace, work):
    assert await in_workspace(snapshots.take) is True
    [row] = await rows(work, ForecastSnapshot)
    assert (row.taken_at, str(row.day)) == (TWO_O_CLOCK, "2026-07-20")
    assert (row.currency, row.status, row.method) == ("EUR", "ok", "pipeline_velocity")
    points = {(each.span, each.unit) for each in await rows(work, ForecastPoint)}
    months = ("2026-07", "2026-08", "2026-09", "2026-10", "2026-11", "2026-12")
    spans = ("30d", "91d", *months)
    assert points == {(span, unit) for span in spans for unit in ("value", "orders")}


async def test_a_second_one_of_the_day_does_nothing(deals, in_workspace, work, clock):
    await in_workspace(snapshots.take)
    before = await rows(work, ForecastPoint)
    clock.forward(hours=10)
    assert await in_workspace(snapshots.take) is False
    assert await rows(work, ForecastPoint) == before


async def test_before_two_the_day_before_is_meant(deals, in_workspace, work, clock):
    clock.now = TWO_O_CLOCK - timedelta(minutes=1)
    await in_workspace(snapshots.take)
    [row] = await rows(work, ForecastSnapshot)
    assert str(row.day) == "2026-07-19"


async def test_it_says_what_the_forecast_of_that_moment_says(client, deals, in_workspace, work):
    await in_workspace(snapshots.take)
    asked = {"process": "new-business", "as_of": TWO_O_CLOCK.isoformat()}
    told = (await ask(client, "/v1/forecast", **asked))["periods"]
    kept = {(each.span, each.unit): each for each in await rows(work, ForecastPoint)}
    for period in told:
        point = kept[period["period"], "value"]
        whole = float(period["expected"]["amount"]) - float(period["won"]["amount"])
        assert float(point.expected) == pytest.approx(whole, abs=0.02)
        assert float(point.pipeline) == pytest.approx(float(period["pipeline"]["amount"]), abs=0.01)
    assert kept["30d", "value"].ends_at == TWO_O_CLOCK + timedelta(days=30)


async def test_every_open_deal_has_its_chance_beside_the_flat_percentage(deals, in_workspace, work):
    await in_workspace(snapshots.take)
    [row] = await rows(work, ForecastSnapshot)
    assert {str(id) for id in row.opportunity_ids} <= set(deals)
    assert all(0 <= chance <= 1 for chance in row.chances)
    assert all(0 < share < 1 for share in row.stage_percentages)
    assert set(row.external_probabilities) == {None}


async def test_the_blend_learns_from_what_was_stored(client, deals, in_workspace, clock):
    assert await in_workspace(snapshots.take_past, 100) > 8
    found = await ask(client, "/v1/forecast", process="new-business", periods=1)
    assert found["blend"]["basis"] in {"stored", "rebuilt"}
    weeks = await ask(client, "/v1/forecast", process="new-business", periods=2)
    assert weeks["blend"]["origins"] > 0


async def test_an_empty_process_leaves_an_empty_snapshot(client, in_workspace, work):
    await make_process(
        client,
        milestones=[{**each, "target_rate": None} for each in MILESTONES[:-1]] + MILESTONES[-1:],
    )
    assert await in_workspace(snapshots.take) is True
    [row] = await rows(work, ForecastSnapshot)
    assert (row.status, row.opportunity_ids) == ("unknown", [])
    assert await rows(work, ForecastPoint) == []
