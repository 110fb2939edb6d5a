"""News that nobody writes: lights, targets, cells at risk. Told once, and not at every flicker."""

import pytest

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain import watching
from app.domain.access import home
from tests.aims import arrive, make_target
from tests.deals import make_process
from tests.events.log import told


@pytest.fixture
async def aimed(client):
    """A process with a target of 100,000 EUR a month, and the 20th of July."""
    await make_process(client)
    return await make_target(client)


@pytest.fixture
def watch(engine, workspace, clock):
    async def look():
        async with workspace_transaction(engine, workspace[0]) as db:
            own = await home(db, workspace[0])
            await watching.watch(Work(db, workspace[0], own, clock.now, "test"))

    return look


async def news(client, type):
    events, _ = await told(client, types=type)
    return [each["data"] for each in events]


async def lights(client):
    found = await news(client, "light.changed")
    return [(each["milestone"], each["from"], each["to"]) for each in found]


async def test_the_first_look_only_remembers(client, aimed, watch):
    await watch()
    await watch()
    assert await lights(client) == []


async def test_a_light_that_changes_is_told_once(client, aimed, watch, clock):
    await watch()
    await arrive(client, "interest", "1600000.00")
    await watch()
    await watch()
    assert [each for each in await lights(client) if each[2] == "green"] == [
        ("interest", "red", "green")
    ]
    found = (await news(client, "light.changed"))[0]
    assert found["scope"] == "all"
    assert found["period"] == "2026-07"


async def test_a_light_that_flickers_is_no_news(client, aimed, watch, clock):
    await watch()
    deal = await arrive(client, "interest", "1600000.00")
    await watch()
    told_once = await lights(client)
    void = {"milestone": "interest", "reason": "wrong company"}
    await client.post(f"/v1/opportunities/{deal['id']}/void", json=void)
    clock.forward(minutes=5)
    await watch()
    assert await lights(client) == told_once
    await arrive(client, "interest", "1600000.00")
    clock.forward(hours=1)
    await watch()
    assert await lights(client) == told_once


async def test_a_light_that_stays_other_is_told_after_the_hour(client, aimed, watch, clock):
    await watch()
    deal = await arrive(client, "interest", "1600000.00")
    await watch()
    void = {"milestone": "interest", "reason": "wrong company"}
    await client.post(f"/v1/opportunities/{deal['id']}/void", json=void)
    clock.forward(minutes=59)
    await watch()
    clock.forward(minutes=2)
    await watch()
    mine = [each for each in await lights(client) if each[0] == "interest"]
    assert mine == [("interest", "red", "green"), ("interest", "green", "red")]


async def test_another_month_begins_without_a_word(client, aimed, watch, clock):
    await arrive(client, "interest", "1600000.00")
    await watch()
    clock.forward(days=20)
    await watch()
    assert await lights(client) == []


async def test_a_target_is_reached_once_in_a_month(client, aimed, watch):
    await watch()
    for _ in range(2):
        await arrive(client, "order", "110000.00")
        await watch()
    [reached] = await news(client, "target.reached")
    assert (reached["target_id"], reached["period"]) == (aimed["id"], "2026-07")


async def test_a_cell_that_comes_to_be_at_risk_is_told_once(client, watch, clock):
    account = (await client.post("/v1/accounts", json={"name": "Alder"})).json()
    product = (await client.post("/v1/products", json={"name": "Press"})).json()
    place = {"account_id": account["id"], "product_id": product["id"]}
    answer = await client.put("/v1/matrix/cells", json=[place | {"ours": "yes"}])
    assert answer.status_code == 200, answer.text
    await watch()
    assert await news(client, "matrix.at_risk") == []
    clock.forward(days=366)
    for _ in range(2):
        await watch()
        clock.forward(days=1)
    assert await news(client, "matrix.at_risk") == [place | {"reasons": ["not_confirmed"]}]


async def test_a_workspace_is_looked_at_when_something_happened_and_every_hour(
    client, aimed, patient, workspace, clock, engine
):
    async def watched():
        async with workspace_transaction(engine, workspace[0]) as db:
            work = Work(db, workspace[0], await home(db, workspace[0]), clock.now, "test")
            return await work.db.scalar(
                watching.text("SELECT watched_at FROM outbox_heads WHERE workspace_id = :w"),
                {"w": workspace[0]},
            )

    await arrive(client, "interest", "100.00")
    await told(client)
    await watching.look(patient, workspace[0], clock.now)
    first = await watched()
    clock.forward(minutes=5)
    await watching.look(patient, workspace[0], clock.now)
    assert await watched() == first
    await arrive(client, "interest", "100.00")
    await told(client)
    await watching.look(patient, workspace[0], clock.now)
    assert await watched() == clock.now
    clock.forward(hours=1)
    await watching.look(patient, workspace[0], clock.now)
    assert await watched() == clock.now
