from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.cascade import (
    BadCascade,
    BadRate,
    Section,
    Status,
    cascade,
    net,
    rate,
    remaining,
    retention,
    sensitivity,
    simulate,
)

T = Fraction(100_000)
THIRD = Fraction(1, 3)

rates = st.fractions(Fraction(1, 20), 1, max_denominator=400)
rate_lists = st.lists(rates, min_size=1, max_size=11)
retentions = st.fractions(Fraction(1, 4), 2, max_denominator=100)
targets = st.fractions(0, 10**9, max_denominator=100)


def section(value, **changes):
    exact = None if value is None else Fraction(value)
    return replace(Section(exact, exact), **changes)


def sections(*values):
    return [section(value) for value in values]


def values(result, currency="EUR"):
    return [str(level.required_value(currency)) for level in result.levels]


def counts(result):
    return [level.required_count for level in result.levels]


REAL = sections(".35", ".60", ".45", ".30")
UNKNOWN_THIRD = sections(".5", ".5", None, ".5")
ZERO_THIRD = sections(".5", ".5", 0, ".5")
ZERO_THIRD[2] = replace(ZERO_THIRD[2], because="section 3 observed 0 of 12")


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        ("0.35", Fraction(7, 20)),
        (".5", Fraction(1, 2)),
        ("1.000", Fraction(1)),
        ("0." + "3" * 30, Fraction(int("3" * 30), 10**30)),
        (Decimal("1E-3"), Fraction(1, 1000)),
        ((1, 3), THIRD),
        ((7, 7), Fraction(1)),
    ],
)
def test_a_rate_is_a_decimal_or_a_ratio(value, exact):
    assert rate(value) == exact


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        ("rate_must_be_positive", ["0", "0.000", "-0.5", "-0", Decimal(0), (0, 3), (-1, 3)]),
        ("rate_above_one", ["1.0001", "50", "99999999999999999999", Decimal("1E+5"), (4, 3)]),
        (
            "rate_malformed",
            ["", ".", "5.", "+0.5", "50%", "0,5", " 0.5", "0.5\n", "1_0", "½", "0x1"],
        ),
        ("rate_malformed", ["1e-2", "1e-999999", "NaN", "Infinity", "0." + "3" * 31, "0" * 65]),
        ("rate_malformed", [Decimal("NaN"), Decimal("-Infinity"), Decimal("1e-999999")]),
        ("rate_malformed", [Decimal("1e999999"), (1, 0), (1, -3), (1, 10**30), (-(10**30), 3)]),
    ],
)
def test_what_is_no_rate_is_refused_with_a_code(code, refused):
    for value in refused:
        with pytest.raises(BadRate) as error:
            rate(value)
        assert error.value.code == code, value


def test_value_may_grow_on_the_way_but_not_vanish():
    assert retention("1.2") == Fraction(6, 5)
    for value, code in (("0", "retention_must_be_positive"), ("x", "retention_malformed")):
        with pytest.raises(BadRate) as error:
            retention(value)
        assert error.value.code == code


def test_half_of_every_section_gives_sixteen_times_the_target():
    result = cascade(T, None, sections(*[".5"] * 4), average_order_value=Fraction(25_000))
    assert values(result) == ["1600000.00", "800000.00", "400000.00", "200000.00", "100000.00"]
    assert counts(result) == [64, 32, 16, 8, 4]
    assert (result.coverage, result.warnings) == (16, ())
    exits = [level.planned_exit_value("EUR") for level in result.levels]
    assert [str(exit) for exit in exits] == [
        "800000.00",
        "400000.00",
        "200000.00",
        "100000.00",
        "None",
    ]


def test_every_requirement_comes_from_the_target_and_is_rounded_up_once():
    result = cascade(T, None, REAL)
    assert values(result) == ["3527336.87", "1234567.91", "740740.75", "333333.34", "100000.00"]
    assert result.levels[0].exact_value == "2000000000/567"
    assert str(result.levels[0].planned_exit_value("EUR")) == "2292768.96"


def test_three_orders_at_seven_tenths_need_thirteen_first():
    result = cascade(None, Fraction(3), sections(*[".7"] * 4))
    assert counts(result) == [13, 9, 7, 5, 3]
    assert values(result) == ["None"] * 5
    assert {level.status for level in result.levels} == {Status.OK}


