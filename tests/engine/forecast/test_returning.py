"""Deals on hold add nothing until they return, and from then on what they added before."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from app.engine.flow.facts import standing
from app.engine.forecast import Prior, effect, forecast, of_scope
from app.engine.forecast.returning import with_returning
from app.engine.forecast.rivals import rivals
from app.engine.worlds import World, simulate
from tests.engine.worlds_as_facts import by_hand, facts_of, with_stays

AT = datetime(2026, 7, 20, tzinfo=UTC)
PRIOR = Prior([0.5] * 4, [30.0] * 4)
HELD_FOR = 10.0


@pytest.fixture(scope="module")
def world():
    return facts_of(simulate(World(per_month=12), 1, date(2025, 7, 1), AT.date()), 5, AT)


@pytest.fixture(scope="module")
def held(world):
    """The same, but the last deal that stands has been on hold for ten days; with its number."""
    deal = int(standing(world).deal[-1])
    last = np.flatnonzero(world.stays.deal == deal)[-1]
    left = world.stays.left.copy()
    left[last] = max(left[last] - HELD_FOR, world.stays.entered[last])
    return with_stays(world, left=left), deal, last


@pytest.fixture(scope="module")
def made(held):
    facts = held[0]
    return forecast(facts, [facts.at + days for days in (30, 60, 90)], PRIOR)


def test_back_today_a_deal_adds_what_its_place_and_age_say(held, made):
    facts, deal, last = held
    found = with_returning(made, facts, {deal: facts.at})
    place = int(facts.stays.section[last]), float(facts.stays.days[last])
    expected = effect(made, float(facts.amount[deal]), None, place)
    assert deal not in made.deals
    assert (found.deals[-1], found.value[-1], found.count[-1]) == (
        deal,
        expected.value,
        expected.count,
    )


def test_the_later_the_return_the_less_by_every_end(held, made):
    facts, deal, _ = held
    rows = [
        with_returning(made, facts, {deal: facts.at + days}).count[-1] for days in (0, 20, 45, 90)
    ]
    assert rows[-1] == [0, 0, 0]
    assert rows[2][0] == 0 < rows[2][1]
    reached = np.cumsum(rows, axis=1)
    assert (np.diff(reached, axis=0) <= 0).all()


def test_everybody_else_stays_as_he_was(held, made):
    facts, deal, _ = held
    found = with_returning(made, facts, {deal: facts.at + 5})
    assert found.value[:-1] == made.value
    assert with_returning(made, facts, {}) is made
    whole, before = of_scope(found)[0], of_scope(made)[0]
    assert whole.count.expected - before.count.expected == whole.count.from_open - (
        before.count.from_open
    )


def test_who_stands_open_is_not_counted_twice(world):
    made = forecast(world, [world.at + 30], PRIOR)
    assert with_returning(made, world, {made.deals[0]: world.at + 5}) is made


def test_flat_percentages_are_those_of_closed_deals(world):
    found = rivals(world)
    assert 0 < found.by_section[0] < found.by_section[-1] <= 1
    assert found.overall == pytest.approx(found.by_section[0])
    nothing = by_hand([], 10.0, sections=4)
    assert rivals(nothing).overall is None
