"""In very large workspaces rates and leaks are told as they were learnt; what stands, as it is."""

from datetime import timedelta

import pytest

from app.domain.lessons import keeping
from tests.aims import ask, make_target, refused
from tests.conftest import NOW
from tests.deals import change, eur, post, tell
from tests.lessons.conftest import STATED
from tests.lessons.support import PROCESS, lessons, night, unlearnt
from tests.seasons import season

RATES, LEAKS = "/v1/rates", "/v1/leaks"
QUESTIONS = [
    (RATES, {}),
    (RATES, {"business_type": "new", "basis": "competed", "window": "90d"}),
    (RATES, {"half_life_days": "60", "winsor": "0.9"}),
    (LEAKS, {}),
    (LEAKS, {"by": "owner", "business_type": "new", "include": "stale,declined"}),
    (LEAKS, {"by": "reason", "from": "2026-03-01", "to": "2026-06-01"}),
    (LEAKS, {"by": "source", "period": "2026-06", "unit": "gross_margin"}),
]


async def about(client, path, **asked):
    return await ask(client, path, process=PROCESS, **asked)


@pytest.mark.parametrize(("path", "asked"), QUESTIONS)
async def test_what_was_learnt_says_at_its_moment_what_the_question_would(
    client, large, people, path, asked
):
    await make_target(client)
    scopes = ["all", f"owner:{people[0]['id']}", f"team:{people[0]['team_id']}"]
    first = [await about(client, path, scope=scope, **asked) for scope in scopes]
    keeping.known.clear()
    lesson = [await about(client, path, scope=scope, **asked) for scope in scopes]
    true = {"effective_at": NOW.isoformat()}
    question = [await about(client, path, scope=scope, **asked, **true) for scope in scopes]
    sources = [{each["learnt"]["source"] for each in some} for some in (first, lesson, question)]
    assert sources == [{"question"}, {"lesson"}, {"question"}]
    assert {each["learnt"]["deals"] for each in lesson} == {len(large)}
    for asked_first, told, found in zip(first, lesson, question, strict=True):
        assert unlearnt(asked_first) == unlearnt(told)
        assert unlearnt(told) == unlearnt(found) | {"effective_at": None}


async def test_who_asks_in_ever_new_ways_is_answered_and_only_so_much_is_kept(
    client, engine, workspace, large, monkeypatch
):
    monkeypatch.setattr(keeping, "MOST_A_DAY", 2)
    for window in ("1m", "2m", "3m", "3m"):
        found = await about(client, RATES, window=window)
        assert found["learnt"]["source"] == "question"
    assert (await about(client, RATES, window="2m"))["learnt"]["source"] == "lesson"
    kept = [row.shape for row in await lessons(engine, workspace)]
    assert kept == ['rates {"window":"1m"}', 'rates {"window":"2m"}']


async def test_with_fewer_deals_both_are_found_by_the_question_and_nothing_is_kept(
    client, engine, workspace, deals
):
    for path in (RATES, LEAKS):
        found = await about(client, path)
        assert found["learnt"] == {
            "source": "question",
            "as_of": found["as_of"],
            "deals": len(deals),
        }
    assert await lessons(engine, workspace) == []


async def test_who_leaves_changes_no_rate_before_the_next_lesson(
    client, workspace, patient, large, clock
):
    clock.forward(days=1)
    await night(patient, workspace, clock)
    rates, leaks = await about(client, RATES), await about(client, LEAKS)
    assert rates["learnt"] == leaks["learnt"]
    assert rates["learnt"]["as_of"] < rates["as_of"]
    stands = (await ask(client, "/v1/stale", process=PROCESS, state="dead"))["data"]
    gone = stands[0]
    await tell(client, {"id": gone["opportunity_id"]}, "exit", kind="lost")
    clock.forward(minutes=1)
    later = await about(client, RATES)
    assert later == rates | {"as_of": later["as_of"]}

    after = await about(client, LEAKS)
    learnt = {name: value for name, value in after.items() if name not in ("groups", "as_of")}
    assert learnt.items() <= leaks.items()
    here = gone["section"] - 1
    before, now = leaks["groups"][here], after["groups"][here]
    assert now["pending_count"] == before["pending_count"] - 1
    assert {name for name in now if now[name] != before[name]} == {
        "pending_count",
        "pending_leak",
    }

    clock.forward(days=1)
    await night(patient, workspace, clock)
    taught = (await about(client, LEAKS))["groups"][here]
    assert taught["exits"] == before["exits"] + 1