def test_a_third_is_a_third_and_its_decimal_is_not():
    assert values(cascade(Fraction(100), None, [section(THIRD)] * 2)) == [
        "900.00",
        "300.00",
        "100.00",
    ]
    decimal = [section(rate("0.3333"))] * 2
    assert values(cascade(Fraction(100), None, decimal)) == ["900.19", "300.04", "100.00"]


@pytest.mark.parametrize(
    ("currency", "needed"), [("JPY", "334"), ("KWD", "333.334"), ("EUR", "333.34")]
)
def test_rounding_up_follows_the_currency(currency, needed):
    assert values(cascade(Fraction(100), None, sections(".3")), currency)[0] == needed


def test_keys_and_sources_stay_with_their_milestones():
    result = cascade(T, None, [section(".5", source="target")], keys=["need", "order"])
    described = [(level.position, level.key, level.rate_source) for level in result.levels]
    assert described == [(1, "need", "target"), (2, "order", None)]
    assert [level.key for level in cascade(T, None, sections(".5")).levels] == ["m1", "m2"]


def test_value_that_grows_on_the_way_lowers_what_is_needed():
    result = cascade(T, Fraction(4), [section(".5", retention=Fraction(5, 4))])
    assert (result.levels[0].value, result.levels[0].count) == (160_000, 8)
    assert result.coverage == Fraction(8, 5)
    assert result.levels[0].planned_exit == 80_000


def test_counts_may_convert_differently():
    result = cascade(T, Fraction(4), [section(".5", count_rate=Fraction(1, 4))])
    assert (result.levels[0].value, result.levels[0].count) == (200_000, 16)


def test_value_and_count_complete_each_other():
    average = Fraction(25_000)
    from_value = cascade(T, None, sections(".5"), average_order_value=average)
    from_count = cascade(None, Fraction(4), sections(".5"), average_order_value=average)
    assert from_value.levels == from_count.levels


@pytest.mark.parametrize(
    ("count", "warnings"), [(4, ()), (5, ("mix_warning",)), (3, ("mix_warning",))]
)
def test_value_and_count_that_contradict_the_average_are_reported(count, warnings):
    result = cascade(T, Fraction(count), sections(".5"), average_order_value=Fraction(25_000))
    assert result.warnings == warnings


def test_a_fifth_apart_is_not_yet_a_contradiction():
    at_the_edge = cascade(T, Fraction(6), sections(".5"), average_order_value=Fraction(20_000))
    assert at_the_edge.warnings == ()


def test_more_than_ten_thousand_times_the_target_is_implausible():
    assert cascade(T, None, sections(*[".1"] * 4)).warnings == ()
    assert cascade(T, None, sections(*[".1"] * 4, ".99")).warnings == ("implausible_yield",)


def test_an_unknown_rate_leaves_the_later_milestones_answered():
    result = cascade(T, Fraction(4), UNKNOWN_THIRD)
    assert [level.value for level in result.levels] == [None, None, None, 200_000, 100_000]
    assert [level.count for level in result.levels] == [None, None, None, 8, 4]
    assert [level.status for level in result.levels] == [*["unknown"] * 3, "ok", "ok"]
    assert {level.because for level in result.levels[:3]} == {"section 3 rate is unknown"}
    assert result.coverage is None


def test_observed_nothing_of_twelve_makes_it_unreachable():
    result = cascade(T, None, ZERO_THIRD)
    assert [level.value for level in result.levels] == [None, None, None, 200_000, 100_000]
    assert [level.status for level in result.levels] == [*["unreachable"] * 3, "ok", "ok"]
    assert {(level.because, level.blocked_by) for level in result.levels[:3]} == {
        ("section 3 observed 0 of 12", 3)
    }


def test_unreachable_outweighs_unknown_where_both_stand_in_the_way():
    result = cascade(T, None, sections(".5", 0, None, ".5"))
    described = [(level.status, level.blocked_by) for level in result.levels]
    assert described == [
        ("unreachable", 2),
        ("unreachable", 2),
        ("unknown", 3),
        ("ok", None),
        ("ok", None),
    ]


