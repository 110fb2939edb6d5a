from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.cascade import Section, cascade, simulate
from app.engine.flow.estimates import NOTHING, estimate
from app.engine.leaks import (
    Ball,
    Closed,
    Course,
    Exit,
    Finding,
    Group,
    Quantiles,
    Way,
    first,
    leaks,
    levers,
    like_for_like,
    waterfall,
    wins,
)

T = Fraction(100_000)
RATES = [Fraction(percent, 100) for percent in (35, 60, 45, 30)]

rates = st.lists(st.fractions(Fraction(1, 20), 1, max_denominator=100), min_size=1, max_size=8)
values = st.none() | st.decimals(0, 10**6, places=2)


@st.composite
def courses(draw):
    known = draw(st.lists(values, min_size=1, max_size=4))
    return Course(known, lost=draw(st.booleans()) and len(known) < 4)


def exit_of(value=100, **told):
    return Exit(
        **{
            "kind": "lost",
            "reason": "price",
            "value_at_arrival": value,
            "value_at_exit": value,
            "days": 10,
        }
        | told
    )


def one(*exits, **told):
    return leaks([Group(exits, **told)])[0]


def counted(parts):
    return [(part.key, part.count) for part in parts]


def test_five_points_are_worth_most_in_the_fourth_section():
    found = levers(T, RATES)
    assert [round(lever.order_value) for lever in found] == [14_286, 8_333, 11_111, 16_667]
    assert first(found).section == 4


def test_points_save_feed_at_an_unchanged_target():
    saved = [lever.feed_saved for lever in levers(T, RATES)]
    for number, rate in enumerate(RATES):
        better = [*RATES[:number], rate + Fraction(5, 100), *RATES[number + 1 :]]
        before, after = (
            cascade(T, None, [Section(r, r) for r in side]).levels[0].value
            for side in (RATES, better)
        )
        assert saved[number] == before - after


def test_a_lever_per_point_is_that_of_the_simulation():
    known = cascade(T, None, [Section(rate, rate, Fraction(6, 5)) for rate in RATES])
    simulated = simulate(known, {}).levers
    found = levers(T, RATES, [Fraction(6, 5)] * 4, Fraction(1, 100))
    assert [(lever.order_value, lever.feed_saved) for lever in found] == [
        (lever.order_value_per_point, lever.first_milestone_saved_per_point) for lever in simulated
    ]


@given(rates)
def test_the_weaker_a_section_the_longer_its_lever(found):
    by_rate = sorted(levers(T, found), key=lambda lever: found[lever.section - 1])
    gains = [lever.order_value for lever in by_rate]
    assert gains == sorted(gains, reverse=True)


def test_no_rate_rises_above_one():
    lever = levers(T, [Fraction(98, 100)])[0]
    assert (lever.points, lever.order_value) == (Fraction(2, 100), T * 2 / 98)
    assert first(levers(T, [Fraction(1)])) is None


def test_of_equal_levers_the_latest_pays_soonest():
    assert first(levers(T, [Fraction(1, 2)] * 3)).section == 3


def test_an_unknown_rate_has_no_lever_and_hides_the_feed():
    found = levers(T, [Fraction(1, 2), None])
    assert [lever.order_value for lever in found] == [10_000, None]
    assert [lever.feed_saved for lever in found] == [None, None]
    with pytest.raises(ValueError, match="above 0"):
        levers(T, [Fraction(0)])


def test_a_leak_is_named_only_when_its_interval_leaves_out_what_was_expected():
    shares = [(0.7, 100), (0.7, 10), (0.3, 100), (0.5, 0)]
    groups = [Group((), estimate(share, n, n), expected=0.5) for share, n in shares]
    groups += [Group(()), Group((), estimate(0.9, 100, 100)), Group((), NOTHING, 0.5)]
    assert [leak.finding for leak in leaks(groups)] == [
        *(Finding.LEAK, Finding.AVERAGE, Finding.TIGHT),
        *[Finding.UNKNOWN] * 4,
    ]


def test_early_and_late_leaks_are_compared_by_the_orders_they_cost():
    early = Group([exit_of(100_000, win_rate=0.0625, value_yield=0.05)] * 4)
    late = Group([exit_of(Decimal("50000.00"), win_rate=0.5, value_yield=0.45)])
    worth = [(leak.lost_orders, leak.lost_win_value) for leak in leaks([early, late])]
    assert worth == [(Fraction(1, 4), 20_000), (Fraction(1, 2), 22_500)]


def test_what_is_not_known_is_counted_and_never_zero():
    leak = one(exit_of(None, value_yield=0.5), exit_of(float("nan")), exit_of(80, value_yield=0.5))
    assert (leak.value, leak.missing_values) == (80, 2)
    assert (leak.lost_win_value, leak.missing_yields) == (40, 2)


def test_value_is_told_on_arrival_and_at_the_exit():
    leak = one(exit_of(100, value_at_exit=60), exit_of(0.1), exit_of(0.2, value_at_exit=None))
    assert (leak.value, leak.value_at_exit) == (Fraction("100.3"), Fraction("60.1"))


def test_shares_of_all_exits_add_up():
    found = leaks([Group([exit_of()] * n) for n in (1, 2, 4, 0)])
    assert sum(leak.share for leak in found) == 1
    assert leaks([Group(())])[0].share is None


