"""Rolled forward, rates give the chances that can be worked out by hand."""

import numpy as np
import pytest

from app.engine.forecast import advance, ever, roll
from app.engine.forecast.fit import Rates, SectionRates
from tests.engine.forecast.by_hand import by_age, steady


def test_one_in_two_at_each_of_four_sections_wins_one_in_sixteen():
    found = ever(steady(0.01, 0.01, sections=4))
    assert [chances[0] for chances in found] == pytest.approx([0.0625, 0.125, 0.25, 0.5], abs=1e-4)


def test_the_last_section_wins_a_quarter_within_a_month_at_any_age():
    """In continuous time 0.5(1-e^-0.6) = 0.2256; whole days make it 0.5(1-0.98^30) = 0.2273."""
    table = roll(steady(0.01, 0.01, sections=4), [30.0])
    for age in (0.0, 17.0, 400.0):
        assert table.chance(3, age)[0] == pytest.approx(0.5 * (1 - 0.98**30))
        assert table.chance(3, age)[0] == pytest.approx(0.2256, abs=0.002)


def test_a_deal_that_nobody_ever_closes_is_not_alive():
    rates = by_age(np.array([0.05] * 60 + [1e-6]), np.array([0.03] * 60 + [1e-6]))
    found = ever(rates)[0]
    assert found[60] < 0.001
    assert found[0] > 0.5


def test_in_the_long_run_the_table_comes_to_the_chance_to_win_ever():
    rates = steady(0.01, 0.01, sections=3)
    found = roll(rates, [3000.0])
    assert [found.chance(section, 0.0)[0] for section in range(3)] == pytest.approx(
        [0.125, 0.25, 0.5], abs=1e-6
    )


def test_age_without_movement_lowers_the_chance_by_itself():
    """Dwell times of shape 2, those who go on 30 days on average, those who leave 90."""
    days = np.arange(601.0)
    stays_on = 0.5 * np.exp(-days / 15) * (1 + days / 15)
    stays_off = 0.5 * np.exp(-days / 45) * (1 + days / 45)
    there = (stays_on + stays_off)[:-1]
    found = ever(by_age(-np.diff(stays_on) / there, -np.diff(stays_off) / there))[0]
    assert [round(float(found[age]), 2) for age in (0, 30, 60, 90)] == [0.5, 0.32, 0.13, 0.04]


def test_two_sections_agree_with_counting_every_path():
    """The order on day h needs going on on some day before or the same one, at half a day each."""
    onward, lost, horizon = 0.1, 0.05, 12
    last = [1 - (1 - onward - lost) ** h for h in range(horizon + 1)]
    last = [chance * onward / (onward + lost) for chance in last]
    expected = sum(
        (1 - onward - lost) ** (day - 1) * onward * (last[horizon - day] + last[horizon - day + 1])
        for day in range(1, horizon + 1)
    )
    found = roll(steady(onward, lost, sections=2), [float(horizon)]).chance(0, 0.0)
    assert found[0] == pytest.approx(expected / 2)


def test_a_skip_leads_straight_to_where_it_goes():
    none = np.zeros(1)
    skipping = SectionRates(
        np.array([0]), np.array([[0.0], [0.02], [0.0]]), np.array([0.02]), none, none, none, 0.0
    )
    middle, last = steady(0.01, 0.01, sections=2).sections
    found = ever(Rates(1.0, (skipping, middle, last)))
    assert found[0][0] == pytest.approx(0.25, abs=1e-4)


def test_between_two_steps_chances_are_interpolated():
    rates = steady(0.02, 0.01)
    low, middle, high = (roll(rates, [days]).chance(0, 0.0)[0] for days in (9.0, 9.25, 10.0))
    assert middle == pytest.approx(0.75 * low + 0.25 * high)


def test_several_horizons_at_once_are_as_each_alone():
    rates = steady(0.02, 0.01, sections=3)
    together = roll(rates, [7.0, 30.0, 91.0]).chance(1, 5.0)
    assert together == [roll(rates, [days]).chance(1, 5.0)[0] for days in (7.0, 30.0, 91.0)]


def test_reaching_the_next_milestone_needs_no_order():
    rates = steady(0.01, 0.01, sections=4)
    assert advance(rates, 0, 0.0, 30.0) == pytest.approx(0.5 * (1 - 0.98**30))
    assert advance(rates, 3, 200.0, 0.0) == 0.0
