"""Of very many deals the pipeline is counted at once, and held against what the past had taught."""

import asyncio

import pytest

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain import processes, snapshots
from app.domain.access import home
from app.domain.lessons import keeping
from tests.aims import ask, make_target
from tests.deals import change, eur, tell
from tests.lessons.support import PROCESS, lessons, night, unlearnt
from tests.seasons import season


async def pipeline(client, **asked):
    return await ask(client, "/v1/pipeline", process=PROCESS, **asked)


async def standing(client, state="fresh", **asked):
    """Of the deals that stand so the most valuable first."""
    return (await ask(client, "/v1/stale", process=PROCESS, state=state, **asked))["data"]


async def order(client, id, amount, **more):
    return await tell(client, {"id": id}, "reach", milestone="order", amount=eur(amount), **more)


@pytest.fixture
async def lively(client, engine, workspace, deals, people, clock):
    """A target, deals on hold, shared, dated and ordered, and a snapshot that came due."""
    await make_target(client)
    await make_target(client, business_type="new", amount=eur("70000.00"))
    async with workspace_transaction(engine, workspace[0]) as db:
        work = Work(db, workspace[0], await home(db, workspace[0]), clock.now, "test")
        await snapshots.take(work, (await processes.resolve(work, PROCESS)).id)
    clock.forward(days=31)
    ids = [
        one["opportunity_id"]
        for state in ("slow", "stale", "dead")
        for one in await standing(client, state)
    ]
    await tell(client, {"id": ids[0]}, "hold", until="2026-12-01T00:00:00Z")
    for id, day in zip(ids[1:4], ("2026-07-30", "2026-08-10", "2027-01-01"), strict=True):
        await change(client, {"id": id}, external_close_date=day)
    halves = [{"person_id": one["id"], "percent": "33.33"} for one in people[:1]]
    halves.append({"person_id": people[1]["id"], "percent": "66.67"})
    for id in ids[1:3]:
        await change(client, {"id": id}, owner_id=people[0]["id"], credits=halves)
    await order(client, ids[1], "1234.50")
    for number, person in enumerate([*people, None]):
        owner = None if person is None else person["id"]
        await change(client, {"id": ids[4 + number]}, owner_id=owner)
        await order(client, ids[4 + number], f"{number + 1}000.25")
    return ids


@pytest.mark.parametrize(
    "asked", [{}, {"business_type": "new"}, {"window": "90d", "basis": "competed"}]
)
async def test_at_its_moment_a_lesson_says_what_the_question_would(
    client, people, lively, monkeypatch, asked
):
    scopes = ["all", f"owner:{people[0]['id']}", f"team:{people[0]['team_id']}"]
    question = [await pipeline(client, scope=scope, **asked) for scope in scopes]
    monkeypatch.setattr(keeping, "VERY_LARGE", 100)
    first = [await pipeline(client, scope=scope, **asked) for scope in scopes]
    keeping.known.clear()
    lesson = [await pipeline(client, scope=scope, **asked) for scope in scopes]
    sources = [{each["learnt"]["source"] for each in some} for some in (question, first, lesson)]
    assert sources == [{"question"}, {"question"}, {"lesson"}]
    for found, asked_first, told in zip(question, first, lesson, strict=True):
        assert found == asked_first
        assert unlearnt(found) == unlearnt(told)
    whole = question[0]
    assert whole["on_hold"]["count"] == 1
    assert whole["slippage"]["likely"] > 0
    assert (whole["close_dates"]["n"], whole["close_dates"]["overdue_count"]) == (1, 1)
    assert whole["dead"]["count"] > 0


async def test_each_scope_is_told_what_its_owners_ordered(
    client, engine, workspace, people, lively, monkeypatch
):
    monkeypatch.setattr(keeping, "VERY_LARGE", 100)
    for scope in (f"owner:{people[0]['id']}", f"team:{people[0]['team_id']}"):
        await make_target(client, scope=scope)
    for _ in ("first", "again"):
        found = [
            (await pipeline(client, scope=scope))["coverage"]["won"]
            for scope in ("all", f"owner:{people[0]['id']}", f"team:{people[0]['team_id']}")
        ]
        assert found == [eur("7235.25"), eur("2234.75"), eur("4235.00")]


