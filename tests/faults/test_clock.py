"""A clock that jumps, and the nights in which Berlin has an hour too few or too many."""

from datetime import UTC, datetime

import pytest

from tests.aims import arrive, ask, make_target
from tests.deals import make_deal, make_process, tell
from tests.imports.support import bring


@pytest.mark.parametrize("hours", [-2, 2])
async def test_a_list_goes_on_where_it_was_whatever_the_clock_does(client, clock, hours):
    made = {(await _product(client, number))["id"] for number in range(5)}
    page = await ask(client, "/v1/products", limit=2)
    seen = [each["id"] for each in page["data"]]
    clock.forward(hours=hours)
    late = (await _product(client, 9))["id"]
    while page["next_cursor"]:
        page = await ask(client, "/v1/products", limit=2, cursor=page["next_cursor"])
        seen += [each["id"] for each in page["data"]]
    assert len(seen) == len(set(seen))
    assert made <= set(seen) <= made | {late}


async def _product(client, number):
    answer = await client.post("/v1/products", json={"key": f"p{number}", "name": "P"})
    assert answer.status_code == 201
    return answer.json()


async def test_nothing_has_a_negative_age_after_the_clock_went_back(client, clock):
    await make_process(client)
    await make_target(client)
    deal = await make_deal(client, value={"amount": "1000.00", "currency": "EUR"})
    await tell(client, deal, "reach", milestone="interest", act="said", what="is interested")
    clock.forward(hours=-26)
    seen = await ask(client, f"/v1/opportunities/{deal['id']}")
    assert seen["age_days"] >= 0
    lights = await ask(client, "/v1/lights", process="new-business", period="2026-07")
    assert 0 <= float(lights["elapsed"]) <= 1
    for path in ("/v1/stale", "/v1/pipeline", "/v1/leaks", "/v1/forecast"):
        answer = await client.get(path, params={"process": "new-business"})
        assert answer.status_code == 200, answer.text


async def test_a_lease_of_an_import_runs_by_the_clock_of_the_database(client, clock):
    clock.forward(hours=-2)
    done = await bring(client, "accounts", "name,country\nAlder,DE\n")
    assert done["state"] == "completed"


@pytest.mark.parametrize(
    ("at", "period"),
    [
        ("2026-03-28T22:59:59Z", "2026-03"),  # the last second of the day before the short night
        ("2026-03-29T01:00:00Z", "2026-03"),  # three o'clock there, one second after two
        ("2026-03-31T21:59:59Z", "2026-03"),  # summer time: two hours ahead
        ("2026-03-31T22:00:00Z", "2026-04"),
        ("2026-10-25T00:30:00Z", "2026-10"),  # half past two, for the first time
        ("2026-10-25T01:30:00Z", "2026-10"),  # and for the second
        ("2026-10-31T22:59:59Z", "2026-10"),  # winter time: one hour ahead
        ("2026-10-31T23:00:00Z", "2026-11"),
    ],
)
async def test_a_month_begins_at_midnight_in_berlin_summer_and_winter(client, clock, at, period):
    clock.now = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    await make_process(client)
    await make_target(client)
    await arrive(client, "interest", "1000.00", at=at)
    for month in ("2026-03", "2026-04", "2026-10", "2026-11"):
        lights = await ask(client, "/v1/lights", process="new-business", period=month)
        assert lights["milestones"][0]["actual_count"] == (month == period), month


@pytest.mark.parametrize(
    ("now", "elapsed"),
    [
        # March has 743 hours there, October 745; the days that are over count, 28 and 24 of 31.
        ("2026-03-29T00:59:59+00:00", "0.9032"),
        ("2026-03-29T01:00:00+00:00", "0.9032"),
        ("2026-10-25T00:30:00+00:00", "0.7741"),
        ("2026-10-25T01:30:00+00:00", "0.7741"),
    ],
)
async def test_a_day_of_the_change_is_a_day_like_any_other(client, clock, now, elapsed):
    clock.now = datetime.fromisoformat(now)
    await make_process(client)
    await make_target(client)
    lights = await ask(client, "/v1/lights", process="new-business", period=now[:7])
    assert lights["elapsed"] == elapsed
