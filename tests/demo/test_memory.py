"""The demo remembers what it would have forecast, and is scored on it."""

import pytest

from app.domain.demo import PROCESS, Size
from app.domain.demo.home import Wanted, settle
from app.domain.demo.memory import remember
from tests.conftest import NOW, client_with

SMALL = Size(months=6, per_month=5)


@pytest.fixture
async def demo(database, settings, app, clock):
    key = await settle(database, settings, NOW, Wanted(size=SMALL, reset=True), lambda _: None)
    async with client_with(app, key) as client:
        yield client


async def score(demo):
    return (await demo.get("/v1/forecast/accuracy", params={"process": PROCESS})).json()


async def test_forecasts_are_scored_once_they_are_remembered(demo, database, settings):
    before = await score(demo)
    new = await remember(database, settings, NOW, days=63)
    after = await score(demo)
    assert (before["n"], before["snapshots"]) == (0, 0)
    assert after["snapshots"] == new == 9
    assert after["n"] > 0
    assert after["baselines"]["run_rate"]["n"] > 0
    assert await remember(database, settings, NOW, days=63) == 0
