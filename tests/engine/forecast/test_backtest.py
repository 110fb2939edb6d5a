"""History replayed says how good the forecast would have been, and simpler ones beside it."""

from dataclasses import replace

import numpy as np
import pytest

from app.engine.forecast.backtest import OURS, STAGE_SHARE, backtest, origin
from tests.engine.forecast.by_hand import NOTHING_STATED, sold


@pytest.fixture(scope="module")
def replayed():
    history = sold()
    return backtest(history, 60, 60, NOTHING_STATED, first=history.since + 300)


def test_every_origin_had_its_horizon(replayed):
    history = sold()
    assert replayed.n == 9
    assert all(each.at + 60 <= history.at for each in replayed.origins)


def test_what_came_is_what_the_orders_say(replayed):
    orders, each = sold().orders, replayed.origins[4]
    inside = (orders.at > each.at) & (orders.at <= each.at + 60)
    assert each.actual == orders.value[inside].sum()
    assert each.actual_count == inside.sum()


def test_where_no_order_of_known_value_came_nothing_is_known_and_nothing_scored():
    history = sold()
    orders, last = history.orders, history.at - 60
    hidden = np.where(orders.at > last, np.nan, orders.value)
    found = backtest(
        replace(history, orders=replace(orders, value=hidden)),
        60,
        60,
        NOTHING_STATED,
        first=last - 60,
    )
    known, unknown = found.origins
    assert (known.missing, unknown.actual, unknown.missing) == (0, None, unknown.actual_count)
    assert (found.n, found.methods[OURS].n) == (1, 1)


def test_stage_percentages_have_no_horizon_and_promise_far_too_much(replayed):
    assert replayed.methods[STAGE_SHARE].bias > 1
    assert replayed.methods[OURS].wape < replayed.methods[STAGE_SHARE].wape
    assert replayed.deals.log_loss < replayed.stages.log_loss


def test_chances_of_deals_come_true_as_stated(replayed):
    low = replayed.deals.calibration[0]
    assert low.came_true == pytest.approx(low.stated, abs=0.03)
    assert replayed.deals.brier < 0.1


def test_methods_are_scored_where_they_had_an_answer(replayed):
    assert replayed.methods["last_year"].n < replayed.methods[OURS].n == replayed.n


def test_deals_won_in_the_horizon_are_marked():
    history = sold()
    found = origin(history, history.at - 60, 60, NOTHING_STATED)
    open_then = sum(found.won)
    assert 0 < open_then <= found.actual_count
    assert len(found.won) == len(found.chances) == len(found.stage_chances)


def test_a_record_shorter_than_the_horizon_has_no_origins():
    found = backtest(sold(), 5000, 30, NOTHING_STATED)
    assert (found.n, found.methods[OURS].wape, found.coverage80) == (0, None, None)
    assert (found.deals.n, found.deals.brier) == (0, None)
