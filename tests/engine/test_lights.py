from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.cascade import Section, cascade
from app.engine.levels import Status
from app.engine.lights import (
    Basis,
    Focus,
    Light,
    Mode,
    Reason,
    Thresholds,
    Verdict,
    concentration,
    crossed,
    focus,
    judge,
    overall,
)

HALF = Fraction(1, 2)
DAY_TWO = Fraction(1, 31)

shares = st.fractions(0, 1, max_denominator=366)
amounts = st.fractions(0, 10**6, max_denominator=100)
needs = st.fractions(1, 10**6, max_denominator=100)
modes = st.sampled_from(Mode)
some_lights = st.sampled_from(Light)


def seen(verdict):
    return (str(verdict.light), str(verdict.reason))


def lit(light, reason=Reason.ON_PACE, **numbers):
    return Verdict(Light(light), reason, **numbers)


def at_half_time(required, *arrived):
    return [
        judge(need, have, HALF, closed=False) for need, have in zip(required, arrived, strict=True)
    ]


@pytest.mark.parametrize(
    ("arrived", "pace", "strict", "closed"),
    [
        (120, "green reached", "green reached", "green reached"),
        (100, "green reached", "green reached", "green reached"),
        (99, "green on_pace", "amber not_yet_reached", "amber missed_narrowly"),
        (80, "green on_pace", "amber not_yet_reached", "amber missed_narrowly"),
        (79, "green on_pace", "amber not_yet_reached", "red missed"),
        (50, "green on_pace", "amber not_yet_reached", "red missed"),
        (49, "amber behind_pace", "amber behind_pace", "red missed"),
        (40, "amber behind_pace", "amber behind_pace", "red missed"),
        (39, "red far_behind_pace", "red far_behind_pace", "red missed"),
        (0, "red far_behind_pace", "red far_behind_pace", "red missed"),
        (-5, "red far_behind_pace", "red far_behind_pace", "red missed"),
    ],
)
def test_a_hundred_required_at_half_time(arrived, pace, strict, closed):
    assert " ".join(seen(judge(100, arrived, HALF, closed=False))) == pace
    assert " ".join(seen(judge(100, arrived, HALF, closed=False, mode=Mode.STRICT))) == strict
    assert " ".join(seen(judge(100, arrived, HALF, closed=True))) == closed


def test_the_numbers_behind_a_light_are_exact():
    verdict = judge(Decimal("333.34"), Decimal("100.00"), Fraction(19, 31), closed=False)
    assert verdict.expected == Fraction(33334, 100) * Fraction(19, 31)
    assert verdict.attainment == Fraction(10_000, 33_334)
    assert verdict.pace == verdict.attainment / Fraction(19, 31)


def test_a_closed_period_expects_everything():
    verdict = judge(100, 80, HALF, closed=True)
    assert (verdict.expected, verdict.pace, verdict.attainment) == (
        100,
        Fraction(4, 5),
        Fraction(4, 5),
    )


def test_reached_is_told_apart_from_on_pace():
    assert not judge(100, 99, HALF, closed=False).reached
    assert judge(100, 100, HALF, closed=False).reached


@pytest.mark.parametrize(
    ("status", "reason"),
    [("ok", "no_target"), ("unknown", "rate_unknown"), ("unreachable", "unreachable")],
)
def test_without_a_requirement_the_light_is_grey_and_says_why(status, reason):
    verdict = judge(None, 50, HALF, closed=False, status=Status(status))
    assert seen(verdict) == ("grey", reason)
    assert (verdict.arrived, verdict.attainment, verdict.pace, verdict.expected) == (
        50,
        None,
        None,
        None,
    )


def test_no_data_is_not_nothing():
    assert seen(judge(100, None, HALF, closed=False)) == ("grey", "no_data")
    assert seen(judge(100, 0, HALF, closed=False)) == ("red", "far_behind_pace")


@pytest.mark.parametrize("arrived", [None, 0, 50])
def test_where_nothing_is_required_all_is_well(arrived):
    verdict = judge(0, arrived, HALF, closed=False)
    assert seen(verdict) == ("green", "nothing_required")
    assert (verdict.reached, verdict.attainment, verdict.pace) == (True, None, None)


