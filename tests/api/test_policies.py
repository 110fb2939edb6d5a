"""What was wanted done about dead horses stays part of every answer about the past."""

import pytest
from sqlalchemy import text

from tests.aims import ask, make_target
from tests.deals import eur, make_process
from tests.herds import herd

HERE = {"process": "new-business"}
STEPS = [(0, "invited"), (4, "need"), (8, "concept"), (12, "order")]
WINNERS = [(day, [(4 + day % 5 + n, word) for n, word in STEPS]) for day in range(45)]
LOSERS = [(day, [(6 + day % 7, "lost")]) for day in range(45)]
PAST = (
    "/v1/forecast",
    "/v1/stale",
    "/v1/stale/preview",
    "/v1/pipeline",
    "/v1/lights/outlook",
)


@pytest.fixture
async def process(client, engine, workspace):
    made = await make_process(client)
    await herd(engine, workspace, (-1095, []), *((day, []) for day in range(4)), *WINNERS, *LOSERS)
    return made


async def wish(client, process, **wanted):
    path = f"/v1/processes/{process['id']}"
    tag = (await client.get(path)).headers["etag"]
    answer = await client.patch(path, json=wanted, headers={"If-Match": tag})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", PAST)
async def test_a_policy_changes_no_answer_about_the_time_before_it(client, process, clock, path):
    asked = {**HERE, "as_of": clock.now.isoformat()}
    before = (await client.get(path, params=asked)).text
    clock.forward(days=1)
    await wish(client, process, stale_policy="off", grace_days=3, criteria_reset=True)
    assert (await client.get(path, params=asked)).text == before


async def test_a_policy_changes_no_net_cascade_of_the_time_before_it(client, process, clock):
    target = await make_target(client, amount=eur("100000.00"))
    path, asked = (
        f"/v1/targets/{target['id']}/cascade",
        {"net": True, "as_of": clock.now.isoformat()},
    )
    before = await ask(client, path, **asked)
    clock.forward(days=1)
    await wish(client, process, stale_policy="off")
    assert await ask(client, path, **asked) == before


async def test_what_is_wanted_now_holds_from_now_on(client, process, clock):
    await wish(client, process, stale_policy="off")
    clock.forward(days=1)
    await wish(client, process, stale_policy="auto", grace_days=3)
    then = (clock.now.replace(hour=0)).isoformat()
    assert (await ask(client, "/v1/stale", **HERE))["policy"] == "auto"
    assert (await ask(client, "/v1/stale", **HERE, as_of=then))["policy"] == "off"
    assert (await ask(client, "/v1/stale", **HERE, effective_at=then))["policy"] == "off"


async def test_before_a_process_was_there_its_first_policy_holds(client, process, clock):
    clock.forward(days=1)
    await wish(client, process, stale_policy="off")
    found = await ask(client, "/v1/stale", **HERE, as_of="2026-05-01T00:00:00Z")
    assert (found["policy"], found["grace_days"]) == ("propose", 14)


async def test_only_what_changes_the_policy_is_written_down(client, process, work):
    await wish(client, process, name="Another")
    await wish(client, process, grace_days=7)
    query = "SELECT grace_days FROM process_policies WHERE process_id = :id ORDER BY id"
    rows = await work.db.execute(text(query), {"id": process["id"]})
    assert [row.grace_days for row in rows] == [14, 7]
