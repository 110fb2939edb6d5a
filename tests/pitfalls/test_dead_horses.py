"""Dead horses that other systems miss: forgotten, touched, or called green for want of a rule."""

import pytest

from tests.aims import ask
from tests.deals import MILESTONES, change, eur, make_person, make_process, tell
from tests.flows import flow
from tests.herds import herd

HERE = {"process": "new-business"}


@pytest.fixture
async def process(client):
    first = {**MILESTONES[0], "stale_after_days": 30}
    return await make_process(client, milestones=[first, *MILESTONES[1:]])


async def names(client, **asked):
    return [one["name"] for one in (await ask(client, "/v1/stale", **HERE, **asked))["data"]]


async def test_a_horse_of_three_years_is_found(client, engine, workspace, process):
    await herd(engine, workspace, (-3 * 365, [], {"name": "forgotten"}), (139, []))
    assert await names(client) == ["forgotten"]


async def test_unknown_is_grey(client):
    """Without a limit and without history nothing is said, least of all that all is well."""
    await make_process(client)
    await flow(client, day=0)
    found = await ask(client, "/v1/stale", **HERE)
    assert {each["state"]: each["count"] for each in found["summary"] if each["count"]} == {
        "unknown": 1
    }


async def test_no_touch_of_ours_brings_a_horse_back_to_life(client, process):
    deal = await flow(client, day=50)
    ada = await make_person(client)
    before = (await ask(client, "/v1/stale", **HERE))["data"][0]
    for edit in (
        {"attributes": {"last_mail": "read again"}},
        {"value": eur("9999.00")},
        {"owner_id": ada["id"]},
        {"external_probability": "0.99"},
        {"external_close_date": "2026-08-01"},
    ):
        await change(client, deal, **edit)
    await tell(client, deal, "ball", ball="us", note="called, mailed, met")
    await tell(client, deal, "verify", milestone="interest", note="a colleague says so too")
    after = (await ask(client, "/v1/stale", **HERE))["data"][0]
    assert (after["state"], after["age_days"]) == (before["state"], before["age_days"])


async def test_stepping_back_and_forth_is_no_movement(client, process):
    deal = await flow(client, (1, "invited"), day=50)
    await tell(client, deal, "regress", milestone="interest", reason="budget frozen")
    [horse] = (await ask(client, "/v1/stale", **HERE))["data"]
    assert (horse["milestone"], horse["age_days"]) == ("interest", "89.1")


async def test_losing_more_never_looks_better(client, process):
    """Lost deals stay in the count of those that entered, and each is counted once."""
    await flow(client, (5, "invited"), day=10)
    lost = await flow(client, (5, "lost"), day=10)
    await tell(client, lost, "revive", act="said", what="came back")
    before = (await ask(client, "/v1/leaks", **HERE))["groups"][0]
    await flow(client, (5, "lost"), day=10)
    after = (await ask(client, "/v1/leaks", **HERE))["groups"][0]
    assert (before["entered"], before["exits"]) == (2, 0)
    assert (after["entered"], after["exits"]) == (3, 1)
    assert float(after["leak_rate"]["value"]) > float(before["leak_rate"]["value"])
