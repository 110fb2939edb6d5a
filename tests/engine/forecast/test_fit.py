"""Rates are exits per time that could be watched, by age, and lean only lightly to their mean."""

import numpy as np
import pytest

from app.engine.flow.facts import Outcome
from app.engine.forecast import Prior, advance, chances, ever, fit
from app.engine.forecast.fit import GRID, PRIOR_WEIGHT
from tests.engine.forecast.by_hand import NOTHING_STATED, facts, sold, stay

NONE = Prior([None], [None])
WON, LOST = Outcome.ADVANCED, Outcome.LOST


def won_and_lost(won, lost, *, day=10.0, at=50.0):
    outcomes = [WON] * won + [LOST] * lost
    stays = [stay(deal, 0, 0, day, outcome) for deal, outcome in enumerate(outcomes)]
    orders = [(deal, day, 100.0) for deal in range(won)]
    return facts(stays, orders, at=at)


def test_rates_are_exits_per_day_watched():
    section = fit(won_and_lost(10, 30), NONE, step=1.0).sections[0]
    assert section.exposure.sum() == 400
    assert section.observed.sum() == 40
    assert (section.onward[0] @ section.exposure) / section.exposure.sum() == pytest.approx(
        0.025, rel=0.15
    )


def test_time_before_the_record_began_is_not_counted():
    history = facts([stay(0, 0, 0, 40, LOST), stay(1, 0, 0, 20, LOST)], since=25.0)
    section = fit(history, NONE, step=1.0).sections[0]
    assert (section.exposure.sum(), section.observed.sum()) == (15, 1)


def test_open_deals_count_as_watched_until_now():
    history = facts([stay(0, 0, 0, 100), stay(1, 0, 0, 10, LOST)])
    section = fit(history, NONE, step=1.0).sections[0]
    assert (section.exposure.sum(), section.observed.sum()) == (110, 1)


def test_few_exits_share_one_bucket():
    assert fit(won_and_lost(5, 5), NONE, step=1.0).sections[0].edges.tolist() == [0]


def test_a_long_tail_without_exits_is_a_bucket_of_its_own():
    old = [stay(100 + number, 0, 0, 400) for number in range(40)]
    exits = [stay(number, 0, 390, 400, WON) for number in range(40)]
    history = facts([*exits, *old], [(n, 400.0, 1.0) for n in range(40)], at=400.0)
    section = fit(history, NONE, step=1.0).sections[0]
    assert section.observed[-1] == 0
    assert section.expected[-1] >= 15
    assert section.onward[0, -1] < 0.05 * section.onward[0, 0]


def test_ages_at_which_nothing_happens_are_one_bucket():
    exits = [stay(number, 0, 390, 400, LOST) for number in range(40)]
    old = [stay(100 + number, 0, 0, 400) for number in range(80)]
    section = fit(facts([*exits, *old], at=400.0), NONE, step=1.0).sections[0]
    assert section.observed.tolist() == [40, 0]
    assert section.expected[1] > 30


def test_a_bucket_leans_to_its_section_by_one_exit():
    """40 exits in 400 days, all of them on the tenth."""
    section = fit(won_and_lost(20, 20), NONE, step=1.0).sections[0]
    assert section.edges.tolist() == [0, 9]
    leaning = np.array([0.5, 20.5]) / (section.exposure + 400 / 40)
    drift = (20 + 40) / (leaning @ section.exposure + 40)
    assert section.onward[0] == pytest.approx(leaning * drift)


def test_the_known_truth_of_a_simulated_world_is_found_again():
    history = sold(days=2000, per_month=60.0)
    rates = fit(history, NOTHING_STATED)
    assert ever(rates)[3][0] == pytest.approx(0.65, abs=0.05)
    assert ever(rates)[0][0] == pytest.approx(0.5 * 0.55 * 0.6 * 0.65, abs=0.03)


def test_large_deals_that_convert_less_lower_the_rates_of_value():
    stays = [stay(n, 0, 0, 10, WON if n < 30 else LOST) for n in range(60)]
    history = facts(stays, [(n, 10.0, 1.0) for n in range(30)], at=50.0)
    heavy = np.array([0.5] * 30 + [1.5] * 30)
    plain, valued = fit(history, NONE), fit(history, NONE, heavy)
    assert ever(plain)[0][0] == pytest.approx(0.5, abs=0.01)
    assert ever(valued)[0][0] == pytest.approx(0.25, abs=0.03)


def test_a_stated_rate_holds_where_nothing_was_seen():
    rates = fit(facts([]), Prior([0.4], [20.0]))
    assert ever(rates)[0][0] == pytest.approx(0.4, abs=0.01)
    assert advance(rates, 0, 0.0, 20.0) == pytest.approx(0.4 * 0.5, abs=0.02)
    assert rates.prior_share == 1.0


def test_own_exits_take_over_and_drop_the_stated_rate_at_sixty():
    few = fit(won_and_lost(4, 16), Prior([0.9], [20.0]))
    many = fit(won_and_lost(12, 48), Prior([0.9], [20.0]))
    assert few.prior_share == pytest.approx(PRIOR_WEIGHT / (PRIOR_WEIGHT + 20))
    assert many.prior_share == 0.0
    assert ever(few)[0][0] > ever(many)[0][0]


def test_a_stated_rate_does_not_keep_old_deals_alive():
    rates = fit(facts([]), Prior([0.5], [20.0]))
    assert advance(rates, 0, 320.0, 30.0) < 0.2 * advance(rates, 0, 0.0, 30.0)


def test_rates_follow_what_the_last_quarter_brought():
    def rate(recent_won):
        early = [stay(n, 0, 0, 10, WON if n % 2 else LOST) for n in range(200)]
        late = [stay(200 + n, 0, 500, 510, WON if n < recent_won else LOST) for n in range(60)]
        orders = [(s.deal, s.left, 1.0) for s in (*early, *late) if s.outcome is WON]
        return ever(fit(facts([*early, *late], orders, at=520.0), NONE))[0][0]

    assert rate(10) < 0.42
    assert rate(50) > 0.5


def test_a_fast_process_has_steps_of_a_day_and_a_slow_one_of_five():
    def step(days):
        return fit(won_and_lost(40, 40, day=days, at=400.0), NONE).step

    assert (step(8.0), step(30.0), step(200.0)) == (1.0, 3.0, 5.0)


def test_chances_say_what_evidence_they_rest_on():
    rates = fit(won_and_lost(20, 20), NONE, step=1.0)
    found = chances(rates, ever(rates), [0, 0], [0.0, 5.0])
    assert found[0].now == found[0].on_arrival
    assert found[1].evidence >= 15


def test_the_grid_ascends():
    assert (np.diff(GRID) > 0).all()
