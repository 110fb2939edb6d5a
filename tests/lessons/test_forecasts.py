"""In large workspaces a forecast is told by what was learnt at a fixed moment; what is open counts
at once."""

import asyncio
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain import contributions, forecasts, rounds
from app.domain.access import home
from app.domain.horses import dead_among
from app.domain.lessons import keeping, learning, payloads
from app.domain.processes import version_at
from app.tables import ForecastLesson
from tests.aims import ask
from tests.conftest import NOW
from tests.deals import change, eur, post, tell
from tests.imports.support import until
from tests.lessons.support import STATED, lessons, unlearnt

HERE = {"process": "new-business"}
SHAPE = "forecast all month 6"
LEARNING = {"lessons": learning.nightly}


async def forecast(client, **asked):
    return await ask(client, "/v1/forecast", **HERE, **asked)


async def test_a_small_workspace_learns_in_the_question_and_keeps_nothing(
    client, engine, workspace, deals
):
    found = await forecast(client)
    assert found["learnt"] == {"source": "question", "as_of": found["as_of"], "deals": len(deals)}
    assert await lessons(engine, workspace) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"explain": "true"},
        {"unit": "orders", "grain": "quarter", "periods": "3"},
        {"business_type": "new", "explain": "true"},
        {"business_type": "existing", "periods": "2"},
        {"grain": "week", "periods": "9"},
    ],
)
async def test_a_lesson_says_at_its_moment_what_the_question_would(client, many, people, asked):
    scopes = ["all", f"owner:{people[0]['id']}", f"team:{people[0]['team_id']}"]
    first = await forecast(client, **asked)
    assert first["learnt"]["source"] == "question"
    then = [await forecast(client, scope=scope, **asked) for scope in scopes]

    keeping.known.clear()
    no_lesson = {"effective_at": NOW.isoformat()}
    now = [await forecast(client, scope=scope, **asked, **no_lesson) for scope in scopes]
    assert {each["learnt"]["source"] for each in then} == {"lesson"}
    assert {each["learnt"]["source"] for each in now} == {"question"}
    assert unlearnt(then[0]) == unlearnt(first)
    for lesson, question in zip(then, now, strict=True):
        assert unlearnt(lesson) == unlearnt(question) | {"effective_at": None}


async def test_what_happens_counts_at_once_and_teaches_nothing_yet(client, many, deals, clock):
    before = await forecast(client, explain="true")
    chances = {one["opportunity_id"]: one for one in before["contributions"]}
    lost, grown = sorted(chances)[:2]
    await tell(client, {"id": lost}, "exit", kind="lost")
    await change(client, {"id": grown}, value=eur("1000000.00"))
    after = await forecast(client, explain="true")
    now = {one["opportunity_id"]: one for one in after["contributions"]}
    assert now.keys() == chances.keys() - {lost}
    assert now[grown]["chances"] == chances[grown]["chances"]
    assert now[grown]["value"] == eur("1000000.00")
    assert after["learnt"]["as_of"] == before["as_of"]
    untouched = now.keys() - {grown}
    assert all(now[id] == chances[id] for id in untouched)
    parts = [Fraction(one["contributions_exact"][0]) for one in after["contributions"]]
    assert sum(parts) == Fraction(after["periods"][0]["contributed_exact"])


async def test_the_same_moment_has_the_same_forecast_later(client, many, deals, clock):
    await forecast(client)
    clock.forward(hours=3)
    moment = clock.now
    live = await forecast(client, explain="true")
    clock.forward(hours=1)
    await tell(client, {"id": live["contributions"][0]["opportunity_id"]}, "exit", kind="lost")
    keeping.known.clear()
    again = await forecast(client, explain="true", as_of=moment.isoformat())
    assert again == live
    assert again["learnt"]["source"] == "lesson"
    earlier = await forecast(client, as_of=(moment - timedelta(hours=4)).isoformat())
    assert earlier["learnt"]["source"] == "question"
    assert await forecast(client, explain="true", as_of=moment.isoformat()) == live


async def test_who_asks_while_it_is_learnt_waits_for_it(client, engine, workspace, many, settings):
    process = (await client.get("/v1/processes/new-business")).json()
    async with workspace_transaction(engine, workspace[0]) as db:
        work = Work(db, workspace[0], await home(db, workspace[0]), NOW, "test")
        version = await version_at(work, UUID(process["id"]), NOW)
        await keeping.alone(work, [keeping.Key(version.process_id, version.id, SHAPE)])
        assert await db.scalar(text("SHOW lock_timeout")) == f"{settings.lock_timeout_seconds}s"
        waiting = asyncio.create_task(forecast(client))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(settings.lock_timeout_seconds + 1):
                await asyncio.shield(waiting)
    assert (await waiting)["learnt"]["source"] == "question"


