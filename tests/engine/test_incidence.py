"""Rates from undecided deals: what the estimator must find, and what must not move it."""

from dataclasses import fields
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.engine.flow.facts import Outcome
from app.engine.flow.incidence import age_at, at_risk, incidence, watched
from tests.engine.worlds_as_facts import stays_from

OPEN, ADVANCED, LOST = Outcome.OPEN, Outcome.ADVANCED, Outcome.LOST
DEALS = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from([OPEN, ADVANCED, LOST]), st.integers(1, 900)),
    min_size=1,
    max_size=60,
)


def of(deals, **more):
    days, outcome, *_ = zip(*deals, strict=True)
    return incidence(days, outcome, **more)


def by_value(deals, factor=1.0):
    return of(deals, weights=[factor * deal[2] for deal in deals])


def same(one, other):
    for field in fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        np.testing.assert_array_equal(mine, theirs, field.name)


def cohort(convert, leave, seed=3, deals=20_000, *, by_chance=False):
    """Half win: gamma times of shape 2 with these means, arrivals spread over 180 days."""
    random = np.random.default_rng(seed)
    wins = random.random(deals) < 0.5 if by_chance else np.arange(deals) % 2 == 0
    takes = random.gamma(2, np.where(wins, convert, leave) / 2)
    watched_for = random.uniform(0, 180, deals)
    outcome = np.where(takes > watched_for, OPEN, np.where(wins, ADVANCED, LOST))
    return np.minimum(takes, watched_for), outcome


def test_by_hand():
    found = of([(2, ADVANCED), (3, LOST), (4, OPEN), (5, ADVANCED), (8, OPEN)])
    assert found.curve == pytest.approx([0.2, 0.2, 0.5])
    assert found.lost_curve == pytest.approx([0.0, 0.2, 0.2])
    assert (found.days.tolist(), found.undecided) == ([2, 3, 5], pytest.approx(0.3))
    assert (found.n, found.advanced, found.lost, found.open) == (5, 2, 1, 2)


def by_the_book(deals, weigh, since):
    """F += S·c/n, S *= 1 - (c + e)/n, age by age, in exact numbers."""
    there, share, curve = Fraction(1), Fraction(0), []
    for age in sorted({age for age, end, _ in deals if end is not OPEN}):
        watched = [
            (d, weigh(d)) for d, start in zip(deals, since, strict=True) if start < age <= d[0]
        ]
        if age == 0:
            watched = [(d, weigh(d)) for d in deals if d[0] > 0 or d[1] is not OPEN]
        risk = sum(weight for _, weight in watched)
        now = {end: sum(w for d, w in watched if d[:2] == (age, end)) for end in (ADVANCED, LOST)}
        share += there * Fraction(now[ADVANCED], risk)
        there *= 1 - Fraction(now[ADVANCED] + now[LOST], risk)
        curve.append(float(share))
    return curve


@pytest.mark.parametrize("weigh", [lambda _: 1, lambda deal: deal[2]], ids=["number", "value"])
@given(DEALS)
def test_it_is_what_the_formula_says(weigh, deals):
    found = of(deals, weights=[weigh(deal) for deal in deals])
    exact = by_the_book(deals, weigh, [-1] * len(deals))
    assert found.curve == pytest.approx(exact[: len(found.curve)])


@given(st.lists(st.integers(0, 30), min_size=40, max_size=60), st.data())
def test_with_late_entries_it_is_what_the_formula_says(since, data):
    """Enough are watched from the beginning to the end, so that every age has its five."""
    always = [(99, OPEN, 1)] * 5
    deals = [(start + data.draw(st.integers(1, 20)), ADVANCED, 1) for start in since]
    starts = [start or -1 for start in since]
    found = of(deals + always, since=[*since, *[0] * 5])
    assert found.curve == pytest.approx(by_the_book(deals + always, lambda _: 1, starts + [-1] * 5))


