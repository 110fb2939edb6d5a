from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from app.engine.periods import parse
from app.engine.plan import Recurrence, Turn, fits, named, turns

YEAR = Turn(date(2026, 1, 1), date(2027, 1, 1))


def touched(recurrence, key, first=date(2026, 1, 1), last=date(2027, 1, 1)):
    period = parse(key)
    found = turns(recurrence, first, last, period.start, period.end)
    return [named(turn, 1).key for turn in found]


def test_a_monthly_target_takes_a_turn_in_every_month_of_a_quarter():
    assert touched(Recurrence.MONTH, "2026-Q2") == ["2026-04", "2026-05", "2026-06"]


def test_a_yearly_target_takes_one_turn_for_a_week():
    assert touched(Recurrence.YEAR, "2026-W31") == ["2026"]


def test_a_week_over_the_end_of_a_month_touches_two_turns():
    assert touched(Recurrence.MONTH, "2026-W31") == ["2026-07", "2026-08"]


def test_before_its_beginning_and_after_its_end_a_target_asks_for_nothing():
    assert touched(Recurrence.MONTH, "2025-12") == touched(Recurrence.MONTH, "2027-01") == []
    assert touched(Recurrence.ONCE, "2025") == touched(Recurrence.ONCE, "2027") == []


def test_a_target_without_end_goes_on():
    assert touched(Recurrence.QUARTER, "2031-05", last=None) == ["2031-Q2"]


def test_a_target_that_begins_within_a_period_has_only_its_own_turns_there():
    assert touched(Recurrence.MONTH, "2026-Q1", first=date(2026, 2, 1)) == ["2026-02", "2026-03"]


def test_a_year_from_april_is_a_fiscal_year():
    assert named(Turn(date(2025, 4, 1), date(2026, 4, 1)), 4).key == "FY2026"


def test_several_months_given_once_are_named_from_first_to_last():
    assert named(Turn(date(2026, 2, 1), date(2026, 7, 1)), 1).key == "2026-02..2026-06"


def test_turns_must_fit():
    assert fits(Recurrence.QUARTER, date(2026, 2, 1), date(2026, 8, 1))
    assert not fits(Recurrence.QUARTER, date(2026, 1, 1), date(2026, 5, 1))
    assert not fits(Recurrence.MONTH, date(2026, 1, 1), date(2026, 1, 1))


def test_a_week_gets_its_share_of_days():
    week = parse("2026-W02")
    assert YEAR.part(1_200, week.start, week.end) == Fraction(100 * 7, 31)


@given(st.integers(0, 10**18))
def test_the_months_of_a_year_add_up_to_the_year(total):
    parts = [YEAR.part(total, month.start, month.end) for month in YEAR.months]
    assert sum(parts) == total
    assert all(part.denominator == 1 for part in parts)


@given(st.integers(0, 10**9), st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_a_year_cut_in_two_adds_up(total, day):
    before = YEAR.part(total, YEAR.start, day)
    assert before + YEAR.part(total, day, YEAR.end) == total