@pytest.mark.parametrize(
    ("elapsed", "average", "expected"),
    [
        (Fraction(0), 1, "grey too_early"),
        (DAY_TWO, 4, "grey too_early"),
        (DAY_TWO, None, "grey too_early"),
        (DAY_TWO, 3, "red far_behind_pace"),
        (Fraction(1, 10), 1000, "red far_behind_pace"),
    ],
)
def test_early_in_the_period_less_than_one_deal_is_too_little_to_judge(elapsed, average, expected):
    assert " ".join(seen(judge(100, 0, elapsed, closed=False, average_deal=average))) == expected


def test_what_is_reached_on_the_first_day_is_reached():
    verdict = judge(1, 1, Fraction(0), closed=False, average_deal=1)
    assert (*seen(verdict), verdict.pace) == ("green", "reached", None)


def test_a_closed_period_is_never_too_early():
    assert seen(judge(100, 0, Fraction(0), closed=True)) == ("red", "missed")


def test_a_house_may_set_its_own_thresholds():
    ours = Thresholds(green=Fraction(9, 10), amber=HALF)
    lights = [judge(100, a, HALF, closed=False, thresholds=ours).light for a in (45, 44, 25, 24)]
    assert lights == ["green", "amber", "amber", "red"]
    assert judge(100, 99, HALF, closed=True, thresholds=ours).light is Light.AMBER


@given(needs, amounts, amounts, shares, st.booleans(), modes)
def test_more_arrivals_never_make_a_light_worse(need, arrived, more, elapsed, closed, mode):
    order = [Light.RED, Light.AMBER, Light.GREY, Light.GREEN]
    before, after = (
        judge(need, have, elapsed, closed=closed, mode=mode).light
        for have in (arrived, arrived + more)
    )
    assert order.index(after) >= order.index(before)


@given(needs, amounts, shares)
def test_strict_is_never_kinder_than_pace(need, arrived, elapsed):
    order = [Light.RED, Light.AMBER, Light.GREEN, Light.GREY]
    pace, strict = (judge(need, arrived, elapsed, closed=False, mode=m).light for m in Mode)
    assert order.index(strict) <= order.index(pace)


@given(needs, amounts, shares, st.booleans(), modes, st.integers(1, 1000))
def test_the_currency_unit_does_not_matter(need, arrived, elapsed, closed, mode, unit):
    small = judge(need, arrived, elapsed, closed=closed, mode=mode)
    large = judge(need * unit, arrived * unit, elapsed, closed=closed, mode=mode)
    assert (small.light, small.reason, small.pace) == (large.light, large.reason, large.pace)


@pytest.mark.parametrize(
    ("value", "count", "worse"),
    [
        *(("green", "green", "green"), ("green", "amber", "amber"), ("amber", "red", "red")),
        *(("grey", "red", "red"), ("grey", "amber", "amber"), ("grey", "green", "green")),
        *(
            ("grey", "grey", "grey"),
            ("red", None, "red"),
            ("grey", None, "grey"),
            (None, None, "grey"),
        ),
    ],
)
def test_the_worse_light_speaks_and_grey_hides_nothing(value, count, worse):
    verdicts = [light and lit(light) for light in (value, count)]
    assert overall(*verdicts).light == overall(*reversed(verdicts)).light == worse


def test_of_equal_lights_the_unreached_speaks_else_the_value():
    reached, on_pace = judge(100, 100, HALF, closed=False), judge(100, 60, HALF, closed=False)
    assert overall(reached, on_pace) is overall(on_pace, reached) is on_pace
    twins = [lit("red", Reason.MISSED), lit("red", Reason.FAR_BEHIND_PACE)]
    assert overall(*twins) is twins[0]


def test_a_missing_target_is_the_last_thing_to_say():
    no_target, early = lit("grey", Reason.NO_TARGET), lit("grey", Reason.TOO_EARLY)
    assert overall(no_target, early) is early


def test_the_basis_may_be_one_side_only():
    green, red = lit("green"), lit("red")
    assert overall(green, red, Basis.VALUE) is green
    assert overall(green, red, Basis.COUNT) is red
    assert seen(overall(None, red, Basis.VALUE)) == ("grey", "no_target")


def test_one_large_deal_that_hides_missing_ones_is_reported():
    assert concentration(80, Decimal(100), lit("green"), lit("red")) == Fraction(4, 5)


