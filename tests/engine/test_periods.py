from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.periods import Calendar, Grain, Period, bounds, containing, elapsed, parse, share

BERLIN = ZoneInfo("Europe/Berlin")
JULY = parse("2026-07")
FIVE_DAYS = Calendar(frozenset(range(5)), frozenset({date(2026, 7, 13), date(2026, 7, 18)}))

days = st.dates(date(1901, 1, 1), date(2998, 1, 1))
near_days = st.dates(date(2025, 1, 1), date(2027, 12, 31))
grains = st.sampled_from(Grain)
fiscal_starts = st.integers(1, 12)
calendars = st.builds(
    Calendar, st.frozensets(st.integers(0, 6)), st.frozensets(near_days, max_size=30)
)


@pytest.mark.parametrize(
    ("key", "fiscal_start", "start", "end", "grain"),
    [
        ("2026-07", 1, "2026-07-01", "2026-08-01", Grain.MONTH),
        ("2026-12", 7, "2026-12-01", "2027-01-01", Grain.MONTH),
        ("2026-Q3", 1, "2026-07-01", "2026-10-01", Grain.QUARTER),
        ("2026-Q3", 4, "2026-07-01", "2026-10-01", Grain.QUARTER),
        ("2026", 4, "2026-01-01", "2027-01-01", Grain.YEAR),
        ("FY2026", 1, "2026-01-01", "2027-01-01", Grain.YEAR),
        ("FY2026", 4, "2025-04-01", "2026-04-01", Grain.YEAR),
        ("FY2026", 12, "2025-12-01", "2026-12-01", Grain.YEAR),
        ("FY2026-Q1", 4, "2025-04-01", "2025-07-01", Grain.QUARTER),
        ("FY2026-Q4", 4, "2026-01-01", "2026-04-01", Grain.QUARTER),
        ("FY2026-Q1", 12, "2025-12-01", "2026-03-01", Grain.QUARTER),
        ("2026-W31", 1, "2026-07-27", "2026-08-03", Grain.WEEK),
        ("2026-W01", 1, "2025-12-29", "2026-01-05", Grain.WEEK),
        ("2026-W53", 1, "2026-12-28", "2027-01-04", Grain.WEEK),
    ],
)
def test_a_key_names_days_and_a_grain(key, fiscal_start, start, end, grain):
    period = parse(key, fiscal_start)
    assert period == Period(date.fromisoformat(start), date.fromisoformat(end), key)
    assert period.grain is grain


@pytest.mark.parametrize(
    "key",
    [
        *("", "26", "2026-7", "2026-13", "2026-00", "2026-07-01", "2026-07\n", "x" * 999),
        *("2026-Q5", "2026-Q0", "2026Q3", "2025-W53", "2026-W00", "0000", "9999", "\uff12026"),
        *("fy2026", "FY2026-07", "FY2026-W31"),
    ],
)
def test_any_other_text_is_refused_and_the_forms_are_named(key):
    with pytest.raises(ValueError, match=r"names no period; write 2026-07, .*2026-W31") as error:
        parse(key)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("fiscal_start", [0, 13, -1])
def test_a_fiscal_year_starts_in_a_month(fiscal_start):
    with pytest.raises(ValueError, match="month 1 to 12"):
        parse("FY2026", fiscal_start)
    with pytest.raises(ValueError, match="month 1 to 12"):
        containing(date(2026, 7, 1), Grain.YEAR, fiscal_start)


@given(days, grains, fiscal_starts)
def test_the_period_that_contains_a_day_contains_it_and_its_key_leads_back(
    day, grain, fiscal_start
):
    period = containing(day, grain, fiscal_start)
    assert period.start <= day < period.end
    assert parse(period.key, fiscal_start) == period
    assert period.grain is grain


@given(days, grains, fiscal_starts)
def test_periods_follow_each_other_without_gap_or_overlap(day, grain, fiscal_start):
    period = containing(day, grain, fiscal_start)
    assert period.next == containing(period.end, grain, fiscal_start)
    assert period.next.previous == period == period.previous.next
    assert period.previous.end == period.start < period.end == period.next.start


def test_fiscal_names_stay_fiscal_even_when_the_year_starts_in_january():
    assert parse("FY2026").next.key == "FY2027"
    assert parse("FY2026-Q1").previous.key == "FY2025-Q4"


