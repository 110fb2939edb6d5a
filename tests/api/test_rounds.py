"""Daily rounds: dead horses get a notice and, unless the customer acts, an exit; once a day."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.core.database import workspace_transaction
from app.core.settings import Settings
from app.domain import burials, rounds
from app.tables import DailyRound, ForecastSnapshot, Workspace
from tests.aims import ask
from tests.conftest import NOW
from tests.deals import eur, make_process, tell
from tests.flows import flow
from tests.herds import LOSERS, WINNERS, herd

DEAD = [(-1095 + number, [], {"name": f"horse {number}"}) for number in range(5)]
ONLY_STALE = {"stale": burials.bury}
HERE = {"process": "new-business"}


@pytest.fixture
async def patient(database, app):
    """The engine of the worker."""
    engine = database.patient_engine(Settings(_env_file=None))
    yield engine
    await engine.dispose()


@pytest.fixture
def visit(patient, clock, workspace):
    """A look whether the round of this test's workspace is due."""

    async def visit(steps=ONLY_STALE):
        today = rounds.day_of(clock.now, ZoneInfo("Europe/Berlin"))
        return await rounds.visit(patient, clock, workspace[0], today, steps)

    return visit


@pytest.fixture
async def horse(client, engine, workspace):
    """One of five dead horses of a process that gives them up after 14 days."""
    await make_process(client, stale_policy="auto")
    ids = await herd(engine, workspace, *DEAD)
    await herd(engine, workspace, *WINNERS, *LOSERS)
    return {"id": ids[0]}


async def kinds(client, deal):
    events = (await ask(client, f"/v1/opportunities/{deal['id']}/events"))["data"]
    return [each["kind"] for each in events]


async def standing(client, deal):
    found = await ask(client, f"/v1/opportunities/{deal['id']}")
    return found["status"], found["exit_kind"], found["exit_reason"]


async def days(visit, clock, count):
    for _ in range(count):
        clock.forward(days=1)
        await visit()


async def test_a_dead_horse_gets_a_notice_and_then_an_exit(client, visit, clock, horse):
    await visit()
    assert await kinds(client, horse) == ["created", "reached", "stale_noticed"]
    [first, *_] = (await ask(client, "/v1/stale", **HERE, state="dead"))["data"]
    assert first["notice"] == {"noticed_at": "2026-07-20T09:30:00Z", "exits_on": "2026-08-03"}
    await days(visit, clock, 13)
    assert await standing(client, horse) == ("open", None, None)
    await days(visit, clock, 1)
    assert await standing(client, horse) == ("exited", "stale", "stale")
    events = (await ask(client, f"/v1/opportunities/{horse['id']}/events"))["data"]
    assert [(one["actor"], one["source"]) for one in events[-2:]] == [("backcast", "backcast")] * 2
    assert (await ask(client, "/v1/stale", **HERE, state="dead"))["data"] == []


async def test_a_round_is_done_once_a_day_however_often_one_looks(client, visit, clock, horse):
    for hours in (0, 3, 6):
        clock.now = NOW + timedelta(hours=hours)
        await visit()
    assert await kinds(client, horse) == ["created", "reached", "stale_noticed"]


async def test_two_servers_at_once_do_it_once(client, visit, clock, horse):
    await asyncio.gather(*(visit() for _ in range(2)))
    assert await kinds(client, horse) == ["created", "reached", "stale_noticed"]


async def test_of_missed_days_only_the_latest_is_made_up_for(
    client, visit, clock, engine, workspace, horse
):
    await visit()
    clock.forward(days=40)
    await visit()
    async with workspace_transaction(engine, workspace[0]) as db:
        done = (await db.scalars(select(DailyRound.day).order_by(DailyRound.day))).all()
    assert sorted({day.isoformat() for day in done}) == ["2026-07-20", "2026-08-29"]
    assert await standing(client, horse) == ("exited", "stale", "stale")


async def test_a_round_begins_at_two_in_the_morning_of_the_workspace(
    client, engine, workspace, visit, clock, horse
):
    clock.now = datetime(2026, 7, 20, 23, 59, tzinfo=UTC)  # 1:59 in Berlin: still the day before
    await visit()
    clock.now = NOW
    await visit()
    assert (await kinds(client, horse)).count("stale_noticed") == 1
    clock.now = datetime(2026, 7, 21, 0, 0, tzinfo=UTC)
    await visit()
    async with workspace_transaction(engine, workspace[0]) as db:
        done = (await db.scalars(select(DailyRound.day).where(DailyRound.kind == "stale"))).all()
    assert sorted(day.isoformat() for day in done) == ["2026-07-20", "2026-07-21"]


