"""How to get a customer forward: the next step of one opportunity."""

from fractions import Fraction

import pytest

from app.core.ids import uuid7
from tests.aims import ask, refused
from tests.deals import MILESTONES, change, make_deal, make_process, post, tell
from tests.flows import flow, on
from tests.herds import herd

CRITERIA = [{"key": "budget", "name": "Budget"}, {"key": "date", "name": "Date"}]
PLAYBOOK = {"goal": "Get invited", "questions": ["Who decides?"], "assets": []}
STATED = [
    MILESTONES[0]
    | {"typical_days": 30, "stale_after_days": 60, "criteria": CRITERIA, "playbook": PLAYBOOK},
    *MILESTONES[1:],
]
LATELY = 135  # days after the beginning of the tests' time: five days ago


@pytest.fixture
async def process(client):
    return await make_process(client, milestones=STATED)


async def next_of(client, deal, **asked):
    return await ask(client, f"/v1/opportunities/{deal['id']}/next", **asked)


async def test_everything_for_the_next_step_is_in_one_answer(client, process):
    deal = await flow(client, day=LATELY)
    await tell(client, deal, "meet", criterion="date", act="said", what="in spring")
    await tell(client, deal, "ball", ball="customer")
    found = await next_of(client, deal)
    assert (found["milestone"], found["next_milestone"]["key"]) == ("interest", "invited")
    assert found["next_milestone"]["customer_act"] == "invites us"
    assert found["unmet_criteria"] == [{"key": "budget", "name": "Budget"}]
    assert (found["playbook"], found["ball"]) == (PLAYBOOK, "customer")
    assert found["waiting_since"] == "2026-07-20T09:30:00Z"
    assert (found["median_days"], found["lead_time_days"]["source"]) == ("30.0", "default")
    assert (found["status"], found["decay"]["state"]) == ("open", "fresh")


async def test_half_get_there_and_a_quarter_within_thirty_days(client, process):
    deal = await flow(client, day=LATELY + 5)
    found = await next_of(client, deal)
    assert abs(Fraction(found["chance_next"]) - Fraction(1, 2)) < Fraction(1, 20)
    assert abs(Fraction(found["chance_within"]) - Fraction(1, 4)) < Fraction(1, 20)
    assert found["days"] == 30


async def test_the_history_of_others_tells_how_long_it_takes(client, engine, workspace, process):
    await herd(engine, workspace, *[(day, [(12, "invited")]) for day in range(10)])
    deal = await flow(client, day=LATELY)
    found = await next_of(client, deal)
    assert (found["median_days"], found["lead_time_days"]["n"]) == ("12.0", 10)


async def test_the_first_milestone_comes_next_for_what_has_not_begun(client, process):
    deal = await make_deal(client)
    found = await next_of(client, deal)
    assert (found["milestone"], found["next_milestone"]["key"]) == (None, "interest")
    assert (found["chance_next"], found["decay"], found["playbook"]) == (None, None, None)


@pytest.mark.parametrize(("word", "status"), [("lost", "exited"), ("order", "won")])
async def test_nothing_is_next_for_what_is_over(client, process, word, status):
    deal = await flow(client, (2, word), day=LATELY)
    found = await next_of(client, deal)
    assert (found["status"], found["next_milestone"], found["unmet_criteria"]) == (status, None, [])
    assert (found["chance_next"], found["playbook"], found["decay"]) == (None, None, None)


async def test_on_hold_the_next_milestone_waits_without_a_chance(client, process):
    deal = await flow(client, day=LATELY)
    await tell(client, deal, "hold", until="2026-12-01T00:00:00Z", reason="budget freeze")
    found = await next_of(client, deal)
    assert (found["status"], found["next_milestone"]["key"]) == ("on_hold", "invited")
    assert found["chance_next"] is None


async def test_a_deal_of_an_older_version_goes_on_in_it(client, process, clock):
    deal = await flow(client, day=LATELY)
    clock.forward(hours=1)
    fresh = {"key": "talked", "name": "Talked", "customer_act": "talks", "equivalent_to": None}
    steps = [STATED[0], fresh, *MILESTONES[1:]]
    await post(client, f"/v1/processes/{process['id']}/versions", milestones=steps)
    found = await next_of(client, deal)
    assert (found["process_version"], found["next_milestone"]["key"]) == (1, "invited")


async def test_the_past_is_told_as_it_was_known(client, process, clock):
    deal = await flow(client, day=LATELY)
    path, asked = f"/v1/opportunities/{deal['id']}/next", {"as_of": clock.now.isoformat()}
    before = await client.get(path, params=asked)
    clock.forward(days=3)
    await change(client, deal, name="Another name")
    await tell(client, deal, "reach", milestone="need", act="said", what="it")
    after = await client.get(path, params=asked)
    assert (before.status_code, after.content) == (200, before.content)


async def test_the_statements_are_as_many_however_many_deals(
    client, engine, workspace, process, statements
):
    deal, counts = await flow(client, day=LATELY), []
    for number in (1, 20):
        await herd(engine, workspace, *[(130, [])] * number)
        statements.clear()
        await next_of(client, deal)
        counts.append(len(statements))
    assert counts[0] == counts[1], statements


async def test_another_workspace_finds_nothing(client, neighbour, process):
    deal = await flow(client, day=LATELY)
    for id in (deal["id"], uuid7()):
        assert (await neighbour.get(f"/v1/opportunities/{id}/next")).status_code == 404


async def test_the_future_is_not_known(client, process):
    deal = await flow(client, day=LATELY)
    path = f"/v1/opportunities/{deal['id']}/next"
    assert await refused(client, "GET", path, params={"as_of": on(1000)}) == ("as_of", "in_future")