async def test_a_question_about_a_moment_without_a_lesson_keeps_nothing(client, many, clock, work):
    then = clock.now.isoformat()
    clock.forward(hours=1)
    before = await forecast(client, as_of=then)
    assert before["learnt"]["source"] == "question"
    assert await work.all(work.rows(ForecastLesson)) == []
    assert await forecast(client, as_of=then) == before


async def test_what_another_question_learns_later_of_a_moment_before_changes_nothing(
    client, many, clock, monkeypatch
):
    judged_by = []

    def watched(story, resets, norms):
        judged_by.append(payloads.told(norms))
        return dead_among(story, resets, norms)

    monkeypatch.setattr(forecasts, "dead_among", watched)
    await forecast(client)
    clock.forward(hours=3)
    moment = clock.now.isoformat()
    live = await forecast(client)
    earlier = (clock.now - timedelta(hours=1)).isoformat()
    assert (await forecast(client, periods="2", as_of=earlier))["learnt"]["source"] == "question"
    assert await forecast(client, as_of=moment) == live
    first, then, other, again = judged_by
    assert first == then == again != other


async def test_deals_that_get_older_are_told_by_the_same_lesson(client, many, clock):
    first = await forecast(client, explain="true")
    clock.forward(days=1)
    later = await forecast(client, explain="true")
    ages = [
        {one["opportunity_id"]: float(one["age_days"]) for one in answer["contributions"]}
        for answer in (first, later)
    ]
    assert later["learnt"]["as_of"] == first["as_of"]
    assert all(ages[1][id] == pytest.approx(ages[0][id] + 1, abs=0.11) for id in ages[1])


async def test_a_lesson_that_was_not_learnt_anew_for_two_days_is_learnt_by_the_question(
    client, many, clock
):
    first = await forecast(client)
    clock.forward(hours=47, minutes=59)
    assert (await forecast(client))["learnt"]["as_of"] == first["as_of"]
    clock.forward(minutes=1)
    assert (await forecast(client))["learnt"]["source"] == "question"


async def test_what_was_waited_for_is_learnt_every_night_and_in_force_from_five(
    client, engine, workspace, patient, many, clock
):
    await forecast(client)
    await forecast(client, business_type="new", grain="quarter", periods="2")
    berlin = ZoneInfo("Europe/Berlin")
    round_begins = time(rounds.BEGINS_AT_HOUR, 7)
    tonight = datetime.combine(NOW.astimezone(berlin).date() + timedelta(days=1), round_begins)
    clock.now = tonight.replace(tzinfo=berlin).astimezone(UTC)
    today = rounds.day_of(clock.now, berlin)
    assert await rounds.visit(patient, lambda: clock.now, workspace[0], today, LEARNING)
    new = [row for row in await lessons(engine, workspace) if not row.asked]
    assert {row.shape for row in new} == {
        "forecast all month 6",
        "forecast new quarter 2",
        "horses forecast all month 6",
        "horses forecast new quarter 2",
    }
    assert {(row.as_of, row.in_force_from) for row in new} == {
        (tonight.replace(tzinfo=berlin), tonight.replace(hour=5, minute=0, tzinfo=berlin))
    }
    assert (await forecast(client))["learnt"]["as_of"] == NOW.isoformat().replace("+00:00", "Z")
    clock.now = tonight.replace(hour=5, minute=0, tzinfo=berlin).astimezone(UTC)
    found = await forecast(client)
    assert datetime.fromisoformat(found["learnt"]["as_of"]) == tonight.replace(tzinfo=berlin)
    assert found["learnt"]["source"] == "lesson"


async def test_a_new_version_is_a_new_lesson_learnt_as_soon_as_it_is_published(
    client, engine, workspace, many, clock
):
    await forecast(client)
    clock.forward(minutes=1)
    await post(client, "/v1/processes/new-business/versions", milestones=STATED)

    async def learnt():
        return any(not row.asked for row in await lessons(engine, workspace))

    await until(learnt)
    clock.forward(minutes=15)
    found = await forecast(client)
    assert found["learnt"]["source"] == "lesson"
    assert found["process_version"] == 2


async def test_the_most_valuable_of_those_left_out_are_named_and_all_are_counted(
    client, deals, monkeypatch
):
    monkeypatch.setattr(contributions, "MOST_NAMED", 2)
    whole = await forecast(client, explain="true")
    held = [one["opportunity_id"] for one in whole["contributions"]][:5]
    until = (NOW + timedelta(days=90)).isoformat()
    for place, id in enumerate(held):
        await change(client, {"id": id}, value=eur(f"{place + 1}000000.00"))
        await tell(client, {"id": id}, "hold", until=until, reason="x")
    found = await forecast(client)
    named = [one["opportunity_id"] for one in found["excluded"] if one["reason"] == "on_hold"]
    [count] = [one["count"] for one in found["excluded_sums"] if one["reason"] == "on_hold"]
    assert named == sorted(held[-2:])
    assert count == len(held)