async def test_an_act_of_the_customer_ends_the_notice(client, visit, clock, horse):
    await visit()
    clock.forward(days=5)
    await tell(client, horse, "reach", milestone="invited")
    await days(visit, clock, 30)
    assert await standing(client, horse) == ("open", None, None)
    assert (await kinds(client, horse)).count("stale_noticed") == 1


async def test_nothing_of_ours_ends_it(client, visit, clock, horse):
    await visit()
    clock.forward(days=5)
    await tell(client, horse, "ball", ball="customer", note="called again")
    await days(visit, clock, 9)
    assert await standing(client, horse) == ("exited", "stale", "stale")


async def test_what_was_put_on_hold_gets_a_new_notice_afterwards(client, visit, clock, horse):
    await visit()
    await tell(client, horse, "hold", until="2026-08-01T00:00:00Z")
    await days(visit, clock, 20)
    assert await standing(client, horse) == ("open", None, None)
    assert (await kinds(client, horse)).count("stale_noticed") == 2


async def test_the_revived_begin_anew_and_the_exit_counts_no_more(client, visit, clock, horse):
    await visit()
    await days(visit, clock, 14)
    lost = (await ask(client, "/v1/rates", **HERE, window="120m"))["sections"][0]["counts"]
    clock.forward(days=1)
    await tell(client, horse, "revive", act="did", what="asked for a price")
    await days(visit, clock, 1)
    assert await standing(client, horse) == ("open", None, None)
    again = (await ask(client, "/v1/rates", **HERE, window="120m"))["sections"][0]["counts"]
    assert (lost["exited"], again["exited"]) == (50, 49)


@pytest.mark.parametrize("policy", ["off", "propose"])
async def test_nothing_is_written_unless_the_process_wants_it(
    client, engine, workspace, visit, clock, policy
):
    await make_process(client, stale_policy=policy)
    ids = await herd(engine, workspace, *DEAD)
    await herd(engine, workspace, *WINNERS, *LOSERS)
    await visit()
    await days(visit, clock, 15)
    assert await kinds(client, {"id": ids[0]}) == ["created", "reached"]
    assert len((await ask(client, "/v1/stale", **HERE, state="dead"))["data"]) == 5


async def test_a_round_that_died_has_done_nothing_and_is_done_again(
    client, visit, clock, horse, caplog
):
    async def dying(work, process):
        await burials.bury(work, process)
        raise OSError("the power went")

    assert await visit(steps={"stale": dying}) is False
    assert await kinds(client, horse) == ["created", "reached"]
    assert "tried again" in caplog.text
    assert await visit() is True
    assert await kinds(client, horse) == ["created", "reached", "stale_noticed"]


async def test_every_process_gets_its_snapshot(engine, workspace, visit, clock, horse):
    await visit(rounds.STEPS)
    async with workspace_transaction(engine, workspace[0]) as db:
        days = (await db.scalars(select(ForecastSnapshot.day))).all()
    assert [day.isoformat() for day in days] == ["2026-07-20"]


async def test_who_moves_in_the_meantime_is_not_given_up(client, visit, clock, horse):
    """The customer's act is told after the notice, of a day before it."""
    await visit()
    clock.forward(days=10)
    await tell(client, horse, "reach", milestone="invited", occurred_at="2026-07-01T08:00:00Z")
    await days(visit, clock, 30)
    assert await standing(client, horse) == ("open", None, None)


async def test_a_won_deal_is_never_noticed(client, visit, clock, horse):
    won = await flow(client, (5, "order"), day=-900)
    await visit()
    assert "stale_noticed" not in await kinds(client, won)
    assert eur("1000.00")["amount"] == won["ordered_value"]["amount"]


async def test_a_look_goes_everywhere_and_remembers_where_it_was(patient, clock, workspace, horse):
    async with patient.begin() as db:
        everywhere = (await db.scalars(select(Workspace.id))).all()
    # What other tests left behind was visited already, as far as this look knows.
    memory = {id: date(2026, 7, 20) for id in everywhere if id != workspace[0]}
    await rounds.call(patient, clock, memory)
    assert memory[workspace[0]] == date(2026, 7, 20)
    seen = dict(memory)
    await rounds.call(patient, clock, memory)
    assert memory == seen