def test_only_the_number_that_was_asked_for_counts_as_missing():
    only_counts_known = [Section(None, Fraction(1, 2))]
    assert cascade(None, Fraction(4), only_counts_known).levels[0].status is Status.OK
    both = cascade(T, Fraction(4), only_counts_known).levels[0]
    assert (both.status, both.value, both.count) == (Status.UNKNOWN, None, 8)


def test_nothing_is_needed_for_nothing_whatever_the_rates():
    for rates in (REAL, UNKNOWN_THIRD, ZERO_THIRD):
        levels = cascade(Fraction(0), Fraction(0), rates).levels
        assert {(level.value, level.count, level.status) for level in levels} == {(0, 0, "ok")}


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("too_few_milestones", (T, None, [])),
        ("too_many_milestones", (T, None, sections(*[".5"] * 12))),
        ("keys_do_not_match", (T, None, sections(".5"), ["need"])),
        ("keys_repeated", (T, None, sections(".5"), ["need", "need"])),
        ("target_missing", (None, None, sections(".5"))),
        ("target_negative", (-T, None, sections(".5"))),
        ("target_negative", (T, Fraction(-1), sections(".5"))),
        ("average_order_value_must_be_positive", (T, None, sections(".5"), None, Fraction(0))),
        ("rate_out_of_range", (T, None, sections("1.5"))),
        ("rate_out_of_range", (T, None, [section(".5", count_rate=Fraction(-1))])),
        ("retention_negative", (T, None, [section(".5", retention=Fraction(-1))])),
    ],
)
def test_inputs_that_do_not_fit_are_refused_with_a_code(code, arguments):
    with pytest.raises(BadCascade) as error:
        cascade(*arguments)
    assert error.value.code == code


def test_twelve_milestones_are_the_most():
    assert len(cascade(T, None, sections(*[".5"] * 11)).levels) == 12


@given(targets, rate_lists)
def test_an_earlier_milestone_never_needs_less(target, rates):
    needed = [level.value for level in cascade(target, None, [section(r) for r in rates]).levels]
    assert needed == sorted(needed, reverse=True)


@given(targets, st.lists(st.tuples(rates, retentions), min_size=1, max_size=8))
def test_going_forward_from_the_requirement_reaches_the_target(target, pairs):
    steps = [section(r, retention=d) for r, d in pairs]
    result = cascade(target, None, steps)
    arriving = Fraction(result.levels[0].required_value("EUR")) / result.coverage
    assert target <= arriving < target + Fraction(1, 100) / result.coverage


@given(targets, rate_lists)
def test_counts_going_forward_lose_less_than_one_unit(target, rates):
    result = cascade(None, target, [section(r) for r in rates])
    arriving = result.levels[0].required_count / result.coverage
    assert target <= arriving < target + 1


@given(targets, rates, rates, rate_lists.filter(lambda rates: len(rates) < 10))
def test_splitting_a_section_leaves_the_other_milestones_alone(target, a, b, others):
    later = [section(r) for r in others]
    whole = cascade(target, None, [section(a * b), *later]).levels
    parts = cascade(target, None, [section(a), section(b), *later]).levels
    assert [whole[0].value, *(level.value for level in whole[1:])] == [
        level.value for level in (parts[0], *parts[2:])
    ]


@given(targets, rate_lists, st.fractions(0, 1000))
def test_twice_the_target_needs_twice_of_everything(target, rates, factor):
    steps = [section(r) for r in rates]
    once = cascade(target, None, steps).levels
    scaled = cascade(target * factor, None, steps).levels
    assert [level.value * factor for level in once] == [level.value for level in scaled]


@given(targets, rate_lists.flatmap(lambda r: st.tuples(st.just(r), st.permutations(r))))
def test_the_order_of_the_rates_does_not_change_what_the_first_milestone_needs(target, orders):
    firsts = {
        cascade(target, None, [section(r) for r in order]).levels[0].value for order in orders
    }
    assert len(firsts) == 1


@given(targets, st.lists(st.none() | st.just(Fraction(0)) | rates, min_size=1, max_size=11))
def test_a_level_without_an_answer_says_why_and_never_raises(target, rates):
    for level in cascade(target, None, [section(r) for r in rates]).levels:
        answered = level.value is not None
        assert answered == (level.status is Status.OK) == (level.because is None)


