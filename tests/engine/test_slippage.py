from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from app.engine.slippage import Bias, Came, Expected, Pushes, close_date_bias, pushes, slippage

MARCH = date(2026, 3, 31)

expected = st.builds(
    Expected,
    st.fractions(0, 1, max_denominator=20),
    st.none() | st.integers(0, 1000),
    st.sampled_from(Came),
)


def after(days):
    return MARCH + timedelta(days=days)


def test_what_was_likely_and_neither_came_nor_left_has_slipped():
    deals = [
        Expected(Decimal("0.8"), 100, Came.WON),
        Expected(Fraction(1, 2), 300, Came.OPEN),
        Expected(Fraction(3, 5), 200, Came.EXITED),
        Expected(Decimal("0.7"), None, Came.OPEN),
        Expected(Decimal("0.49"), 900, Came.OPEN),
    ]
    found = slippage(deals)
    assert (found.likely, found.won, found.exited, found.slipped) == (4, 1, 1, 2)
    assert (found.by_count, found.by_value) == (Fraction(1, 2), Fraction(1, 2))
    assert (found.slipped_value, found.missing_values) == (300, 1)


def test_where_nothing_was_likely_nothing_can_slip():
    found = slippage([Expected(Fraction(1, 4), 100, Came.OPEN)])
    assert (found.likely, found.by_count, found.by_value) == (0, None, None)


@given(st.lists(expected, max_size=20))
def test_every_likely_deal_came_left_or_slipped(deals):
    found = slippage(deals)
    assert found.won + found.exited + found.slipped == found.likely
    assert found.by_value is None or 0 <= found.by_value <= 1


def test_a_close_date_that_moves_later_is_pushed():
    stated = [MARCH, after(91), None, after(91), after(76), after(100)]
    assert pushes(stated) == Pushes(pushed=2, days_pushed=115, pulled=1, days_pulled=15)


def test_a_date_stated_once_or_never_was_not_pushed():
    assert pushes([]) == pushes([None, MARCH]) == Pushes(0, 0, 0, 0)


@given(st.lists(st.integers(-500, 500), min_size=1))
def test_pushes_less_pulls_lead_from_the_first_date_to_the_last(days):
    found = pushes([after(day) for day in days])
    assert found.days_pushed - found.days_pulled == days[-1] - days[0]


def test_the_bias_is_the_median_delay():
    late = [(MARCH, after(days)) for days in (-10, 20, 30, 400)]
    assert close_date_bias(late) == Bias(Fraction(25), 4)
    assert close_date_bias(late[:3]) == Bias(Fraction(20), 3)
    assert close_date_bias([]) == Bias(None, 0)
