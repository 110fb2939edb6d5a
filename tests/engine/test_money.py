from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.currencies import DECIMALS
from app.engine.money import Money, ceil_to_minor, exponent, is_currency, round_to_minor, split

minors = st.integers(-(10**40), 10**40)
currencies = st.sampled_from(sorted(DECIMALS))
fractions = st.fractions(-(10**12), 10**12)
weights = st.lists(st.integers(0, 50) | st.fractions(0, 9), min_size=1, max_size=12).filter(any)


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [
        ("EUR", 2),
        ("JPY", 0),
        ("KWD", 3),
        ("CLF", 4),
        ("BHD", 3),
        ("ISK", 0),
        ("UYW", 4),
        ("HUF", 2),
    ],
)
def test_a_currency_has_the_decimals_iso_4217_gives_it(currency, decimals):
    assert exponent(currency) == decimals


@pytest.mark.parametrize("code", ["eur", "EURO", "", "XAU", "XXX", "XTS", "HRK", "DEM", "E R"])
def test_what_nobody_is_paid_in_is_no_currency(code):
    assert not is_currency(code)
    with pytest.raises(ValueError, match="ISO 4217"):
        exponent(code)


def test_every_code_is_listed_once():
    assert len(DECIMALS) == 165
    assert all(len(code) == 3 and code.isupper() for code in DECIMALS)


@pytest.mark.parametrize(
    ("amount", "currency", "minor", "text"),
    [
        ("100000", "EUR", 10_000_000, "100000.00"),
        ("1E+5", "EUR", 10_000_000, "100000.00"),
        ("100.000", "JPY", 100, "100"),
        ("1", "KWD", 1000, "1.000"),
        ("-0.05", "EUR", -5, "-0.05"),
        ("-0.00", "EUR", 0, "0.00"),
        ("0.0000000001E10", "CLF", 10_000, "1.0000"),
    ],
)
def test_an_amount_has_one_count_of_minor_units_and_one_text(amount, currency, minor, text):
    money = Money(Decimal(amount), currency)
    assert (money.minor, money.text) == (minor, text)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("1.005", "EUR"),
        ("0.5", "JPY"),
        ("0.0001", "KWD"),
        ("1e-999999999", "EUR"),
        ("1e999999999", "EUR"),
        ("NaN", "EUR"),
        ("-Infinity", "EUR"),
    ],
)
def test_an_amount_that_cannot_be_paid_is_refused(amount, currency):
    with pytest.raises(ValueError, match=r"more|not an amount"):
        _ = Money(Decimal(amount), currency).minor


@given(minors, currencies)
def test_minor_units_survive_the_way_to_text_and_back(minor, currency):
    text = Money.of_minor(minor, currency).text
    assert Money(Decimal(text), currency).minor == minor


@given(fractions, currencies)
def test_rounding_up_adds_less_than_one_unit(exact, currency):
    added = Fraction(ceil_to_minor(exact, currency)) - exact
    assert 0 <= added < Fraction(1, 10 ** exponent(currency))


@given(fractions, currencies)
def test_rounding_moves_by_half_a_unit_at_most(exact, currency):
    moved = abs(Fraction(round_to_minor(exact, currency)) - exact)
    assert moved <= Fraction(1, 2 * 10 ** exponent(currency))


def test_rounding_follows_the_currency():
    third = Fraction(1_000_000, 3)
    assert str(ceil_to_minor(third, "JPY")) == "333334"
    assert str(ceil_to_minor(third, "KWD")) == "333333.334"
    assert str(round_to_minor(third, "KWD")) == "333333.333"


def test_rounding_keeps_more_digits_than_a_decimal_context_would():
    exact = Fraction(10**40 + 1, 100)
    assert str(ceil_to_minor(exact, "EUR")) == "1" + "0" * 38 + ".01"
    assert str(round_to_minor(Decimal(10**40 + 1), "JPY")) == str(10**40 + 1)


def test_three_equal_shares_of_a_hundred_thousand():
    assert split(10_000_000, [1, 1, 1]) == (3_333_334, 3_333_333, 3_333_333)
    assert split(-10_000_000, [1, 1, 1]) == (-3_333_334, -3_333_333, -3_333_333)


def test_forty_twenty_forty():
    assert split(101, [Fraction(2, 5), Fraction(1, 5), Fraction(2, 5)]) == (41, 20, 40)


@given(minors, weights)
def test_shares_add_up_and_each_is_within_one_of_its_exact_part(total, weights):
    shares = split(total, weights)
    assert sum(shares) == total
    exact = [Fraction(total) * weight / sum(weights) for weight in weights]
    assert all(abs(share - part) < 1 for share, part in zip(shares, exact, strict=True))


@given(minors, weights, st.fractions(Fraction(1, 99), 99))
def test_only_the_proportion_of_the_weights_matters(total, weights, factor):
    assert split(total, [weight * factor for weight in weights]) == split(total, weights)


@pytest.mark.parametrize("weights", [[], [0], [0, Fraction(0)], [-1, 3], [1, -1]])
def test_weights_that_divide_nothing_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        split(100, weights)
