"""Facts cut at an earlier moment hold nothing that came later."""

import numpy as np
import pytest

from app.engine.flow.facts import Facts, Orders, Outcome, Stays, cut, standing


def facts():
    """Deal 0 waited 10 days, went on and ordered on day 30; deal 1 came on day 5 and stands."""
    stays = Stays(
        deal=np.array([0, 0, 1]),
        section=np.array([0, 1, 0]),
        entered=np.array([0.0, 10.0, 5.0]),
        left=np.array([10.0, 30.0, 40.0]),
        outcome=np.array([Outcome.ADVANCED, Outcome.ADVANCED, Outcome.OPEN]),
        held=np.array([0.0, 4.0, 0.0]),
        implied=np.array([False, False, False]),
        value=np.array([100.0, 120.0, np.nan]),
        next_value=np.array([120.0, 90.0, np.nan]),
    )
    orders = Orders(np.array([0]), np.array([30.0]), np.array([90.0]), np.array([True]))
    return Facts(2, 40.0, 0.0, stays, orders, np.array([90.0, np.nan]))


def test_only_what_is_still_open_stands_there():
    found = standing(facts())
    assert (found.deal.tolist(), found.section.tolist(), found.age.tolist()) == ([1], [0], [35.0])


def test_a_cut_opens_again_what_was_left_later():
    found = standing(cut(facts(), 20.0))
    assert found.deal.tolist() == [0, 1]
    assert found.section.tolist() == [1, 0]
    assert found.age.tolist() == pytest.approx([8.0, 15.0])


def test_a_cut_knows_amounts_as_they_were_and_no_later_orders():
    found = cut(facts(), 8.0)
    assert found.amount[0] == 100.0
    assert len(found.orders.at) == 0
    assert np.isnan(found.stays.next_value).all()


def test_a_cut_at_the_same_moment_changes_no_stay():
    whole, same = facts(), cut(facts(), 40.0)
    for name in Stays.__slots__:
        np.testing.assert_array_equal(getattr(same.stays, name), getattr(whole.stays, name))
