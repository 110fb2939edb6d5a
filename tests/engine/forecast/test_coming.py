"""Arrivals to come, in a simulated world and by hand."""

from datetime import UTC, date, datetime

import pytest

from app.engine.flow.facts import Outcome
from app.engine.forecast import Prior
from app.engine.forecast.coming import coming
from app.engine.forecast.history import history
from app.engine.forecast.promise import promise, tables
from app.engine.worlds import World, simulate
from tests.engine.worlds_as_facts import by_hand, facts_of

STATED = Prior([0.5] * 4, [30.0] * 4)
MONTHS = [30.0, 60.0, 90.0]


@pytest.fixture(scope="module")
def facts():
    deals = simulate(World(), 7, date(2024, 1, 1), date(2026, 1, 1))
    return facts_of(deals, 5, datetime(2025, 12, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def found(facts):
    return coming(facts, [facts.at + days for days in MONTHS], STATED)


def test_what_comes_to_the_order_is_what_the_rates_of_the_forecast_promise(facts, found):
    moment = history(facts).look(facts.at)
    step_of_rates = 4.0
    [known] = tables([moment], STATED, step_of_rates, MONTHS)
    same = promise(moment, known, MONTHS)
    assert found.deals == same.standing.deal.tolist()
    order = found.milestones[-1]
    assert order.new_count == pytest.approx(same.new_orders.tolist(), rel=0.05)
    assert sum(map(sum, order.chance)) == pytest.approx(float(same.chance.sum()), rel=0.05)


def test_earlier_milestones_are_at_least_as_likely_for_whoever_has_not_passed_them(found):
    for deal in range(len(found.deals)):
        chances = [sum(bound.chance[deal]) for bound in found.milestones]
        ahead = [chance for chance in chances if chance > 0]
        assert ahead == sorted(ahead, reverse=True)
        assert max(chances) <= 1


def test_no_open_deal_comes_to_the_first_milestone_again(found):
    assert all(chance == [0.0, 0.0, 0.0] for chance in found.milestones[0].chance)


def test_new_deals_come_to_the_first_milestone_as_they_did(found):
    first = found.milestones[0].new_count
    assert first[0] == pytest.approx(len(found.arrivals) / 90 * 30)
    for bound in found.milestones[1:]:
        assert sum(bound.new_count) < sum(first)


def test_months_together_bring_what_the_quarter_brings(facts, found):
    quarter = coming(facts, [facts.at + 90.0], STATED)
    for parts, whole in zip(found.milestones, quarter.milestones, strict=True):
        assert sum(parts.new_count) == pytest.approx(whole.new_count[0])
        for months, [once] in zip(parts.chance, whole.chance, strict=True):
            assert sum(months) == pytest.approx(once)


def test_a_stated_half_within_thirty_days_brings_a_quarter_of_a_new_deal():
    facts = by_hand([(0, 0, 100.0, 100.0, Outcome.OPEN, 1000.0, float("nan"))], at=100.0)
    [_, order] = coming(facts, [130.0], Prior([0.5], [30.0])).milestones
    assert order.chance[0][0] == pytest.approx(0.25, abs=0.02)


def test_nothing_comes_where_nothing_is():
    found = coming(by_hand([], at=100.0, sections=2), [130.0], Prior([None] * 2, [None] * 2))
    assert (found.deals, [bound.new_count for bound in found.milestones]) == ([], [[0.0]] * 3)
