from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.matrix.status import Status
from app.engine.matrix.worth import (
    NONE,
    Chances,
    Sample,
    ValueSource,
    asking,
    chance,
    mean,
    rate,
    score,
    shrunk,
    worth,
)

shares = st.fractions(0, 1, max_denominator=50)
chances = st.builds(Chances, shares, shares, shares, shares)
open_statuses = st.sampled_from([Status.NEED, Status.COMPETITOR, Status.UNKNOWN])


@st.composite
def parts(draw):
    """A segment's hits of its known cells, and those of the product, which contain them."""
    n = draw(st.integers(0, 60))
    hits = draw(st.integers(0, n))
    more = draw(st.integers(0, 200))
    return Sample(hits, n), Sample(hits + draw(st.integers(0, more)), n + more)


def test_a_stated_value_is_the_value():
    found = worth(Fraction(800), Sample(9000, 3), Sample(20000, 5))
    assert (found.value, found.source, found.n) == (800, ValueSource.STATED, 1)


def test_two_of_a_segment_are_drawn_to_the_product():
    """Segment: 1,000 and 2,000; product: seven values, 14,000 in all, 2,000 on average.

    (3,000 + 10 · 2,000) / (2 + 10) = 23,000 / 12.
    """
    found = worth(None, Sample(3000, 2), Sample(14000, 7))
    assert (found.value, found.source, found.n) == (Fraction(23000, 12), ValueSource.SEGMENT, 7)


def test_a_segment_without_values_has_the_products_mean():
    found = worth(None, NONE, Sample(14000, 7))
    assert (found.value, found.source) == (2000, ValueSource.PRODUCT)


def test_a_value_that_nobody_ever_stated_is_unknown():
    assert worth(None, NONE, NONE).value is None
    assert worth(None, NONE, NONE).source is ValueSource.NONE


def test_adoption_of_a_segment_is_drawn_to_that_of_the_product():
    """6 of 10 buy here, 10 of 50 everywhere: (6 + 10 · 0.2) / (10 + 10) = 0.4."""
    assert rate(Sample(6, 10), Sample(10, 50)) == Fraction(2, 5)
    assert rate(NONE, Sample(10, 50)) == Fraction(1, 5)
    assert rate(NONE, NONE) is None


@pytest.mark.parametrize(
    ("status", "worth"),
    [
        (Status.NEED, Fraction(300)),  # 1,200 · 1/4
        (Status.COMPETITOR, Fraction(120)),  # 1,200 · 1/10
        (Status.UNKNOWN, Fraction(240)),  # 1,200 · 1/2 · 2/5
        (Status.BUYS, Fraction(0)),
        (Status.NO_NEED, Fraction(0)),
        (Status.NA, Fraction(0)),
    ],
)
def test_the_score_of_each_status(status, worth):
    likely = Chances(Fraction(1, 4), Fraction(1, 10), Fraction(1, 2), Fraction(2, 5))
    assert score(status, Fraction(1200), likely) == worth


@pytest.mark.parametrize("status", [Status.NEED, Status.COMPETITOR, Status.UNKNOWN])
def test_what_is_not_known_makes_no_score(status):
    assert score(status, Fraction(1200), Chances()) is None
    assert score(status, None, Chances(*[Fraction(1, 2)] * 4)) is None


def test_half_of_a_demand_that_is_known_is_none():
    assert chance(Status.UNKNOWN, Chances(demand=Fraction(1, 2))) is None
    assert chance(Status.UNKNOWN, Chances(adoption=Fraction(1, 2))) is None


def test_nothing_settled_needs_a_value():
    assert score(Status.BUYS, None, Chances()) == 0


def test_the_longer_ago_the_more_asking_brings():
    """1 less 365 / 1,460 = 3/4 after four years."""
    assert [asking(days) for days in (0, 100, 365, 730, 1460)] == [
        0, 0, 0, Fraction(1, 2), Fraction(3, 4),
    ]  # fmt: skip
    assert asking(None) == 1


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_stale_cell_is_never_asked_before_an_unknown_one(one, other):
    assert asking(min(one, other)) <= asking(max(one, other)) < asking(None)


@given(parts())
def test_a_segment_lies_between_itself_and_its_product(pair):
    segment, product = pair
    ends = [end for end in (mean(segment), mean(product)) if end is not None]
    drawn = shrunk(segment, mean(product))
    assert drawn is None if not ends else min(ends) <= drawn <= max(ends)


@given(parts(), st.integers(1, 1000))
def test_the_more_is_known_the_less_it_is_drawn(pair, times):
    segment, product = pair
    if segment.n:
        parent = mean(product)
        more = Sample(segment.total * times, segment.n * times)
        own = mean(segment)
        assert abs(shrunk(more, parent) - own) <= abs(shrunk(segment, parent) - own)


@given(open_statuses, chances, st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_score_rises_with_the_value_and_never_above_it(status, likely, one, other):
    low, high = sorted((Fraction(one), Fraction(other)))
    assert 0 <= score(status, low, likely) <= score(status, high, likely) <= high
