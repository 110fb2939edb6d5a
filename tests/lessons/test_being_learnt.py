"""Where there is more to read than a question has time for, a worker reads it."""

import asyncio

import pytest

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain import jobs
from app.domain.access import home
from app.domain.lessons import calling, keeping, learning
from app.domain.processes import resolve
from app.schemas.jobs import JobKind
from tests.aims import ask
from tests.imports.support import until
from tests.lessons.support import PROCESS, lessons

PATHS = ["/v1/rates", "/v1/leaks", "/v1/forecast"]


@pytest.fixture
def enormous(monkeypatch, large):
    monkeypatch.setattr(keeping, "ENORMOUS", 100)
    return large


@pytest.fixture
def unlearnt(monkeypatch):
    """Until the test has ended a worker is at the first that was asked for."""
    ended = asyncio.Event()
    monkeypatch.setattr(learning, "wanted", lambda *_: ended.wait())
    yield
    ended.set()


@pytest.mark.parametrize("path", PATHS)
async def test_who_asks_first_is_told_to_come_again_and_is_answered_then(
    client, engine, workspace, enormous, clock, path
):
    refusal = await client.get(path, params={"process": PROCESS})
    assert refusal.status_code == 503, refusal.text
    assert refusal.json()["code"] == "being-learnt"
    assert int(refusal.headers["Retry-After"]) >= 1

    async def learnt():
        clock.forward(seconds=1)
        answer = await client.get(path, params={"process": PROCESS})
        assert answer.status_code in (200, 503), answer.text
        return answer.status_code == 200

    await until(learnt)
    found = await ask(client, path, process=PROCESS)
    assert found["learnt"]["source"] == "lesson"
    assert found["learnt"]["deals"] == len(enormous)
    assert all(row.asked for row in await lessons(engine, workspace))


async def test_who_asks_again_meanwhile_adds_nothing_to_do(client, enormous, work, monkeypatch):
    monkeypatch.setattr(learning, "wanted", _nothing)
    for _ in range(3):
        await ask(client, "/v1/rates", status=503, process=PROCESS, window="5m")
    process = await resolve(work, PROCESS)
    found = (await jobs.find(work, jobs.JobQuery(kind=JobKind.LESSONS))).data
    assert [one.subject for one in found] == [f'{process.id} rates {{"window":"5m"}}']


async def test_of_those_that_ask_in_ever_new_ways_only_so_many_are_queued(
    client, enormous, work, unlearnt, monkeypatch
):
    monkeypatch.setattr(calling, "MOST_QUEUED", 2)
    for days in range(1, 5):
        await ask(client, "/v1/rates", status=503, process=PROCESS, window=f"{days}d")
    found = (await jobs.find(work, jobs.JobQuery(kind=JobKind.LESSONS))).data
    assert sorted(one.subject.partition("rates ")[2] for one in found) == [
        '{"window":"1d"}',
        '{"window":"2d"}',
    ]


async def test_a_worker_learns_what_can_be_asked_and_is_not_there_yet(
    engine, workspace, enormous, clock
):
    async with workspace_transaction(engine, workspace[0]) as db:
        work = Work(db, workspace[0], await home(db, workspace[0]), clock.now, "test")
        process = await resolve(work, PROCESS)
        for shape in ('leaks {"period":"FY1"}', "rates", "rates"):
            clock.forward(seconds=1)
            await learning.wanted(work, f"{process.id} {shape}", lambda: clock.now)
    [found] = await lessons(engine, workspace)
    assert (found.shape, found.asked) == ("rates", True)
    assert found.as_of < found.in_force_from < clock.now


async def _nothing(*_):
    """As if it took very long."""
