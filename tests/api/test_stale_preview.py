"""What a policy would do about dead horses: told beforehand, and done as told."""

from fractions import Fraction

import pytest

from tests.aims import ask, make_target
from tests.deals import MILESTONES, change, eur, make_process, tell
from tests.flows import flow
from tests.herds import LOSERS, WINNERS, herd

HERE = {"process": "new-business"}
GERMAN = {"Accept-Language": "de"}
PREVIEW = "/v1/stale/preview"


@pytest.fixture
async def process(client):
    return await make_process(client)


async def test_the_preview_says_what_auto_would_do(client, engine, workspace):
    await make_process(client, stale_policy="off")
    await make_target(client, amount=eur("10000.00"))
    dead = [(-200 + n, [], {"name": f"dead {n}", "value": 2000}) for n in range(5)]
    ids = await herd(engine, workspace, *dead, *WINNERS, *LOSERS)
    await flow(client, day=136, value="3000.00")
    found = await ask(client, PREVIEW, **HERE)
    assert (found["policy"], found["next_round_on"]) == ("off", "2026-07-21")
    assert sorted(one["opportunity_id"] for one in found["data"]) == sorted(ids[:5])
    assert {(one["notice_on"], one["exit_on"]) for one in found["data"]} == {
        ("2026-07-21", "2026-08-04")
    }
    heaps = found["pipeline"]
    assert (heaps["count_before"], heaps["count_after"]) == (6, 1)
    assert (heaps["value_before"], heaps["value_after"]) == (eur("13000.00"), eur("3000.00"))
    assert (found["coverage"]["before"], found["coverage"]["after"]) == ("1.3000", "0.3000")
    rates = found["win_rate"]
    assert float(rates["after"]["value"]) <= float(rates["before"]["value"])
    assert len(found["forecast"]) == 6
    for month in found["forecast"]:
        before, after, change_ = [float(month[k]["amount"]) for k in ("before", "after", "change")]
        assert before + change_ == pytest.approx(after, abs=0.011)
        assert change_ <= 0
    assert [one["key"] for one in found["lights"]] == [one["key"] for one in MILESTONES]


@pytest.mark.parametrize("policy", ["off", "propose"])
async def test_before_is_what_pipeline_and_forecast_say_today(client, engine, workspace, policy):
    await make_process(client, stale_policy=policy)
    await make_target(client, amount=eur("10000.00"))
    await herd(engine, workspace, *((-200, []) for _ in range(5)), *WINNERS, *LOSERS)
    await flow(client, day=136, value="3000.00")
    found, pipeline, forecast = [
        await ask(client, path, **HERE) for path in (PREVIEW, "/v1/pipeline", "/v1/forecast")
    ]
    heaps, stock = found["pipeline"], pipeline["stock"]
    assert (heaps["count_before"], heaps["value_before"]) == (stock["count"], stock["value"])
    assert found["coverage"]["before"] == pipeline["coverage"]["coverage"]
    said = [float(Fraction(month["contributed_exact"])) for month in forecast["periods"]]
    assert [float(month["before"]["amount"]) for month in found["forecast"]] == pytest.approx(
        said, abs=0.006
    )
    assert (found["pipeline"]["count_after"], len(found["data"])) == (1, 5)


async def test_the_preview_writes_nothing_and_auto_does_what_it_said(
    client, engine, workspace, process
):
    await herd(engine, workspace, *((-1095, [], {"value": 2000}) for _ in range(5)))
    await herd(engine, workspace, *WINNERS, *LOSERS)
    before = await client.get("/v1/stale", params=HERE)
    promised = (await ask(client, PREVIEW, **HERE, periods=1))["data"]
    assert (await client.get("/v1/stale", params=HERE)).content == before.content
    dead = (await ask(client, "/v1/stale", **HERE, state="dead"))["data"]
    assert {one["opportunity_id"] for one in promised} == {one["opportunity_id"] for one in dead}


async def test_a_preview_without_dead_horses_changes_nothing(client, process):
    await flow(client)
    found = await ask(client, PREVIEW, **HERE, periods=2)
    assert (found["data"], found["coverage"]) == ([], None)
    assert found["pipeline"]["value_before"] == found["pipeline"]["value_after"]
    assert found["win_rate"]["before"] == found["win_rate"]["after"]
    assert {month["change"]["amount"] for month in found["forecast"]} == {"0.00"}


async def test_a_preview_of_the_past_stays_as_it_was(client, engine, workspace, process, clock):
    [first, *_] = await herd(engine, workspace, *((-1095, []) for _ in range(5)))
    await herd(engine, workspace, *WINNERS, *LOSERS)
    clock.forward(days=1)
    then = {**HERE, "as_of": clock.now.isoformat()}
    before = await client.get(PREVIEW, params=then)
    clock.forward(days=2)
    await tell(client, {"id": first}, "reach", milestone="need")
    await change(client, {"id": first}, name="Renamed")
    after = await client.get(PREVIEW, params=then)
    assert (len(before.json()["data"]), after.content) == (5, before.content)


async def test_a_preview_of_strangers_or_of_too_long_is_refused(client, neighbour, process):
    assert (await neighbour.get(PREVIEW, params=HERE)).status_code == 404
    asked = {"params": {**HERE, "periods": 25}}
    assert (await client.get(PREVIEW, **asked)).status_code == 422