def test_reasons_show_the_unknown_last_with_intervals():
    leak = one(*[exit_of(reason=None)] * 15, *[exit_of(reason="price")] * 10, exit_of(reason="fit"))
    assert counted(leak.reasons) == [("price", 10), ("fit", 1), (None, 15)]
    price = leak.reasons[0]
    assert price.share == Fraction(10, 26)
    assert price.low < price.share < price.high
    assert price.value == 1000


def test_silent_exits_are_split_by_who_owed_the_next_step():
    leak = one(
        *[exit_of(kind="no_response", ball=Ball.US)] * 2,
        exit_of(kind="stale", ball=Ball.CUSTOMER),
        exit_of(kind="stale", ball=None),
        exit_of(kind="no_response", ball=Ball.NONE),
        exit_of(kind="lost", ball=Ball.US),
    )
    assert counted(leak.silent) == [(Ball.US, 2), (Ball.CUSTOMER, 1), (Ball.NONE, 1), (None, 1)]
    assert counted(leak.kinds) == [("no_response", 3), ("stale", 2), ("lost", 1)]


def test_times_to_exit_are_quantiles_of_what_is_known():
    leak = one(*[exit_of(days=day, days_since_act=2 * day) for day in range(10, 0, -1)])
    assert leak.days == Quantiles(5, 8, 9, 10)
    assert leak.late_discovery == Quantiles(10, 16, 18, 10)
    assert one(exit_of(days=None)).days == Quantiles(None, None, None, 0)


def test_the_difference_of_two_windows_has_newcombes_interval():
    trend = one(rate=estimate(56 / 70, 70, 70), earlier=estimate(48 / 80, 80, 80)).trend
    assert trend.way is Way.RISING
    assert [round(end, 4) for end in (trend.change, trend.low, trend.high)] == [
        *(0.2, 0.0524, 0.3339)
    ]


def test_a_trend_needs_two_windows_and_more_than_chance():
    many, few = estimate(0.3, 100, 100), estimate(0.4, 10, 10)
    assert one(rate=estimate(0.1, 100, 100), earlier=many).trend.way is Way.FALLING
    assert one(rate=many, earlier=few).trend.way is Way.STEADY
    assert one(rate=many).trend.way is one(rate=many, earlier=NOTHING).trend.way is Way.UNKNOWN


def test_who_works_on_a_leaky_section_is_measured_by_that_section():
    assert like_for_like([30, 10, 0], [0.4, 0.8, None]) == 0.5
    assert like_for_like([0, 5], [0.4, None]) is like_for_like([0], [0.4]) is None


def test_the_yield_of_a_cohort_falls_from_section_to_section():
    found = waterfall(
        [
            Course([100, 90, 80]),
            Course([100, 120], lost=True),
            Course([100, 120]),
            Course([100], lost=True),
            Course([None], lost=True),
        ],
        sections=2,
    )
    one_, two = found.drops
    assert (one_.start, one_.lost, one_.open, one_.shrunk, one_.grown, one_.end) == (
        *(400, 100, 0, 10, 40, 330),
    )
    assert (two.start, two.lost, two.open, two.shrunk, two.grown, two.end) == (
        *(330, 120, 120, 10, 0, 80),
    )
    assert (found.start, found.order, found.share) == (400, 80, Fraction(1, 5))
    assert (found.missing_values, one_.retention, two.retention) == (
        *(1, Fraction(11, 10), Fraction(8, 9)),
    )


def test_a_value_that_was_not_written_down_neither_shrinks_nor_grows():
    found = waterfall([Course([None, 50, None, 60])], 3)
    assert [(drop.start, drop.shrunk, drop.grown) for drop in found.drops] == [
        *((50, 0, 0), (50, 0, 0), (50, 0, 10)),
    ]


@given(st.lists(courses(), max_size=12))
def test_every_drop_adds_up_and_leads_to_the_next(told):
    found = waterfall(told, 3)
    level, deals = found.start, len(told) - found.missing_values
    for drop in found.drops:
        assert (drop.start, drop.entered) == (level, deals)
        assert drop.end == level - drop.lost - drop.open - drop.shrunk + drop.grown
        assert drop.lost_count + drop.open_count + drop.advanced == deals
        level, deals = drop.end, drop.advanced
    assert found.order == level


@pytest.mark.parametrize(
    ("course", "why"),
    [(Course([]), "begins"), (Course([1] * 4), "ends"), (Course([1] * 3, lost=True), "lost")],
)
def test_a_course_fits_the_process(course, why):
    with pytest.raises(ValueError, match=why):
        waterfall([course], 2)


def test_nothing_that_arrived_yields_nothing_known():
    found = waterfall([], 2)
    assert (found.start, found.order, found.share, found.drops[0].retention) == (0, 0, None, None)


CLOSED = [
    *[Closed(None, 10_000)] * 3,
    Closed("lost", Decimal(100_000)),
    Closed("no_decision", None),
    *[Closed("stale", 5_000)] * 2,
    Closed("duplicate", 1),
]


def test_wins_by_count_and_by_value_differ_where_the_large_are_lost():
    found = wins(CLOSED)
    assert (found.won, found.lost, found.missing_values) == (3, 2, 1)
    assert (found.by_count, found.by_value) == (Fraction(3, 5), Fraction(3, 13))
    assert found.beside == {"duplicate": 1, "stale": 2}


def test_what_stands_beside_can_be_counted_in():
    found = wins(CLOSED, beside=())
    assert (found.by_count, found.beside) == (Fraction(3, 8), {})
    assert (wins([]).by_count, wins([]).by_value) == (None, None)