@pytest.mark.parametrize(
    ("key", "grain", "parts"),
    [
        ("2026-Q3", Grain.MONTH, ["2026-07", "2026-08", "2026-09"]),
        ("2026", Grain.QUARTER, ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"]),
        ("FY2026", Grain.QUARTER, ["FY2026-Q1", "FY2026-Q2", "FY2026-Q3", "FY2026-Q4"]),
        ("FY2026-Q4", Grain.MONTH, ["2026-01", "2026-02", "2026-03"]),
        ("2026-07", Grain.MONTH, ["2026-07"]),
        ("2026-W31", Grain.WEEK, ["2026-W31"]),
    ],
)
def test_a_period_is_made_of_smaller_ones(key, grain, parts):
    assert [part.key for part in parse(key, 4).parts(grain)] == parts


@pytest.mark.parametrize(
    ("key", "grain"), [("2026", "week"), ("2026-W31", "month"), ("2026-07", "year")]
)
def test_a_period_without_whole_parts_says_so(key, grain):
    with pytest.raises(ValueError, match=f"not made of whole {grain}s"):
        parse(key).parts(Grain(grain))


@given(days, fiscal_starts, st.sampled_from([Grain.MONTH, Grain.QUARTER]))
def test_the_parts_of_a_year_cover_it(day, fiscal_start, grain):
    year = containing(day, Grain.YEAR, fiscal_start)
    parts = year.parts(grain)
    assert (parts[0].start, parts[-1].end) == (year.start, year.end)
    assert all(left.end == right.start for left, right in pairwise(parts))


def test_periods_sort_by_time():
    assert sorted([parse("2026-08"), parse("2026-W31"), JULY]) == [
        JULY,
        parse("2026-W31"),
        parse("2026-08"),
    ]


@pytest.mark.parametrize(
    ("key", "begin", "end", "hours"),
    [
        ("2026-03", "2026-02-28T23:00", "2026-03-31T22:00", 31 * 24 - 1),
        ("2026-10", "2026-09-30T22:00", "2026-10-31T23:00", 31 * 24 + 1),
        ("2026-07", "2026-06-30T22:00", "2026-07-31T22:00", 31 * 24),
        ("2026-W13", "2026-03-22T23:00", "2026-03-29T22:00", 7 * 24 - 1),
    ],
)
def test_a_local_month_is_an_hour_short_or_long_when_the_clocks_change(key, begin, end, hours):
    first, last = bounds(parse(key), BERLIN)
    assert (first, last) == tuple(
        datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (begin, end)
    )
    assert last - first == timedelta(hours=hours)


def test_the_day_the_clocks_go_forward_has_23_hours_in_berlin():
    day = Period(date(2026, 3, 29), date(2026, 3, 30), "2026-03-29")
    first, last = bounds(day, BERLIN)
    assert (first.isoformat(), last - first) == ("2026-03-28T23:00:00+00:00", timedelta(hours=23))


def test_where_midnight_is_skipped_the_month_begins_at_its_first_instant():
    begin, _ = bounds(
        Period(date(2018, 11, 4), date(2018, 12, 1), "2018-11"), ZoneInfo("America/Sao_Paulo")
    )
    assert begin.isoformat() == "2018-11-04T03:00:00+00:00"


@given(calendars, near_days, near_days)
def test_working_days_are_those_one_would_count_by_hand(calendar, start, end):
    every_day = (start + timedelta(days=n) for n in range((end - start).days))
    by_hand = sum(
        d.weekday() in calendar.weekdays and d not in calendar.holidays for d in every_day
    )
    assert calendar.working_days(start, end) == by_hand


def test_a_weekday_is_one_of_seven():
    with pytest.raises(ValueError, match="0 \\(Monday\\) to 6"):
        Calendar(frozenset({1, 7}), frozenset())


@pytest.mark.parametrize(
    ("today", "calendar", "expected"),
    [
        (date(2026, 7, 20), None, Fraction(19, 31)),
        (date(2026, 7, 20), FIVE_DAYS, Fraction(12, 22)),
        (date(2026, 7, 18), FIVE_DAYS, Fraction(12, 22)),
        (date(2026, 7, 20), Calendar(frozenset(), frozenset()), Fraction(19, 31)),
        (date(2026, 7, 1), None, Fraction(0)),
        (date(2026, 6, 1), FIVE_DAYS, Fraction(0)),
        (date(2026, 7, 31), None, Fraction(30, 31)),
        (date(2026, 8, 1), FIVE_DAYS, Fraction(1)),
        (date(2030, 1, 1), None, Fraction(1)),
    ],
)
def test_today_is_not_over_and_not_demanded_yet(today, calendar, expected):
    assert elapsed(JULY, today, calendar) == expected


def test_nineteen_days_of_july_are_0_6129_of_it():
    assert round(elapsed(JULY, date(2026, 7, 20), None), 4) == Fraction("0.6129")


def test_who_joins_within_the_month_owes_the_days_that_are_left():
    assert share(JULY, date(2026, 7, 20), None, FIVE_DAYS) == Fraction(10, 22)
    assert share(JULY, None, date(2026, 7, 20), FIVE_DAYS) == Fraction(12, 22)
    assert share(JULY, date(2026, 8, 1), None, None) == 0
    assert share(JULY, None, None, FIVE_DAYS) == 1


@given(near_days, grains, near_days, calendars)
def test_what_is_over_and_what_is_left_make_the_whole(day, grain, today, calendar):
    period = containing(day, grain)
    left = share(period, max(today, period.start), None, calendar)
    assert elapsed(period, today, calendar) + left == 1


@given(near_days, near_days, calendars)
def test_a_period_never_runs_backwards(today, later, calendar):
    first, second = sorted((today, later))
    assert elapsed(JULY, first, calendar) <= elapsed(JULY, second, calendar)