def test_what_is_won_and_expected_need_not_be_fed_again():
    result = net(T, Fraction(30_000), Fraction(20_000), sections(".5", ".5"))
    assert (result.remaining.gap, result.remaining.needed) == (70_000, 50_000)
    assert [level.value for level in result.cascade.levels] == [200_000, 100_000, 50_000]
    assert not result.remaining.target_met


def test_a_target_that_is_met_needs_nothing_even_with_unknown_rates():
    result = net(T, T, Fraction(0), UNKNOWN_THIRD)
    assert result.remaining.target_met
    assert [level.value for level in result.cascade.levels] == [0] * 5


def test_a_gap_the_open_opportunities_will_close_is_not_a_met_target():
    left = remaining(T, Fraction(30_000), T)
    assert (left.gap, left.needed, left.target_met) == (70_000, 0, False)


def test_five_points_in_the_last_section_are_worth_most():
    levers = simulate(cascade(T, None, REAL), {}).levers
    assert [round(lever.order_value_per_point * 5) for lever in levers] == [
        14_286,
        8_333,
        11_111,
        16_667,
    ]


def test_a_point_saves_the_feed_it_makes_unnecessary():
    before = cascade(T, None, REAL)
    for lever in simulate(before, {}).levers:
        better = REAL[lever.section - 1].value_rate + Fraction(1, 100)
        after = simulate(before, {lever.section: better}).after
        saved = before.levels[0].value - after.levels[0].value
        assert lever.first_milestone_saved_per_point == saved > 0


def test_a_better_rate_in_one_section_lowers_everything_before_it():
    simulation = simulate(
        cascade(T, Fraction(4), REAL, ["a", "b", "c", "d", "e"]), {3: Fraction(9, 10)}
    )
    before, after = simulation.before.levels, simulation.after.levels
    assert [new.value / old.value for old, new in zip(before, after, strict=True)] == [
        *[Fraction(1, 2)] * 3,
        1,
        1,
    ]
    assert after[2].rate_source == "scenario"
    assert [level.key for level in after] == ["a", "b", "c", "d", "e"]


def test_a_count_rate_of_its_own_moves_in_proportion():
    result = cascade(T, Fraction(4), [section(".4", count_rate=Fraction(1, 2))])
    changed = {
        new: simulate(result, {1: rate(new)}).after.levels[0].count_rate for new in ("0.2", "0.9")
    }
    assert changed == {"0.2": Fraction(1, 4), "0.9": 1}


def test_a_scenario_answers_what_was_unknown():
    after = simulate(cascade(T, Fraction(4), UNKNOWN_THIRD), {3: Fraction(1, 2)}).after
    assert (after.levels[0].value, after.levels[0].count) == (1_600_000, 64)


def test_a_full_or_unknown_section_is_no_lever():
    full, unknown = simulate(cascade(T, None, sections("1", None)), {}).levers
    assert (full.order_value_per_point, full.first_milestone_saved_per_point) == (0, None)
    assert (unknown.order_value_per_point, unknown.first_milestone_saved_per_point) == (None, None)


@pytest.mark.parametrize("number", [0, 5, -1])
def test_a_change_names_a_section_there_is(number):
    with pytest.raises(BadCascade) as error:
        simulate(cascade(T, None, REAL), {number: THIRD})
    assert error.value.code == "section_unknown"


def test_an_uncertain_rate_shows_how_far_the_requirement_may_move():
    before = cascade(T, None, sections(".5", ".5"))
    (found,) = sensitivity(before, [None, (Fraction(1, 4), Fraction(1))])
    assert found.section == 2
    assert [level.value for level in found.low.levels] == [800_000, 400_000, 100_000]
    assert [level.value for level in found.high.levels] == [200_000, 100_000, 100_000]


def test_an_interval_that_reaches_down_to_nothing_is_unreachable_at_its_low_end():
    (found,) = sensitivity(cascade(T, None, sections(".5")), [(Fraction(0), Fraction(1, 2))])
    assert (found.low.levels[0].value, found.low.levels[0].status) == (None, Status.UNREACHABLE)
