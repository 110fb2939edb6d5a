"""At night a large workspace learns what is usually asked, and what somebody waited for."""

from datetime import timedelta

from app.domain import facts
from app.domain.lessons import keeping, learning
from app.domain.lessons.register import KINDS
from tests.aims import ask
from tests.lessons.support import PROCESS, lessons, night


async def test_what_is_usually_asked_is_learnt_though_nobody_did(
    engine, workspace, patient, large, clock
):
    clock.forward(days=1)
    await night(patient, workspace, clock)
    found = await lessons(engine, workspace)
    usual = {row for kind in KINDS.values() for shape in kind.usual() for row in kind.rows(shape)}
    assert {row.shape for row in found} == usual
    assert not any(row.asked for row in found)
    assert all(row.in_force_from > row.learnt_at == row.as_of for row in found)


async def test_what_took_long_to_learn_comes_into_force_later(
    engine, workspace, patient, large, clock, monkeypatch
):
    clock.forward(days=1)
    began = clock.now
    watch = iter([0.0, timedelta(hours=40, minutes=7).total_seconds()])
    monkeypatch.setattr(learning, "monotonic", lambda: next(watch))
    await night(patient, workspace, clock)
    force = {row.in_force_from for row in await lessons(engine, workspace)}
    assert force == {began + timedelta(hours=40, minutes=7) + learning.MARGIN}


async def test_each_kind_is_learnt_from_as_many_arrivals_as_it_needs(
    engine, workspace, patient, large, clock, monkeypatch
):
    monkeypatch.setattr(keeping, "VERY_LARGE", 100_000)
    clock.forward(days=1)
    await night(patient, workspace, clock)
    few = [kind for kind in KINDS.values() if kind.least() == keeping.LARGE]
    names = {row for kind in few for shape in kind.usual() for row in kind.rows(shape)}
    assert {row.shape for row in await lessons(engine, workspace)} == names


async def test_all_that_is_learnt_of_a_process_is_learnt_from_one_reading(
    client, workspace, patient, large, clock, monkeypatch
):
    await ask(client, "/v1/forecast", process=PROCESS, grain="quarter", periods="2")
    told, seen = facts.keeping.kept, []

    async def watched(work, asked):
        seen.append(asked)
        return await told(work, asked)

    monkeypatch.setattr(facts.keeping, "kept", watched)
    clock.forward(days=1)
    await night(patient, workspace, clock)
    assert len(seen) == 1


async def test_of_all_that_was_waited_for_a_night_learns_the_latest(
    client, engine, workspace, patient, large, clock, monkeypatch
):
    monkeypatch.setattr(learning, "MOST", 3)
    for periods in "1234":
        await ask(client, "/v1/forecast", process=PROCESS, periods=periods)
        clock.forward(minutes=1)
    clock.forward(days=1)
    await night(patient, workspace, clock)
    learnt = {row.shape for row in await lessons(engine, workspace) if not row.asked}
    assert {shape for shape in learnt if shape.startswith("forecast")} == {
        f"forecast all month {periods}" for periods in (6, 4, 3)
    }


async def test_what_this_version_of_the_service_cannot_read_is_learnt_anew(
    client, large, clock, monkeypatch
):
    first = await ask(client, "/v1/forecast", process=PROCESS)
    clock.forward(minutes=1)
    keeping.known.clear()
    monkeypatch.setattr(keeping, "heard", _unreadable)
    again = await ask(client, "/v1/forecast", process=PROCESS)
    assert again["learnt"] == first["learnt"] | {"as_of": again["as_of"]}


def _unreadable(*_):
    raise ValueError
