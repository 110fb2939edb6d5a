"""The story of a process as columns: the same told from the stored state and from the events."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import text

from app.domain.demo import PROCESS, Size, fill
from app.domain.facts import deals_of, stays_of, story, teams_on
from app.domain.facts.deals import ACTED, PASSED
from app.domain.facts.sql import TOLD, rows_sql
from app.domain.processes import resolve
from app.domain.replay import values_of
from app.engine.flow.facts import Outcome, day, standing
from app.schemas.scopes import EVERYBODY, Subject, Whose
from tests.aims import make_team
from tests.conftest import NOW
from tests.deals import change, eur, make_deal, make_person, make_process, post, tell


async def told(work, key="new-business", **moment):
    process = await resolve(work, key)
    return await story(work, process.id, **moment)


def same(one, other):
    for group in ("stays", "orders"):
        a, b = getattr(one.facts, group), getattr(other.facts, group)
        for name in a.__slots__:
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name), name)
    np.testing.assert_array_equal(one.facts.amount, other.facts.amount)
    assert one.facts.since == other.facts.since


async def test_now_is_the_same_from_the_stored_state_and_from_the_events(work):
    await fill(work, 7, Size(months=8, per_month=10))
    stored, replayed = await told(work, PROCESS), await told(work, PROCESS, as_of=work.now)
    same(stored, replayed)
    assert stored.deals == replayed.deals
    assert len(standing(stored.facts).deal) > 5


async def test_the_past_is_untouched_by_what_came_later(work):
    await fill(work, 7, Size(months=8, per_month=10))
    then = work.now - timedelta(days=60)
    past = await told(work, PROCESS, as_of=then)
    as_it_was = await told(replace(work, now=then), PROCESS, as_of=then)
    same(past, as_it_was)
    assert past.facts.stays.left.max() <= day(then)


@pytest.fixture
async def process(client):
    return await make_process(client)


def outcomes(told):
    stays = told.facts.stays
    pairs = zip(stays.section.tolist(), stays.outcome.tolist(), strict=True)
    return [(section, Outcome(outcome).name) for section, outcome in pairs]


async def test_a_stay_ends_by_going_on_by_leaving_or_not_at_all(client, work, process):
    for name in ("on", "out", "there"):
        deal = await make_deal(client, name, created_at="2026-05-01T08:00:00Z")
        await tell(client, deal, "reach", milestone="interest", occurred_at="2026-05-01T09:00:00Z")
        if name == "on":
            at = "2026-05-11T09:00:00Z"
            await tell(client, deal, "reach", milestone="invited", occurred_at=at)
        if name == "out":
            await tell(client, deal, "exit", kind="lost", occurred_at="2026-05-21T09:00:00Z")
    found = await told(work)
    assert outcomes(found) == [(0, "ADVANCED"), (1, "OPEN"), (0, "LOST"), (0, "OPEN")]
    assert found.facts.stays.days.tolist()[0::2] == [10.0, 20.0]


async def test_a_duplicate_and_a_deal_on_hold_are_watched_no_longer(client, work, process):
    for kind in ("duplicate", None):
        deal = await make_deal(client, "deal", created_at="2026-05-01T08:00:00Z")
        await tell(client, deal, "reach", milestone="interest", occurred_at="2026-05-01T09:00:00Z")
        if kind:
            await tell(client, deal, "exit", kind=kind)
        else:
            await tell(client, deal, "hold", until="2026-12-01T00:00:00Z", reason="budget")
    found = await told(work)
    assert outcomes(found) == [(0, "OPEN"), (0, "OPEN")]
    assert len(standing(found.facts).deal) == 0


async def test_many_exits_at_once_are_a_clean_up_and_no_decision(client, work, process):
    for _ in range(21):
        deal = await make_deal(client)
        await tell(client, deal, "reach", milestone="interest")
        await tell(client, deal, "exit", kind="no_decision")
    assert set(outcomes(await told(work))) == {(0, "OPEN")}


async def test_exits_told_late_are_decisions_however_fast_they_are_told(client, work, process):
    for number in range(21):
        deal = await make_deal(client, created_at="2026-05-01T08:00:00Z")
        await tell(client, deal, "reach", milestone="interest", occurred_at="2026-05-01T09:00:00Z")
        out = f"2026-06-{number + 1:02}T09:00:00Z"
        await tell(client, deal, "exit", kind="no_decision", occurred_at=out)
    assert set(outcomes(await told(work))) == {(0, "LOST")}


async def test_a_step_back_waits_below_with_the_old_clock(client, work, clock, process):
    deal = await make_deal(client, created_at="2026-05-01T08:00:00Z")
    await tell(client, deal, "reach", milestone="interest", occurred_at="2026-05-01T09:00:00Z")
    await tell(client, deal, "reach", milestone="need", occurred_at="2026-05-11T09:30:00Z")
    await tell(client, deal, "regress", milestone="interest", reason="budget frozen")
    found = standing((await told(replace(work, now=clock.forward(days=10)))).facts)
    assert found.section.tolist() == [0]
    assert found.age.tolist() == [80.0]


async def test_unknown_is_worth_its_products_list_price_of_then(client, work, process):
    product = await post(client, "/v1/products", name="Press", list_price=eur("900.00"))
    deal = await make_deal(client, product_ids=[product["id"]])
    await tell(client, deal, "reach", milestone="interest")
    path = f"/v1/products/{product['id']}"
    await client.patch(path, json={"list_price": eur("1.00")}, headers={"If-Match": '"1"'})
    assert (await told(work)).facts.amount.tolist() == [900.0]


async def test_what_is_known_later_was_unknown_before(client, work, clock, process):
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="interest")
    clock.forward(days=5)
    await change(client, deal, value=eur("500.00"))
    later = replace(work, now=clock.forward(days=1))
    assert (await told(later)).facts.amount.tolist() == [500.0]
    assert np.isnan((await told(later, as_of=NOW)).facts.amount).all()


async def test_a_scope_has_its_share_of_each_deal(client, work, process):
    ada, bob = [await make_person(client, name) for name in ("Ada", "Bob")]
    shares = [
        {"person_id": ada["id"], "percent": "70"},
        {"person_id": bob["id"], "percent": "30"},
    ]
    deal = await make_deal(client, owner_id=ada["id"], credits=shares)
    await tell(client, deal, "reach", milestone="interest")
    found = await told(work)
    people = [Subject.of(f"{Whose.OWNER}:{one['id']}") for one in (ada, bob)]
    parts = [(await deals_of(work, found, subject))[0] for subject in (*people, EVERYBODY)]
    assert [str(part) for part in parts] == ["7/10", "3/10", "1"]


async def test_a_team_has_the_stays_of_those_who_were_in_it_that_day(client, work, process):
    team = await make_team(client, "North")
    ada = await make_person(client, team_id=team["id"], team_since="2026-06-01")
    bob = await make_person(client, "Bob")
    for owner in (ada, bob, None):
        for at in ("2026-05-31T21:59:59.999999Z", "2026-05-31T22:00:00Z", "2026-07-01T08:00:00Z"):
            whose = {} if owner is None else {"owner_id": owner["id"]}
            deal = await make_deal(client, created_at="2026-05-01T08:00:00Z", **whose)
            await tell(client, deal, "reach", milestone="interest", occurred_at=at)
    found = await told(work)
    inside = await stays_of(work, found, Subject.of(f"{Whose.TEAM}:{team['id']}"))
    each = await teams_on(work, found.arrived_owner, found.arrived_at)
    assert inside.tolist() == [str(one) == team["id"] for one in each]
    assert inside.sum() == 2
    for person in (ada, bob):
        mine = await stays_of(work, found, Subject.of(f"{Whose.OWNER}:{person['id']}"))
        assert mine.tolist() == [str(one) == person["id"] for one in found.arrived_owner]


async def test_seven_statements_tell_a_story_however_long_it_is(work, statements):
    await fill(work, 7, Size(months=4, per_month=5))
    process = await resolve(work, PROCESS)
    statements.clear()
    await story(work, process.id)
    assert len(statements) == 7


@pytest.mark.parametrize("past", [False, True])
async def test_deals_are_read_in_the_order_of_their_columns(work, past):
    sql = rows_sql(past=past)
    values = values_of(work) | {"process": uuid4(), "at": work.now, "as_of": work.now}
    values |= {"effective_at": None, "hold_limit": 0}
    given = {name: value for name, value in values.items() if f":{name}" in sql}
    found = await work.db.execute(text(sql), given)
    assert tuple(found.keys()) == (*TOLD, ACTED, PASSED)
