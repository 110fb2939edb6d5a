"""The chance to get to the next milestone, against what constant hazards must give."""

import numpy as np
import pytest

from app.engine.forecast import Rates, ever, roll
from app.engine.forecast.fit import SectionRates
from app.engine.forecast.reach import next_reach, until


def section(*onward, lost=0.01):
    none = np.zeros(1)
    rates = np.array([[each] for each in onward])
    return SectionRates(np.array([0]), rates, np.array([lost]), none, none, none, 0.0)


@pytest.fixture
def rates():
    """Four sections; each day one in a hundred goes on to the next, one in a hundred leaves."""
    return Rates(1.0, tuple(section(0.01, *[0.0] * later) for later in (3, 2, 1, 0)))


def test_half_of_those_that_leave_at_equal_hazards_get_to_the_next_milestone(rates):
    [found] = next_reach(rates, [1], [12.0], 30.0)
    assert found.ever == pytest.approx(0.5)
    assert found.within == pytest.approx(0.5 * (1 - 0.98**30))


def test_skipping_a_milestone_is_getting_there_as_well():
    rates = Rates(1.0, (section(0.01, 0.02, lost=0.01), section(0.01)))
    [found] = next_reach(rates, [0], [0.0], 1.0)
    assert found.ever == pytest.approx(0.75)
    assert found.within == pytest.approx(0.03)


def test_in_no_time_nobody_gets_anywhere(rates):
    assert next_reach(rates, [3], [500.0], 0.0)[0].within == 0.0


def test_two_milestones_on_is_half_of_half(rates):
    assert ever(until(rates, 2))[0][0] == pytest.approx(0.25, abs=1e-4)
    assert ever(until(rates, 2))[1][0] == pytest.approx(0.5)


def test_the_last_milestone_is_the_order(rates):
    whole, same = roll(rates, [90.0]), roll(until(rates, 4), [90.0])
    assert (whole.within == same.within).all()


def test_every_milestone_on_the_way_is_at_least_as_likely_as_the_one_after(rates):
    chances = [roll(until(rates, goal), [60.0]).chance(0, 0.0)[0] for goal in (1, 2, 3, 4)]
    assert chances == sorted(chances, reverse=True)
    assert 0 < chances[-1] < chances[0] < 1