async def test_what_a_stale_deal_is_worth_and_what_a_target_asks_count_at_once(
    client, workspace, patient, large, clock
):
    target = await make_target(client)
    clock.forward(days=1)
    await night(patient, workspace, clock)
    before = await about(client, LEAKS)
    dead = (await ask(client, "/v1/stale", process=PROCESS, state="dead"))["data"][0]
    grown = int(float(dead["value"]["amount"])) + 1_000
    await change(client, {"id": dead["opportunity_id"]}, value=eur(f"{grown}.00"))
    asked = eur("200000.00")
    version = {"If-Match": f'"{target["version"]}"'}
    answer = await client.patch(
        f"/v1/targets/{target['id']}", json={"amount": asked}, headers=version
    )
    assert answer.status_code == 200, answer.text
    after, here = await about(client, LEAKS), dead["section"] - 1
    pending = [float(one["groups"][here]["pending_leak"]["amount"]) for one in (before, after)]
    assert pending[1] == pending[0] + 1_000
    assert (before["levers"]["target"], after["levers"]["target"]) == (eur("100000.00"), asked)
    rates = [[one["rate"] for one in each["levers"]["sections"]] for each in (before, after)]
    assert rates[0] == rates[1]


@pytest.mark.parametrize("path", [RATES, LEAKS])
async def test_a_past_moment_is_told_as_it_was_then(client, workspace, patient, large, clock, path):
    await about(client, path)
    clock.forward(days=1)
    await night(patient, workspace, clock)
    then, moment = await about(client, path), clock.now.isoformat()
    clock.forward(days=1)
    stands = (await ask(client, "/v1/stale", process=PROCESS, state="dead"))["data"]
    await tell(client, {"id": stands[0]["opportunity_id"]}, "exit", kind="lost")
    await night(patient, workspace, clock)
    keeping.known.clear()
    assert await about(client, path, as_of=moment) == then
    assert (await about(client, path))["learnt"]["as_of"] > then["learnt"]["as_of"]


@pytest.mark.parametrize("path", [RATES, LEAKS])
async def test_a_moment_in_which_nothing_was_learnt_is_found_out_and_not_kept(
    client, engine, workspace, large, clock, path
):
    moment = clock.now.isoformat()
    clock.forward(hours=1)
    found = await about(client, path, as_of=moment)
    assert found["learnt"]["source"] == "question"
    assert await lessons(engine, workspace) == []
    live = await about(client, path)
    earlier = (clock.now - timedelta(minutes=1)).isoformat()
    assert (await about(client, path, as_of=earlier))["learnt"]["source"] == "question"
    assert (await about(client, path))["learnt"]["as_of"] == live["as_of"]


async def test_a_new_version_of_the_process_has_rates_of_its_own(client, large, clock):
    first = await about(client, RATES)
    clock.forward(minutes=1)
    await post(client, f"/v1/processes/{PROCESS}/versions", milestones=STATED)
    found = await about(client, RATES)
    assert (first["process_version"], found["process_version"]) == (1, 2)
    assert found["learnt"]["source"] == "question"


@pytest.mark.parametrize("path", [RATES, LEAKS])
async def test_whoever_asks_has_to_be_let_in_first(client, neighbour, large, people, clock, path):
    mine = {"process": PROCESS, "scope": f"owner:{people[0]['id']}"}
    await ask(client, path, **mine)
    process = (await client.get(f"/v1/processes/{PROCESS}")).json()
    await ask(neighbour, path, status=404, process=process["id"])
    await ask(neighbour, path, status=404, **mine)
    later = (clock.now + timedelta(days=1)).isoformat()
    params = {**mine, "as_of": later}
    assert await refused(client, "GET", path, params=params) == ("as_of", "in_future")
    answer = await client.delete(f"/v1/people/{people[0]['id']}", headers={"If-Match": '"1"'})
    assert answer.status_code == 204, answer.text
    await ask(client, path, status=404, **mine)


async def test_the_number_of_statements_does_not_depend_on_how_much_was_learnt(
    client, engine, workspace, people, large, statements
):
    counts = []
    for _ in range(2):
        for path in (RATES, LEAKS):
            await about(client, path, window="11m")
            await about(client, path, window="11m")
            statements.clear()
            await about(client, path, window="11m")
            counts.append(len(statements))
        await season(engine, workspace, deals=64, business_type="new")
    assert counts[:2] == counts[2:]