def test_who_is_last_seen_on_a_day_was_there_when_others_went_on():
    found = of([(5, ADVANCED), (5, OPEN), (5, LOST), (9, LOST)])
    assert found.curve == pytest.approx([0.25, 0.25])


def test_fast_winners_do_not_flatter_the_rate():
    days, outcome = cohort(convert=30, leave=90)
    won, lost = (outcome == ADVANCED).sum(), (outcome == LOST).sum()
    assert won / (won + lost) == pytest.approx(0.613, abs=0.01)
    assert won / len(days) == pytest.approx(0.417, abs=0.01)
    found = incidence(days, outcome)
    assert found.share == pytest.approx(0.500, abs=0.01)
    assert found.plateau


def test_slow_winners_are_not_written_off_and_the_answer_says_that_it_is_early():
    days, outcome = cohort(convert=90, leave=30)
    won, lost = (outcome == ADVANCED).sum(), (outcome == LOST).sum()
    assert won / (won + lost) == pytest.approx(0.389, abs=0.01)
    assert won / len(days) == pytest.approx(0.264, abs=0.01)
    found = incidence(days, outcome)
    assert found.share == pytest.approx(0.454, abs=0.01)
    assert found.days[-1] == pytest.approx(179, abs=4)
    assert not found.plateau
    assert found.undecided == pytest.approx(0.047, abs=0.01)


def test_one_large_lost_deal_outweighs_three_small_ones():
    deals = [(1, ADVANCED, 10), (2, ADVANCED, 10), (3, ADVANCED, 10), (4, LOST, 100)]
    assert of(deals).share == pytest.approx(0.75)
    found = by_value(deals)
    assert found.share == pytest.approx(0.231, abs=5e-4)
    assert found.n_eff == pytest.approx(1.64, abs=5e-3)


@given(DEALS)
def test_with_everything_decided_it_is_the_share_of_those_that_went_on(deals):
    decided = [deal for deal in deals if deal[1] is not OPEN]
    assume(decided)
    found, value = of(decided), by_value(decided)
    won = [deal for deal in decided if deal[1] is ADVANCED]
    assert found.share == pytest.approx(len(won) / len(decided))
    assert found.undecided == pytest.approx(0)
    assert value.share == pytest.approx(sum(d[2] for d in won) / sum(d[2] for d in decided))


@given(DEALS)
def test_with_everything_decided_each_deal_is_a_whole_piece_of_evidence(deals):
    decided = [deal for deal in deals if deal[1] is not OPEN]
    assume(decided)
    found = of(decided)
    assert found.n_eff == pytest.approx(len(decided))
    assert found.variance == pytest.approx(found.share * (1 - found.share) / len(decided))