@pytest.mark.parametrize(
    ("value", "count", "total"),
    [
        *(("green", "amber", 100), ("amber", "red", 100), ("green", "green", 100)),
        *((None, "red", 100), ("green", None, 100), ("green", "red", 0)),
    ],
)
def test_otherwise_concentration_is_no_news(value, count, total):
    assert concentration(80, total, value and lit(value), count and lit(count)) is None


def test_focus_is_where_the_shortfall_costs_most_at_the_order():
    verdicts = at_half_time([1600, 800, 400, 200, 100], 800, 300, 200, 90, 50)
    assert focus(verdicts) == Focus(
        section=1, milestone=2, shortfall=100, order_worth=Fraction(25, 2)
    )


def test_a_small_late_shortfall_may_weigh_more_than_a_large_early_one():
    verdicts = at_half_time([1600, 800, 400, 200, 100], 700, 400, 200, 80, 50)
    assert focus(verdicts) == Focus(section=3, milestone=4, shortfall=20, order_worth=10)


def test_a_lack_that_travels_on_is_traced_to_the_feed():
    assert focus(at_half_time([400, 200, 100], 100, 50, 25)).section == 0


def test_without_shortfall_or_target_there_is_no_focus():
    assert focus(at_half_time([400, 200, 100], 200, 100, 60)) is None
    assert focus([lit("red"), None]) is None
    assert focus([judge(0, 0, HALF, closed=False)] * 2) is None
    assert focus([]) is None


def test_what_cannot_be_judged_is_not_where_to_act():
    levels = cascade(Fraction(100), None, [Section(None, None), Section(HALF, HALF)]).levels
    verdicts = [judge(level.value, 10, HALF, closed=False, status=level.status) for level in levels]
    assert seen(verdicts[0]) == ("grey", "rate_unknown")
    assert focus(verdicts) == Focus(1, 2, 90, 45)
    assert focus([judge(need, 0, DAY_TWO, closed=False) for need in (200, 100)]) is None


@given(st.lists(st.tuples(needs, amounts), min_size=1, max_size=12), shares, st.booleans())
def test_the_focus_is_a_milestone_with_the_lowest_attainment(pairs, elapsed, closed):
    verdicts = [judge(need, have, elapsed, closed=closed) for need, have in pairs]
    judged = [verdict for verdict in verdicts if verdict.light is not Light.GREY]
    found = focus(verdicts)
    if found is None:
        assert all(verdict.pace is None or verdict.pace >= 1 for verdict in judged)
    else:
        lowest = min(verdict.attainment for verdict in judged)
        assert verdicts[found.milestone - 1].attainment == lowest


@pytest.mark.parametrize(
    ("previous", "arrived", "announced"),
    [
        *(
            ("green", 100, "green"),
            ("green", 98, "green"),
            ("green", 97, "amber"),
            ("green", 5, "red"),
        ),
        *(
            ("amber", 100, "green"),
            ("amber", 99, "amber"),
            ("amber", 78, "amber"),
            ("amber", 77, "red"),
        ),
        *(("red", 100, "green"), ("red", 80, "amber"), ("red", 79, "red"), ("grey", 99, "amber")),
    ],
)
def test_a_light_that_hovers_is_not_announced_again(previous, arrived, announced):
    assert crossed(Light(previous), judge(200, arrived, HALF, closed=False)) == announced


def test_a_strict_green_is_held_by_attainment_not_by_pace():
    def announced(arrived):
        verdict = judge(100, arrived, HALF, closed=False, mode=Mode.STRICT)
        return crossed(Light.GREEN, verdict, Mode.STRICT)

    assert [announced(98), announced(97)] == ["green", "amber"]


def test_a_light_that_can_no_longer_be_judged_turns_grey():
    for previous in Light:
        assert crossed(previous, judge(100, None, HALF, closed=False)) is Light.GREY


@given(some_lights, needs, amounts, shares, st.booleans(), modes)
def test_announcing_twice_changes_nothing(previous, need, arrived, elapsed, closed, mode):
    verdict = judge(need, arrived, elapsed, closed=closed, mode=mode)
    once = crossed(previous, verdict, mode)
    assert crossed(once, verdict, mode) is once


def test_every_reason_can_be_given():
    given = {
        judge(need, have, elapsed, closed=closed, mode=mode, status=status).reason
        for need, have, elapsed, closed, mode, status in product(
            (None, 0, 100),
            (None, 0, 45, 60, 90, 100),
            (Fraction(0), HALF),
            (True, False),
            Mode,
            Status,
        )
    }
    assert given == set(Reason)
