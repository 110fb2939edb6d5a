"""What must arrive in which month, and from where a late start can still begin."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.engine.flow.lead_times import UNKNOWN, Lag, LagSource, lead_time
from app.engine.flow.phasing import DAYS_PER_MONTH, already_too_late, by_month, phased, ramp_up

WEIGHTS = st.lists(st.integers(0, 9), min_size=1, max_size=8).filter(any)
MONTHS = st.lists(st.integers(0, 10**6), min_size=1, max_size=24)
YIELDS = st.floats(0.01, 2)


def shares(weights):
    return [weight / sum(weights) for weight in weights]


def test_every_order_is_fed_as_many_months_before_as_it_takes():
    found = phased([0, 0, 100, 0], 0.25, [0, 1])
    assert (found.lead, found.required) == (1, pytest.approx([0, 0, 400, 0, 0]))
    assert found.reached == pytest.approx([0, 0, 100, 0])


@given(MONTHS, YIELDS, WEIGHTS)
def test_totals_are_kept(months, yield_, weights):
    found = phased(months, yield_, shares(weights))
    assert sum(found.required) * yield_ == pytest.approx(sum(months))
    assert len(found.required) == found.lead + len(months)


@given(st.integers(1, 10**6), YIELDS, WEIGHTS)
def test_the_same_target_in_every_month_comes_out_exactly(target, yield_, weights):
    lag = shares(weights)
    reach = len(lag) - 1
    found = phased([target] * (2 * reach + 3), yield_, lag)
    inner = slice(reach, reach + 3)
    assert found.residual[inner] == pytest.approx([0] * 3, abs=1e-6 * target)
    assert found.required[reach : len(found.required) - reach] == pytest.approx(
        [target / yield_] * (len(found.required) - 2 * reach)
    )


@given(MONTHS, YIELDS, WEIGHTS)
def test_the_check_follows_every_arrival_to_its_order(months, yield_, weights):
    lag = shares(weights)
    found = phased(months, yield_, lag)
    for month, reached in enumerate(found.reached):
        fed = sum(
            found.required[found.lead + month - late] * yield_ * share
            for late, share in enumerate(lag)
            if found.lead + month - late >= 0
        )
        assert reached == pytest.approx(fed, abs=1e-6)
        assert found.residual[month] == pytest.approx(reached - months[month], abs=1e-6)


@given(MONTHS, WEIGHTS)
def test_what_is_not_reached_in_the_months_comes_before_or_after_them(months, weights):
    assume(len(weights) > 1)
    found = phased(months, 0.5, shares(weights))
    assert sum(found.reached) + found.beyond <= sum(months) * (1 + 1e-9) + 1e-9


def test_nothing_can_be_phased_without_a_lag_or_a_yield():
    with pytest.raises(ValueError, match="known lag"):
        phased([1], 0.5, by_month(UNKNOWN))
    with pytest.raises(ValueError, match="yield above 0"):
        phased([1], 0, [1.0])


def test_arrivals_are_spread_over_their_month():
    at_once, half_a_month = Lag([1.0], 20, LagSource.OBSERVED), [0.0] * 15 + [1.0]
    assert by_month(at_once)[0] == 1
    assert by_month(Lag(half_a_month, 20, LagSource.OBSERVED), 30) == pytest.approx([0.5, 0.5])
    assert by_month(UNKNOWN) == []


@given(st.lists(st.integers(0, 9), min_size=1, max_size=200).filter(any))
def test_months_keep_the_mean_of_the_days(weights):
    lag = Lag(shares(weights), 20, LagSource.OBSERVED)
    months = by_month(lag)
    assert sum(months) == pytest.approx(1)
    mean = sum(month * share for month, share in enumerate(months))
    assert mean * DAYS_PER_MONTH == pytest.approx(lead_time(lag).mean, abs=1e-9)


def test_a_late_start_begins_where_half_would_still_come_in_time():
    found = ramp_up([10.0, 50.0, None, 90.0, 120.0], 95.0, [400, 200, 150, 100, 50])
    assert found.too_late == [True, True, False, True, False]
    assert (found.milestone, found.needed) == (4, 50)


def test_all_too_late_suggests_nothing():
    found = ramp_up([10.0, 50.0], 95.0, [400, 200])
    assert (found.too_late, found.milestone, found.needed) == ([True, True], None, None)


def test_today_is_not_too_late():
    assert already_too_late([95.0, 94.9], 95.4) == [False, True]
