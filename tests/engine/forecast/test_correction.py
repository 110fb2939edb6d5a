"""What lately came true of what was promised corrects what is promised now."""

import numpy as np
import pytest

from app.engine.forecast import forecast, roll
from app.engine.forecast.correction import Snapshot, corrected, correction
from tests.engine.forecast.by_hand import NOTHING_STATED, ends, sold, steady


def windows(won, deals=100.0, count=12):
    """Windows of 30 days that follow each other, each with so many deals and orders."""
    stock, due = np.full((1, 1), deals), np.zeros((1, 31, 1))
    return [
        Snapshot(-30.0 * (back + 1), stock, due, np.array([won]), np.zeros(1))
        for back in range(count)
    ]


def factor(won, **more):
    table = roll(steady(0.01, 0.01), [30.0])
    found = correction(windows(won, **more), table, 0.0, [30.0], 30.0)
    return found.open[0], found


def test_promises_that_come_true_are_left_alone():
    expected = 100 * 0.5 * (1 - 0.98**30)
    assert factor(expected)[0] == pytest.approx(1.0)


def test_half_of_what_was_promised_halves_what_is_promised():
    expected = 100 * 0.5 * (1 - 0.98**30)
    found, whole = factor(expected / 2)
    assert found == pytest.approx((6 * expected + 10) / (12 * expected + 10))
    assert (whole.windows, whole.new[0]) == ((12,), 1.0)


def test_corrections_have_limits():
    assert factor(0.0)[0] == 0.4
    assert factor(1000.0)[0] == 2.5


def test_windows_that_have_not_closed_teach_nothing():
    table = roll(steady(0.01, 0.01), [60.0])
    found = correction(windows(0.0, count=1), table, 0.0, [60.0], 30.0)
    assert (found.open[0], found.windows) == (1.0, (0,))


def test_no_deal_becomes_certain():
    raised = corrected(np.array([[0.5, 0.4], [0.1, 0.1]]), np.array([2.0, 2.0]))
    assert raised[0].sum() == pytest.approx(0.99)
    assert raised[1] == pytest.approx([0.2, 0.2])


def test_in_a_steady_world_little_is_corrected():
    history = sold(days=1500, per_month=60.0)
    found = forecast(history, ends(history, 2), NOTHING_STATED)
    assert found.correction_windows == [12, 12]
    assert all(0.7 < each < 1.4 for each in found.correction_open + found.correction_new)
