"""How well forecasts came true: as they were stored, and as history is replayed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert

from app.core.database import workspace_transaction
from app.core.ids import uuid7
from app.domain import processes, snapshots
from app.tables import ForecastPoint, ForecastSnapshot
from tests.aims import arrive, ask, refused
from tests.deals import MILESTONES, make_process, tell
from tests.herds import herd
from tests.seasons import season

HERE = {"process": "new-business"}
STATED = [{**each, "typical_days": 20} if "target_rate" in each else each for each in MILESTONES]
BASELINES = {
    "pipeline",
    "run_rate",
    "last_period",
    "last_year",
    "stage_percentage",
    "win_rate",
    "external",
}


@pytest.fixture
async def process(client):
    return await make_process(client, milestones=STATED)


async def accuracy(client, **asked):
    return await ask(client, "/v1/forecast/accuracy", **HERE | asked)


async def backtest(client, **asked):
    body = {"process_id": "new-business"} | asked
    answer = await client.post("/v1/forecast/backtest", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def stored(engine, workspace, process):
    """Writes a snapshot as if it had been taken on that day, with one point of 30 days."""

    async def store(on, expected, deals=(), **more):
        start = datetime(on.year, on.month, on.day, 0, tzinfo=UTC)
        key = {"workspace_id": workspace[0], "process_id": process["id"], "day": on}
        ids, chances, shares, typed = zip(*deals, strict=True) if deals else ((),) * 4
        snapshot = key | {
            "taken_at": start,
            "method": "pipeline_velocity",
            "status": "ok",
            "currency": "EUR",
            "opportunity_ids": list(ids),
            "chances": list(chances),
            "stage_percentages": list(shares),
            "external_probabilities": list(typed),
        }
        said = Decimal(expected)
        names = ("expected", "p10", "p50", "p90", "pipeline", "run_rate")
        point = key | {"span": "30d", "unit": "value", "starts_at": start}
        point |= {"ends_at": start + timedelta(days=30)} | dict.fromkeys(names, said)
        point |= {"last_period": None, "last_year": None, "stage_percentage": None}
        point |= {"win_rate": None, "external": None, "p10": said / 2, "p90": said * 2} | more
        async with workspace_transaction(engine, workspace[0]) as db:
            await db.execute(insert(ForecastSnapshot), [snapshot])
            await db.execute(insert(ForecastPoint), [point])

    return store


async def test_the_scores_are_those_a_pencil_finds(client, stored):
    """Said 100 and 300 where 200 came each time: off by 100 of 200, and in sum right."""
    await arrive(client, "order", "200.00", at="2026-06-10T08:00:00Z")
    for day, said in ((1, "100"), (5, "300")):
        await stored(datetime(2026, 6, day, tzinfo=UTC).date(), said, run_rate=Decimal(150))
    found = await accuracy(client)
    assert (found["wape"], found["bias"], found["coverage"]) == ("0.5000", "0.0000", "1.0000")
    assert found["baselines"]["run_rate"] == {"wape": "0.2500", "bias": "-0.2500", "n": 2}
    assert found["baselines"]["external"] == {"wape": None, "bias": None, "n": 0}
    assert (found["n"], found["independent"], found["status"]) == (2, 1, "low_sample")
    assert (found["basis"], found["snapshots"], found["way_out"]) == ("stored", 2, None)


async def test_orders_of_unknown_value_are_counted_and_never_taken_for_nothing(
    client, engine, workspace, stored
):
    """Nothing is known of what came in May; in June 200 are, beside one order of any value."""
    nobody_knows = {"value": None}
    ordered = [(day, [(1, "order")], nobody_knows) for day in (70, 100)]
    await herd(engine, workspace, *ordered)
    await arrive(client, "order", "200.00", at="2026-06-10T08:00:00Z")
    for month in (5, 6):
        await stored(datetime(2026, month, 1, tzinfo=UTC).date(), "100")
    found = await accuracy(client)
    assert (found["n"], found["missing_value_count"], found["wape"]) == (1, 2, "0.5000")
    assert (found["independent"], found["bias"]) == (1, "-0.5000")


async def test_ten_origins_are_more_than_anecdotes(client, stored):
    await arrive(client, "order", "200.00", at="2026-06-12T08:00:00Z")
    for day in range(1, 11):
        await stored(datetime(2026, 6, day, tzinfo=UTC).date(), "200")
    found = await accuracy(client)
    assert (found["n"], found["status"], found["wape"]) == (10, "ok", "0.0000")


async def test_deals_are_scored_by_what_became_of_them(client, stored):
    """(0.8 - 1)² and (0.4 - 0)², on average 0.1."""
    won = await arrive(client, "order", "200.00", at="2026-06-10T08:00:00Z")
    lost = await arrive(client, "need", "200.00", at="2026-05-10T08:00:00Z")
    await tell(client, lost, "exit", kind="lost")
    deals = [(won["id"], 0.8, 0.5, 0.9), (lost["id"], 0.4, 0.5, None)]
    await stored(datetime(2026, 6, 1, tzinfo=UTC).date(), "200", deals)
    scores = (await accuracy(client))["deals"]
    assert (scores["brier"], scores["n"]) == ("0.1000", 2)
    assert (scores["stage_percentage"]["brier"], scores["external"]["brier"]) == (
        "0.2500",
        "0.0100",
    )
    assert (scores["beside_external"]["brier"], scores["beside_external"]["n"]) == ("0.0400", 1)
    filled = [each for each in scores["calibration"] if each["n"]]
    assert [(each["predicted"], each["came_true"]) for each in filled] == [
        ("0.4000", "0.0000"),
        ("0.8000", "1.0000"),
    ]


async def test_what_is_not_over_yet_is_not_scored(client, stored):
    await stored(datetime(2026, 7, 1, tzinfo=UTC).date(), "200")
    found = await accuracy(client)
    assert (found["n"], found["snapshots"], found["wape"]) == (0, 1, None)


async def test_without_anything_stored_the_way_out_is_named(client, process):
    found = await accuracy(client)
    assert (found["status"], found["n"], found["wape"], found["brier"]) == (
        "insufficient",
        0,
        None,
        None,
    )
    assert (found["way_out"]["code"], found["spans"]) == ("backtest", [])
    assert found["way_out"]["path"] == "/v1/forecast/backtest"
    assert set(found["baselines"]) == BASELINES


async def test_snapshots_of_a_season_are_scored_for_every_length_and_lead(
    client, process, engine, workspace, work, clock
):
    await season(engine, workspace)
    found = await processes.resolve(work, "new-business")
    assert await snapshots.take_past(work, found.id, 48, every=4) == 12
    await work.db.commit()
    scored = await accuracy(client)
    spans = {(each["span"], each["unit"]) for each in scored["spans"]}
    assert {("30d", "value"), ("30d", "orders"), ("month+0", "value")} <= spans
    assert ("91d", "value") not in spans
    assert (scored["n"], scored["snapshots"]) == (5, 12)
    assert float(scored["wape"]) < 1
    assert 0 < float(scored["deals"]["brier"]) < float(scored["deals"]["stage_percentage"]["brier"])


async def test_history_is_replayed_beside_simpler_methods(client, process, engine, workspace):
    await season(engine, workspace)
    found = await backtest(client, horizon_days=30, step_days=10)
    assert (found["known_by"], found["basis"], found["recorded_late"]) == (
        "occurred_at",
        "rebuilt",
        0,
    )
    assert found["n"] == len(found["origins"]) > 4
    assert set(found["baselines"]) == BASELINES - {"external"}
    assert (found["baselines"]["run_rate"]["n"], found["baselines"]["last_year"]["n"]) == (
        found["n"],
        0,
    )
    assert float(found["wape"]) < float(found["baselines"]["stage_percentage"]["wape"])
    assert 0 < float(found["brier"]) < float(found["deals"]["stage_percentage"]["brier"])
    assert found["independent"] < found["n"]


async def test_what_was_recorded_late_is_counted(client, process):
    await arrive(client, "order", "200.00", at="2026-06-10T08:00:00Z")
    found = await backtest(client)
    assert (found["events"], found["recorded_late"]) == (2, 2)
    assert (found["n"], found["status"], found["wape"]) == (0, "insufficient", None)


async def test_too_many_origins_are_refused_with_the_step_that_fits(
    client, process, engine, workspace
):
    await season(engine, workspace)
    body = {"process_id": "new-business", "horizon_days": 1, "step_days": 1}
    place, code = await refused(client, "POST", "/v1/forecast/backtest", json=body)
    assert (place, code) == ("/step_days", "too_many_origins")
    found = await backtest(client, horizon_days=1, step_days=10)
    assert found["n"] <= 60


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"horizon_days": 0}, "/horizon_days"),
        ({"step_days": 400}, "/step_days"),
        ({"horizon": 30}, "/horizon"),
    ],
)
async def test_a_backtest_that_makes_no_sense_is_refused(client, process, body, place):
    whole = {"process_id": "new-business"} | body
    assert (await refused(client, "POST", "/v1/forecast/backtest", json=whole))[0] == place


async def test_another_workspace_has_no_accuracy_to_see(neighbour, process):
    await ask(neighbour, "/v1/forecast/accuracy", 404, process=process["id"])
    body = {"process_id": str(uuid7())}
    assert (await neighbour.post("/v1/forecast/backtest", json=body)).status_code == 404
