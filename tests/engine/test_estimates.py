"""Intervals, shrinkage and what counts as enough."""

import math

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from app.engine.flow.estimates import (
    NOTHING,
    Status,
    estimate,
    given,
    observed_only,
    product,
    shrunk,
    wilson,
)

COUNTS = st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
RATES = st.floats(0.01, 0.99)


@pytest.mark.parametrize(
    ("x", "n", "low", "high"),
    [(0, 3, 0, 0.562), (3, 3, 0.438, 1), (15, 30, 0.332, 0.668), (40, 100, 0.309, 0.498)],
)
def test_intervals_as_wilson_computed_them(x, n, low, high):
    assert wilson(x, n) == pytest.approx((low, high), abs=5e-4)


@pytest.mark.parametrize(
    ("x", "n", "value"),
    [
        (0, 3, 0.435),
        (3, 3, 0.565),
        (1, 4, 0.458),
        (40, 100, 0.417),
        (400, 1000, 0.402),
        (0, 0, 0.5),
        (1, 1, 0.524),
    ],
)
def test_few_deals_move_a_rate_a_little_and_many_make_it(x, n, value):
    assert shrunk(x, n, 0.5) == pytest.approx(value, abs=5e-4)


@for_all(COUNTS, RATES)
def test_a_shrunk_rate_lies_between_what_was_seen_and_the_parent(counts, parent):
    x, n = counts
    low, high = sorted((x / n, parent))
    assert low - 1e-12 <= shrunk(x, n, parent) <= high + 1e-12


@for_all(COUNTS)
def test_an_interval_holds_its_share_and_stays_between_none_and_all(counts):
    x, n = counts
    low, high = wilson(x, n)
    assert 0 <= low <= x / n <= high <= 1


@for_all(COUNTS)
def test_the_interval_of_those_that_leave_mirrors_that_of_those_that_go_on(counts):
    x, n = counts
    low, high = wilson(x, n)
    assert wilson(n - x, n) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize(
    ("decided", "settled", "status"),
    [
        (30, True, Status.OK),
        (29.9, True, Status.LOW_SAMPLE),
        (10, True, Status.LOW_SAMPLE),
        (9.9, True, Status.INSUFFICIENT),
        (3_000, False, Status.LOW_SAMPLE),
        (9, False, Status.INSUFFICIENT),
    ],
)
def test_enough_is_thirty_decided_and_few_undecided(decided, settled, status):
    assert estimate(0.5, 5_000, decided, settled=settled).status is status


def test_waiting_deals_do_not_make_up_for_decided_ones():
    assert estimate(0.5, 50, 34.0, decided=29).status is Status.LOW_SAMPLE


def test_without_evidence_the_parent_is_handed_on_with_its_source():
    found = estimate(None, 0, 0, given(0.5))
    assert (found.value, found.source, found.observed) == (0.5, "default", None)
    assert (found.status, found.low, found.high) == (Status.INSUFFICIENT, 0, 1)
    assert estimate(0.0, 7, 0.0, given(0.3, "target")).source == "target"


def test_with_neither_evidence_nor_parent_nothing_is_known():
    found = estimate(None, 4, 0)
    assert (found.value, found.status, found.n) == (None, Status.UNKNOWN, 4)
    assert given(None) == NOTHING


def test_without_a_parent_what_was_observed_stands_for_itself():
    found = estimate(0.25, 40, 40)
    assert (found.value, found.source) == (0.25, "observed")


def test_none_of_some_is_evidence_and_never_nought():
    found = estimate(0.0, 30, 30, given(0.5))
    assert found.value == pytest.approx(0.2)
    assert (found.observed, found.source) == (0.0, "observed_shrunk")


def test_the_parent_of_a_parent_is_felt_less():
    team = estimate(0.6, 50, 50, given(0.5))
    rep = estimate(0.0, 3, 3, team)
    assert rep.value == pytest.approx(20 * team.value / 23)


def test_who_wants_it_pure_gets_what_was_observed_or_a_dead_end():
    assert observed_only(estimate(0.4, 50, 50, given(0.5))).value == 0.4
    assert observed_only(estimate(0.0, 50, 50, given(0.5))).status is Status.UNREACHABLE
    assert observed_only(estimate(0.0, 50, 50, given(0.5))).value is None
    assert observed_only(given(0.5)).status is Status.UNKNOWN


def test_the_chance_to_pass_two_sections_is_the_product():
    found = product([estimate(0.5, 100, 90, given(0.4)), estimate(0.4, 45, 40, given(0.4))])
    assert found.value == pytest.approx((45 + 8) / 110 * 0.4)
    assert (found.observed, found.n, found.status) == (0.2, 100, Status.OK)
    more = [estimate(0.5, 100, 90, given(0.4)), estimate(0.4, 90, 40, given(0.4))]
    relative = 0.5 / (0.5 * 90) + 0.6 / (0.4 * 40)
    assert product(more).n_eff == pytest.approx(0.8 / 0.2 / relative)


def test_a_product_is_as_uncertain_as_its_weakest_factor():
    sure, unsure = estimate(0.5, 1000, 1000, given(0.5)), estimate(0.5, 5, 5, given(0.5))
    found = product([sure, unsure])
    assert found.status is Status.INSUFFICIENT
    assert found.n_eff < 20
    assert product([sure, NOTHING]).status is Status.UNKNOWN
    assert product([]).value is None


def test_a_product_with_a_stated_rate_knows_no_observed_one():
    found = product([estimate(0.5, 100, 100, given(0.5)), given(0.5)])
    assert (found.value, found.observed, found.low, found.high) == (0.25, None, 0, 1)


@for_all(st.lists(st.tuples(RATES, st.integers(30, 3_000)), min_size=1, max_size=6))
def test_no_factor_makes_a_product_surer_than_the_whole_sample(factors):
    rates = [estimate(rate, n, n, given(0.5)) for rate, n in factors]
    found = product(rates)
    assert found.observed == pytest.approx(math.prod(rate for rate, _ in factors))
    assert found.low <= found.observed <= found.high


def test_none_or_all_in_a_section_is_known_as_well_as_the_fewest_deals():
    none = product([estimate(0.0, 12, 12, given(0.5)), estimate(0.5, 40, 40, given(0.5))])
    assert (none.observed, none.n_eff) == (0.0, 12)
    every = product([estimate(1.0, 12, 12), estimate(1.0, 40, 40)])
    assert (every.value, every.n_eff) == (1.0, 12)


def test_a_product_is_never_worth_more_deals_than_were_seen_anywhere():
    """A product far below its factors knows itself better than any of them."""
    seen = [estimate(0.6, 242, 240, given(0.5)), estimate(0.5, 150, 149, given(0.5))] * 2
    found = product(seen)
    assert (found.n, found.n_eff) == (242, 150)
    low, high = wilson(0.09 * 150, 150)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
