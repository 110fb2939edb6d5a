from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.cascade import Section, cascade
from app.engine.money import round_to_minor
from app.engine.velocity import (
    Open,
    coverage,
    coverage_needed,
    required_stock,
    throughput,
    velocity,
)

HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)

amounts = st.fractions(0, 10**6, max_denominator=100)
chances = st.none() | st.fractions(0, 1, max_denominator=100)
lags = st.none() | st.integers(0, 400)
opens = st.lists(st.builds(Open, st.none() | amounts, chances, lags), max_size=12)


def test_forty_deals_a_quarter_won_at_fifty_thousand_in_ninety_days():
    per_day = velocity(40, Decimal("0.25"), Decimal(50_000), 90)
    assert per_day == Fraction(50_000, 9)
    assert round_to_minor(per_day, "EUR") == Decimal("5555.56")


@pytest.mark.parametrize(
    "unknown", [(None, 50_000, 90), (QUARTER, None, 90), (QUARTER, 50_000, None), (1, 1, 0)]
)
def test_without_winners_or_without_time_there_is_no_velocity(unknown):
    assert velocity(40, *unknown) is None


def test_nothing_open_moves_nothing():
    assert velocity(0, QUARTER, 50_000, 90) == 0


def test_throughput_is_what_was_closed_per_day():
    assert throughput(Decimal("93000.00"), 31) == 3000
    assert throughput(100, 0) is None


def test_coverage_compares_what_is_open_with_what_is_still_to_be_won():
    deals = [Open(300, HALF, 20), Open(100, QUARTER, 90), Open(None, HALF, 10)]
    found = coverage(250, Decimal(50), deals, days_left=30)
    assert (found.open_value, found.remaining, found.ratio) == (400, 200, 2)
    assert (found.timely_value, found.timely_ratio) == (300, Fraction(3, 2))
    assert (found.needed, found.missing_values) == (Fraction(400, 175), 1)


def test_a_deal_whose_half_takes_just_the_days_left_is_in_time():
    deals = [Open(1, HALF, 30), Open(10, HALF, Fraction(301, 10)), Open(100, None, None)]
    found = coverage(100, 0, deals, 30)
    assert found.timely_value == 1
    assert (found.chance_unknown, found.days_unknown) == (100, 100)


@pytest.mark.parametrize("won", [100, 130])
def test_a_target_that_is_met_needs_no_coverage(won):
    found = coverage(100, won, [Open(300, HALF, 1)], 30)
    assert (found.target_met, found.remaining) == (True, 0)
    assert (found.ratio, found.timely_ratio) == (None, None)


def test_coverage_needed_follows_the_mix_not_a_rule_of_three():
    early, late = Open(100, Fraction(1, 16)), Open(100, HALF)
    assert coverage_needed([early]) == 16
    assert coverage_needed([late]) == 2
    assert coverage_needed([early, late]) == Fraction(32, 9)
    assert coverage_needed([]) is coverage_needed([Open(5, 0)]) is None


@given(opens, amounts, amounts, st.integers(0, 400))
def test_what_is_covered_as_needed_is_expected_to_reach_the_target(deals, target, won, days):
    judged = [deal for deal in deals if None not in (deal.value, deal.chance)]
    found = coverage(target, won, judged, days)
    expected = sum(deal.value * deal.chance for deal in judged)
    if found.ratio is not None and found.needed is not None:
        assert (found.ratio >= found.needed) == (won + expected >= target)


@given(opens, amounts, amounts, st.integers(0, 400), st.integers(0, 400))
def test_more_time_never_makes_less_of_it_timely(deals, target, won, days, more):
    now, later = (coverage(target, won, deals, left) for left in (days, days + more))
    assert now.timely_value <= later.timely_value <= later.open_value
    assert later.timely_value <= later.open_value - later.days_unknown


def test_stock_is_arrivals_per_day_times_days_of_stay():
    assert required_stock([64, 32, 16], 30, [45, Decimal("30.0"), 10]) == (
        96,
        32,
        Fraction(16, 3),
    )


def test_stock_is_unknown_where_the_requirement_or_the_stay_is():
    assert required_stock([None, 32], 30, [45, None]) == (None, None)
    with pytest.raises(ValueError, match="one day"):
        required_stock([1], 0, [1])


def test_a_steady_funnel_holds_the_stock_that_its_value_requires():
    levels = cascade(Fraction(100_000), None, [Section(HALF, HALF)] * 4).levels
    stock = required_stock([level.value for level in levels[:-1]], 31, [31] * 4)
    assert stock == (1_600_000, 800_000, 400_000, 200_000)
