"""Scores of forecasts against values worked out by hand."""

import math

import pytest

from app.engine.forecast.scores import bias, calibration, coverage, deal_score, wape


def test_errors_are_weighed_by_what_came():
    assert wape([90, 120, 0], [100, 100, 50]) == pytest.approx(80 / 250)


def test_where_nothing_came_there_is_no_relative_error():
    assert wape([10.0], [0.0]) is None
    assert bias([10.0], [0.0]) is None


def test_promising_too_little_is_a_negative_bias():
    assert bias([80, 90], [100, 100]) == pytest.approx(-0.15)


def test_without_forecasts_nothing_was_covered():
    assert coverage([], []) is None
    assert coverage([(0, 1), (0, 1), (0, 1), (2, 3)], [1, 0, 2, 2]) == 0.75


def test_deals_are_scored_by_squared_error_and_log_loss():
    found = deal_score([0.8, 0.3], [True, False])
    assert found.brier == pytest.approx((0.04 + 0.09) / 2)
    assert found.log_loss == pytest.approx(-(math.log(0.8) + math.log(0.7)) / 2)
    assert found.n == 2


def test_a_wrong_certainty_costs_much_but_not_endlessly():
    assert deal_score([0.0], [True]).log_loss == pytest.approx(-math.log(1e-4))


def test_no_deals_have_no_score():
    found = deal_score([], [])
    assert (found.brier, found.log_loss, found.n) == (None, None, 0)


def test_calibration_compares_stated_chances_with_what_came_true():
    bins = calibration([0.05, 0.01, 0.55, 1.0], [False, True, True, True])
    assert [found.n for found in bins] == [2, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert (bins[0].stated, bins[0].came_true) == (pytest.approx(0.03), 0.5)
    assert (bins[1].stated, bins[1].came_true) == (None, None)
