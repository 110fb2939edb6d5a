"""The pipeline keeps its weight unless the run-rate was demonstrably closer."""

import numpy as np
import pytest

from app.engine.flow.facts import Orders
from app.engine.forecast.blend import TRUST, Said, blend, run_rate


def said(pipeline, run_rate, actual, doubt=0.04):
    return [Said(pipeline, run_rate, actual, doubt)] * 12


def weight(past, apart=1.0, *, known=True):
    return blend(past, apart, run_rate_known=known).weight


def test_without_experience_the_pipeline_has_most_of_the_weight():
    assert weight([]) == TRUST


def test_without_a_run_rate_it_has_all():
    assert weight(said(150.0, 100.0, 100.0), known=False) == 1.0


def test_a_run_rate_that_was_right_takes_over():
    assert weight(said(150.0, 100.0, 100.0)) < 0.3


def test_a_pipeline_that_was_right_is_trusted():
    assert weight(said(100.0, 150.0, 100.0)) > 0.95


def test_where_both_said_the_same_nothing_is_learnt():
    assert weight(said(100.0, 100.0, 60.0)) == pytest.approx(TRUST)


def test_where_chance_explains_all_little_is_learnt():
    noisy, clear = said(120.0, 100.0, 100.0, 4.0), said(120.0, 100.0, 100.0, 0.01)
    assert weight(clear) < weight(noisy) < TRUST
    assert weight(noisy) > TRUST - 0.05


def test_overlapping_windows_teach_less():
    past = said(150.0, 100.0, 100.0)
    assert weight(past, 1.0) < weight(past, 0.25) < TRUST


def test_past_errors_beyond_the_known_doubt_widen_the_band():
    right, wrong = (
        blend(said(100, 100, 100), 1.0, run_rate_known=True),
        blend(said(100, 100, 200), 1.0, run_rate_known=True),
    )
    assert right.doubt < 0.04 < wrong.doubt
    assert wrong.doubt == pytest.approx((4 * 0.04 + 12 * (1 - 0.04)) / 16)


def test_the_run_rate_looks_back_three_periods_at_most():
    days = np.arange(0.0, 100.0, 10.0)
    orders = Orders(np.arange(10), days, np.full(10, 30.0), np.full(10, fill_value=True))
    found = run_rate(orders, since=0.0, at=90.0, length=20.0)
    assert (found.value, found.count, found.days) == (3.0, 0.1, 60.0)
    assert not run_rate(orders, since=80.0, at=90.0, length=20.0).known