async def test_what_happens_counts_in_stock_at_once_and_in_rates_from_the_next_lesson_on(
    client, workspace, patient, large, clock
):
    await make_target(client)
    clock.forward(days=1)
    await night(patient, workspace, clock)
    before = await pipeline(client)
    assert before["learnt"]["source"] == "lesson"
    assert before["learnt"]["as_of"] < before["as_of"]
    lost, won, *_ = [*await standing(client, "slow"), *await standing(client, "stale")]
    await tell(client, {"id": lost["opportunity_id"]}, "exit", kind="lost")
    await order(client, won["opportunity_id"], "4321.00")
    clock.forward(minutes=1)
    after = await pipeline(client)
    assert after["stock"]["count"] == before["stock"]["count"] - 2
    assert after["velocity"]["open_count"] == before["velocity"]["open_count"] - 2
    paid = [float(one["coverage"]["won"]["amount"]) for one in (before, after)]
    assert paid[1] == paid[0] + 4321
    changed = {name for name in after if after[name] != before[name]}
    assert changed - {"as_of"} == {"stock", "coverage", "milestones", "velocity"}
    for was, now in zip(before["milestones"], after["milestones"], strict=True):
        assert {name for name in now if now[name] != was[name]} <= {"stock"}
    velocity = {
        name for name in after["velocity"] if after["velocity"][name] != before["velocity"][name]
    }
    assert velocity == {"per_day", "open_count"}

    clock.forward(days=1)
    await night(patient, workspace, clock)
    taught = await pipeline(client)
    assert taught["throughput"]["orders"] == before["throughput"]["orders"] + 1
    assert taught["learnt"]["as_of"] > before["learnt"]["as_of"]
    assert taught["velocity"]["win_rate"]["as_of"] == taught["learnt"]["as_of"]


async def test_a_hold_and_a_day_that_is_over_count_at_once(
    client, workspace, patient, large, clock
):
    clock.forward(days=1)
    await night(patient, workspace, clock)
    before = await pipeline(client)
    held, late, *_ = await standing(client, "dead")
    await tell(client, {"id": held["opportunity_id"]}, "hold", until="2026-12-01T00:00:00Z")
    await change(client, {"id": late["opportunity_id"]}, external_close_date="2026-07-01")
    after = await pipeline(client)
    assert (before["on_hold"]["count"], after["on_hold"]["count"]) == (0, 1)
    assert after["on_hold"]["value"] == held["value"]
    assert after["dead"]["count"] == before["dead"]["count"] - 1
    assert after["close_dates"]["overdue_count"] == before["close_dates"]["overdue_count"] + 1
    assert after["close_dates"]["overdue_value"] == late["value"]


async def test_a_target_that_is_changed_is_held_against_at_once(
    client, workspace, patient, large, clock
):
    clock.forward(days=1)
    await night(patient, workspace, clock)
    before = await pipeline(client)
    assert before["coverage"] is None
    await make_target(client)
    after = await pipeline(client)
    assert after["coverage"]["target"] == eur("100000.00")
    assert all(one["required_stock"] for one in after["milestones"])
    assert after["learnt"] == before["learnt"]


async def test_a_past_moment_is_told_as_it_was_then(client, workspace, patient, large, clock):
    await make_target(client)
    await pipeline(client)
    clock.forward(days=1)
    await night(patient, workspace, clock)
    then, moment = await pipeline(client), clock.now.isoformat()
    clock.forward(days=1)
    won, *_ = await standing(client, "slow")
    await order(client, won["opportunity_id"], "4321.00")
    await night(patient, workspace, clock)
    keeping.known.clear()
    assert await pipeline(client, as_of=moment) == then | {"close_dates": None}
    assert (await pipeline(client))["learnt"]["as_of"] > then["learnt"]["as_of"]


async def test_with_fewer_deals_it_is_found_by_the_question_and_nothing_is_kept(
    client, engine, workspace, deals
):
    found = await pipeline(client)
    assert found["learnt"] == {
        "source": "question",
        "as_of": found["as_of"],
        "deals": len(deals),
    }
    assert await lessons(engine, workspace) == []


async def test_whoever_asks_has_to_be_let_in_first(client, neighbour, large, people):
    mine = {"process": PROCESS, "scope": f"owner:{people[0]['id']}"}
    await pipeline(client, scope=mine["scope"])
    await ask(neighbour, "/v1/pipeline", status=404, **mine)
    answer = await client.delete(f"/v1/people/{people[0]['id']}", headers={"If-Match": '"1"'})
    assert answer.status_code == 204, answer.text
    await ask(client, "/v1/pipeline", status=404, **mine)


@pytest.mark.parametrize("whose", ["all", "owner", "team"])
async def test_the_number_of_statements_does_not_depend_on_how_many_deals_there_are(
    client, engine, workspace, people, large, statements, whose
):
    await make_target(client)
    scope = {"owner": f"owner:{people[0]['id']}", "team": f"team:{people[0]['team_id']}"}

    async def asked():
        statements.clear()
        found = await pipeline(client, scope=scope.get(whose, whose))
        return len(statements), found

    few = min([(await asked())[0] for _ in range(4)])
    await season(engine, workspace, deals=64, business_type="new")
    # What was touched is read once more as long as somebody else's transaction lasts.
    async with asyncio.timeout(30):
        many, found = await asked()
        while many > few:
            many, found = await asked()
    assert found["learnt"]["deals"] == len(large)
    assert found["stock"]["count"] > 0
