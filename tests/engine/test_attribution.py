"""What an order is owed to: shares that sum to it exactly, whatever the touches."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.attribution import Model, Order, Touch, counting, owed, parts, weights

DAY = datetime(2026, 7, 1, tzinfo=UTC)
models = st.sampled_from(Model)
days = st.integers(-40, 40)
minors = st.integers(0, 10**30)
touches = st.lists(
    st.builds(lambda key, day: Touch(key, on(day)), st.sampled_from("abcd"), days), max_size=9
)


def on(day: int) -> datetime:
    return DAY + timedelta(days=day)


def way(*keys: str) -> list[Touch]:
    return [Touch(key, on(number - len(keys))) for number, key in enumerate(keys)]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (Model.FIRST_TOUCH, {"a": 10_000_000, "b": 0, "c": 0}),
        (Model.LAST_TOUCH, {"a": 0, "b": 0, "c": 10_000_000}),
        (Model.LINEAR, {"a": 3_333_334, "b": 3_333_333, "c": 3_333_333}),
        (Model.POSITION, {"a": 4_000_000, "b": 2_000_000, "c": 4_000_000}),
    ],
)
def test_an_order_of_100_000_after_three_touches(model, expected):
    assert owed(model, way("a", "b", "c"), Order(DAY, 10_000_000)) == expected


def test_position_gives_all_to_one_half_to_two_and_shares_the_middle_among_more():
    assert owed(Model.POSITION, way("a"), Order(DAY, 101)) == {"a": 101}
    assert owed(Model.POSITION, way("a", "b"), Order(DAY, 101)) == {"a": 51, "b": 50}
    four = owed(Model.POSITION, way("a", "b", "c", "d"), Order(DAY, 1000))
    assert four == {"a": 400, "b": 100, "c": 100, "d": 400}


def test_a_source_that_met_the_customer_twice_has_both_shares():
    assert owed(Model.LINEAR, way("a", "b", "a"), Order(DAY, 100)) == {"a": 67, "b": 33}
    assert parts(Model.LINEAR, way("a", "b", "a"), DAY) == {
        "a": Fraction(2, 3),
        "b": Fraction(1, 3),
    }


def test_what_comes_after_the_order_has_no_part_in_it():
    late = [*way("a"), Touch("b", on(1))]
    for model in Model:
        assert owed(model, late, Order(DAY, 100)) == {"a": 100}
    assert owed(Model.LAST_TOUCH, [Touch("b", on(1))], Order(DAY, 100)) == {None: 100}


def test_a_touch_at_the_very_moment_of_the_order_counts():
    assert owed(Model.LAST_TOUCH, [Touch("a", DAY)], Order(DAY, 100)) == {"a": 100}


def test_a_voided_order_and_one_of_unknown_amount_carry_nothing():
    assert owed(Model.LINEAR, way("a"), Order(DAY, 100, voided=True)) == {}
    assert owed(Model.LINEAR, way("a"), Order(DAY, None)) == {}


def test_without_a_touch_all_of_it_is_unattributed():
    assert owed(Model.LINEAR, [], Order(DAY, 100)) == {None: 100}
    assert parts(Model.POSITION, [], DAY) == {None: 1}


@given(models, touches, minors, days)
def test_the_shares_sum_to_the_order_and_none_is_negative(model, met, minor, day):
    found = owed(model, met, Order(on(day), minor))
    assert sum(found.values()) == minor
    assert min(found.values()) >= 0
    assert sum(parts(model, met, on(day)).values()) == 1


@given(models, touches, minors, st.randoms())
def test_the_order_in_which_touches_are_given_changes_nothing(model, met, minor, random):
    apart = list({touch.at: touch for touch in met}.values())
    mixed = random.sample(apart, len(apart))
    order = Order(on(50), minor)
    assert owed(model, mixed, order) == owed(model, apart, order)
    assert parts(model, mixed, on(50)) == parts(model, apart, on(50))


@given(models, st.permutations("abcd"))
def test_renaming_the_sources_renames_the_shares(model, names):
    renamed = dict(zip("abcd", names, strict=True))
    found = owed(model, way(*"abcd"), Order(DAY, 1001))
    again = owed(model, way(*names), Order(DAY, 1001))
    assert again == {renamed[key]: minor for key, minor in found.items()}


@given(models, touches, minors)
def test_only_what_was_there_before_the_order_is_given_a_share(model, met, minor):
    before = {touch.key for touch in counting(met, DAY)}
    assert owed(model, met, Order(DAY, minor)).keys() == (before or {None})


@given(st.integers(3, 60))
def test_position_is_40_20_40_for_any_number_of_touches(number):
    found = weights(Model.POSITION, number)
    assert Fraction(found[0], sum(found)) == Fraction(found[-1], sum(found)) == Fraction(2, 5)
