"""A cascade at observed rates takes them as they were learnt, in very large workspaces."""

import pytest

from app.domain.lessons import keeping
from tests.aims import ask, make_target
from tests.conftest import NOW
from tests.deals import make_process
from tests.lessons.support import night, unlearnt
from tests.seasons import season

ASKED = {"period": "2026-07", "rates": "observed_shrunk"}
QUESTIONS = [{}, {"rates": "blend:0.5"}, {"phased": "true"}, {"rate_scope": "owner"}]


@pytest.fixture
async def target(client, people):
    team = f"team:{people[0]['team_id']}"
    return await make_target(client, business_type="new", scope=team)


async def cascade(client, target, **asked):
    return await ask(client, f"/v1/targets/{target['id']}/cascade", **(ASKED | asked))


@pytest.mark.parametrize("asked", QUESTIONS)
async def test_a_cascade_at_learnt_rates_is_the_one_that_the_question_would_find(
    client, large, target, clock, asked
):
    before = clock.now
    clock.forward(seconds=1)
    first = await cascade(client, target, **asked)
    keeping.known.clear()
    lesson = await cascade(client, target, **asked)
    question = await cascade(client, target, **asked, as_of=before.isoformat())
    sources = [each["learnt"]["source"] for each in (first, lesson, question)]
    assert sources == ["question", "lesson", "question"]
    assert unlearnt(lesson) == unlearnt(first)
    assert lesson["learnt"] == first["learnt"] | {"source": "lesson"}
    assert lesson["learnt"]["deals"] == len(large)
    levels = [
        [(one["rate"], one["required_value"], one["required_count"]) for one in each["milestones"]]
        for each in (lesson, question)
    ]
    assert levels[0] == levels[1]


async def test_a_target_outlives_its_process_and_learns_nothing_of_it(client):
    process = await make_process(client)
    target = await make_target(client)
    before = await cascade(client, target)
    gone = await client.delete(f"/v1/processes/{process['id']}", headers={"If-Match": '"1"'})
    assert gone.status_code == 204, gone.text
    after = await cascade(client, target)
    assert after["milestones"] == before["milestones"]
    assert after["learnt"]["source"] == "question"


async def test_a_cascade_at_stated_rates_learns_nothing(client, large, target):
    found = await cascade(client, target, rates="target")
    assert (found["learnt"], found["rates_of"]) == (None, None)


async def test_new_deals_change_no_cascade_before_the_next_lesson(
    client, engine, workspace, patient, large, target, clock
):
    await cascade(client, target)
    clock.forward(days=1)
    await night(patient, workspace, clock)
    before = await cascade(client, target)
    await season(engine, workspace, deals=40, business_type="new")
    clock.forward(minutes=1)
    after = await cascade(client, target)
    assert before["learnt"]["source"] == "lesson"
    assert before["learnt"]["as_of"] > NOW.isoformat()
    assert [one["rate"] for one in after["milestones"]] == [
        one["rate"] for one in before["milestones"]
    ]
    assert after["learnt"] == before["learnt"]