@given(DEALS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_is_nothing(deals, random):
    mixed = random.sample(deals, len(deals))
    same(of(mixed), of(deals))
    same(by_value(mixed), by_value(deals))


@given(DEALS, st.floats(1e-3, 1e6))
def test_the_currency_is_nothing(deals, factor):
    one, other = by_value(deals), by_value(deals, factor)
    assert other.share == pytest.approx(one.share)
    assert other.n_eff == pytest.approx(one.n_eff, rel=1e-6, abs=1e-8)


@given(DEALS, st.integers(1, 100))
def test_deals_that_have_only_just_come_are_nothing(deals, more):
    same(of(deals + [(0, OPEN, 500)] * more), of(deals))
    same(by_value(deals + [(0, OPEN, 500)] * more), by_value(deals))


@given(DEALS)
def test_the_parts_make_the_whole(deals):
    found = by_value(deals)
    assume(len(found.curve))
    assert found.curve[-1] + found.lost_curve[-1] + found.undecided == pytest.approx(1)
    assert all(np.diff(found.curve) >= 0)
    assert 0 <= found.n_eff <= found.n


def test_a_curve_has_come_to_its_end_when_few_are_left_and_hardly_any_will_go_on():
    early, late = [(day, ADVANCED) for day in range(1, 21)], [(100, LOST)] * 74
    assert of([*early, *late, *[(101, OPEN)] * 6]).plateau
    rising = [(day, LOST) for day in range(1, 75)] + [(100, ADVANCED)] * 20
    assert not of([*rising, *[(101, OPEN)] * 6]).plateau
    assert of([*rising, *[(101, OPEN)] * 3]).plateau


def test_one_undecided_of_ten_is_few():
    assert of([(day, LOST) for day in range(1, 10)] + [(20, OPEN)]).plateau


def test_deals_worth_nothing_count_for_nothing():
    assert incidence([1, 2], [ADVANCED, LOST], weights=[0, 3]).share == 0
    assert incidence([1, 2], [ADVANCED, LOST], weights=[0, 0]).share is None


def test_nobody_watched_is_not_nought():
    assert incidence([], []).share is None
    assert incidence([0.0], [OPEN]).share is None


def test_waiting_is_no_evidence():
    found = incidence([4.0] * 1000, [OPEN] * 1000)
    assert (found.share, found.undecided, found.n_eff) == (0.0, 1.0, 0.0)
    early = incidence([1, 2, 3] + [4.0] * 1000, [ADVANCED] * 3 + [OPEN] * 1000)
    assert early.n_eff == 3
    assert not early.plateau


def test_a_tail_that_few_are_left_to_carry_is_cut_off():
    early = [(day, ADVANCED) for day in range(1, 21)] + [(25, OPEN)] * 76
    found = of([*early, (30, LOST), (40, ADVANCED), (50, LOST), (60, ADVANCED)])
    assert found.days[-1] == 20
    assert found.share == pytest.approx(0.2)


def test_who_came_under_watch_late_is_not_asked_about_the_time_before():
    """Ten are watched from the beginning; ten more were 10 days old when the records began."""
    new = [(5, LOST)] * 5 + [(20, ADVANCED)] * 5
    found = incidence(
        [day for day, _ in new] + [20.0] * 10,
        [end for _, end in new] + [ADVANCED] * 10,
        since=[0.0] * 10 + [10.0] * 10,
    )
    assert found.share == pytest.approx(0.5)


def test_nobody_ends_before_being_watched():
    assert incidence([3, 8], [ADVANCED, LOST], since=[5, 5]).n == 1


def test_at_the_beginning_a_few_late_ones_cannot_decide_everything():
    """One deal, watched early, leaves before the others have come: it was not all there was."""
    found = incidence([1.0] + [30.0] * 10, [LOST] + [ADVANCED] * 10, since=[0.0] + [20.0] * 10)
    assert found.share == 1.0


def test_at_risk_is_who_is_there_and_watched():
    stays = stays_from([(i, 0, 0.0, left, ADVANCED, 1, 1) for i, left in enumerate((2, 4, 6))])
    seen = watched(stays, 3.0, 5.0)
    assert seen.days.tolist() == [2, 4, 5]
    assert seen.since.tolist() == [2, 3, 3]
    assert seen.outcome.tolist() == [ADVANCED, ADVANCED, OPEN]
    assert at_risk(np.array([1.0, 4.0, 5.0]), seen).tolist() == [0, 2, 1]


def test_ages_are_read_off_the_curve():
    found = of([(2, ADVANCED), (4, ADVANCED), (6, ADVANCED), (8, ADVANCED), (9, LOST)])
    assert [age_at(found.days, found.curve, share) for share in (0.25, 0.5, 0.9)] == [2, 4, 8]
    assert age_at(found.days, found.lost_curve, 0.5) == 9
    assert age_at([], [], 0.5) is None


def test_the_variance_is_that_of_repeated_worlds():
    found = [incidence(*cohort(60, 60, seed, 300, by_chance=True)) for seed in range(150)]
    real = np.var([one.share for one in found])
    assert np.mean([one.variance for one in found]) == pytest.approx(real, rel=0.35)
