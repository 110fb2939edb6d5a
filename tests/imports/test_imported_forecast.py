"""A whole deal list, forecast and judged through the door by what was known at the time."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import CLOCK, client_with, new_workspace
from tests.imports.test_deal_lists import LISTS, SALES, asked, rows, sales
from tests.imports.test_imported_lights import in_dollars

pytestmark = [
    pytest.mark.skipif(not LISTS.exists(), reason="the deal lists are not at hand"),
    pytest.mark.timeout(400),
]
END = datetime(2018, 1, 1, tzinfo=UTC)  # of the list


@pytest.fixture(scope="module")
async def home(app, engine):
    """(id, key) of a workspace into which the list was brought once: the tests only ask."""
    CLOCK.now = END
    found = await new_workspace(engine, time_zone="Europe/Berlin", currency="EUR")
    async with client_with(app, found[1]) as client:
        await in_dollars(client)
        await sales(client, SALES)
    return found


@pytest.fixture
async def listed(app, clock, home):
    clock.now = END
    async with client_with(app, home[1]) as client:
        yield client


@pytest.fixture
def deals():
    """What the file says in the end, by the deal's id there."""
    return {row["opportunity_id"]: row for row in rows(SALES / "sales_pipeline.csv")}


def ordered(deals, start: datetime, days: int) -> Decimal:
    """The order values of the file after `start`, up to so many days later."""
    end = start + timedelta(days=days)
    won = (row for row in deals.values() if row["deal_stage"] == "Won")
    return sum(
        (Decimal(row["close_value"]) for row in won if start < closed(row) <= end), Decimal(0)
    )


def closed(row) -> datetime:
    """The day of the file as the import reads it: its midnight where the workspace is."""
    return datetime.fromisoformat(row["close_date"]).replace(tzinfo=ZoneInfo("Europe/Berlin"))


async def test_history_replayed_is_scored_against_what_the_file_says(listed, deals):
    body = {"process_id": "new-business", "horizon_days": 30, "step_days": 14}
    found = (await listed.post("/v1/forecast/backtest", json=body)).json()
    for origin in found["origins"]:
        at = datetime.fromisoformat(origin["at"])
        assert Decimal(origin["actual"]["amount"]) == ordered(deals, at, 30)
    simpler = found["baselines"]
    assert found["n"] >= 10
    assert found["known_by"] == "occurred_at"
    assert found["recorded_late"] > len(deals)
    assert Decimal(found["wape"]) < Decimal(simpler["last_period"]["wape"])
    assert Decimal(found["wape"]) < Decimal(simpler["stage_percentage"]["wape"]) / 5
    assert Decimal(found["deals"]["log_loss"]) < Decimal("0.4") < Decimal("0.9")
    assert Decimal("0.6") < Decimal(found["coverage"]) < Decimal("0.95")


async def buried(client, engine, workspace, moment: str) -> set[str]:
    """The deals, by the file's id, that are dead as far as was known on a day."""
    query = {"process": "new-business", "state": "dead", "effective_at": moment, "limit": 200}
    dead: set[str] = set()
    while True:
        answer = (await client.get("/v1/stale", params=query)).json()
        dead |= {one["opportunity_id"] for one in answer["data"]}
        if answer["next_cursor"] is None:
            break
        query["cursor"] = answer["next_cursor"]
    names = await asked(
        engine,
        workspace,
        "SELECT id::text, external_id FROM opportunities WHERE workspace_id = :ws",
    )
    return {external for id, external in names if id in dead}


async def test_dead_horses_stay_dead_and_many_are_found(listed, engine, home, deals):
    flagged: set[str] = set()
    for moment in ("2017-07-01", "2017-10-01", "2017-12-31"):
        flagged |= await buried(listed, engine, home, f"{moment}T00:00:00Z")
    won = {id for id, row in deals.items() if row["deal_stage"] == "Won"}
    never = {id for id, row in deals.items() if row["engage_date"]} - won
    assert len(flagged & won) <= len(flagged) * 0.015
    assert len(flagged & never) >= len(never) * 0.2
