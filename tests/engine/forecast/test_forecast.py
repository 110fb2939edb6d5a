"""The forecast is deterministic, blind to the future, honest about ignorance, and adds up."""

from dataclasses import fields, replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.engine.flow.estimates import Status
from app.engine.flow.facts import Facts, Outcome, cut
from app.engine.forecast import (
    COUNT_SCALE,
    Past,
    Prior,
    effect,
    ever,
    forecast,
    of_scope,
    with_rates_held,
)
from tests.engine.forecast.by_hand import NOTHING_STATED, ends, facts, sold, stay

STATED = Prior([0.5] * 4, [30.0] * 4)


@pytest.fixture(scope="module")
def made():
    history = sold()
    return forecast(history, ends(history), NOTHING_STATED)


def visible(found):
    """Everything said, without the machinery behind it."""
    names = {field.name for field in fields(found)} - {"basis", "rows"}
    rows = [getattr(found.rows, field.name).tolist() for field in fields(found.rows)]
    said = [getattr(found, name) for name in sorted(names)]
    parts = [each for part in of_scope(found) for each in (part.value, part.count)]
    bands = [(each.expected, each.near, each.far, each.noise_floor) for each in parts]
    return said + rows + [found.pipeline_weight, bands]


def with_future_changed(history: Facts, at: float) -> Facts:
    """Whatever came after `at` came otherwise: other times, other outcomes, other values."""
    stays, orders = history.stays, history.orders
    later = stays.left > at
    flipped = np.where(stays.outcome == Outcome.ADVANCED, Outcome.LOST, stays.outcome)
    return replace(
        history,
        stays=replace(
            stays,
            left=np.where(later, at + 0.3 * (stays.left - at) + 5, stays.left),
            outcome=np.where(later, flipped, stays.outcome),
            value=np.where(stays.entered > at, stays.value * 7, stays.value),
            next_value=np.where(later, 1.0, stays.next_value),
        ),
        orders=replace(orders, value=np.where(orders.at > at, 9e9, orders.value)),
        amount=history.amount * 3,
    )


def test_the_same_facts_give_the_same_forecast(made):
    history = sold()
    assert visible(forecast(history, ends(history), NOTHING_STATED)) == visible(made)


def test_nothing_that_came_later_changes_it():
    history = sold()
    at = history.at - 120.5
    was, other = cut(history, at), cut(with_future_changed(history, at), at)
    first, second = (forecast(each, ends(was), NOTHING_STATED) for each in (was, other))
    assert visible(first) == visible(second)


def test_it_is_near_what_came():
    history = sold(days=1500, per_month=60.0)
    then = cut(history, history.at - 91)
    part = of_scope(forecast(then, [history.at], NOTHING_STATED))[0].value
    came = history.orders.value[history.orders.at > then.at].sum()
    assert part.far[0] < came < part.far[1]
    assert float(part.expected) == pytest.approx(came, rel=0.5)
    assert part.far[0] < part.near[0] < part.near[1] < part.near[2] < part.far[1]


def test_periods_of_a_year_follow_each_other(made):
    history = sold()
    found = forecast(history, ends(history, 12, 30.4), NOTHING_STATED)
    chances = np.array(found.chance)
    assert chances.shape == (len(made.deals), 12)
    assert (chances >= 0).all()
    assert (chances.sum(axis=1) < 1).all()


def test_an_open_deal_is_worth_less_the_longer_it_stands(made):
    fresh, old = (effect(made, 1000.0, None, (1, age)) for age in (5.0, 500.0))
    assert 0 < sum(old.value) < 0.5 * sum(fresh.value)


def test_scopes_add_up_to_the_whole_exactly(made):
    history = sold()
    owner = [number % 7 for number in range(len(history.amount))]
    scopes = [
        of_scope(
            made,
            [int(owner[deal] == person) for deal in range(len(owner))],
            [owner[deal] == person for deal in history.stays.deal],
            [owner[deal] == person for deal in history.orders.deal],
        )
        for person in range(7)
    ]
    for period, whole in enumerate(of_scope(made)):
        assert sum(parts[period].value.expected for parts in scopes) == whole.value.expected
        assert sum(parts[period].count.expected for parts in scopes) == whole.count.expected


@given(st.lists(st.fractions(0, 1, max_denominator=400), min_size=1, max_size=5))
@settings(
    deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_shared_deals_are_divided_without_remainder(made, credits):
    """Each deal is credited by these shares, and what is left of it belongs to somebody else."""
    whole = max(sum(credits), Fraction(1))
    shares = [credit / whole for credit in credits]
    everybody = [*shares, 1 - sum(shares)]
    none = [False] * (max([*made.weights.arrivals, *made.weights.wins]) + 1)
    number = max(made.deals) + 1
    first = replace(made, ends=made.ends[:1])
    parts = [of_scope(first, [share] * number, none, none)[0] for share in everybody]
    together = of_scope(first)[0].value.from_open
    assert sum(part.value.expected for part in parts) == together


def test_the_expected_value_is_the_sum_of_its_parts(made):
    for period, part in enumerate(of_scope(made)):
        value = part.value
        assert value.expected == (
            value.from_open + value.from_future_arrivals + value.from_run_rate
        )
        assert value.from_open * made.money_scale == sum(row[period] for row in made.value)


def test_a_person_with_past_orders_alone_has_a_part_of_the_run_rate_and_a_band(made):
    history = sold()
    nobody = [0] * len(history.amount)
    all_orders, none = [True] * len(history.orders.at), [False] * len(history.stays.deal)
    value = of_scope(made, nobody, none, all_orders)[0].value
    assert value.expected == value.from_run_rate > 0
    assert value.near == sorted(set(value.near))


def test_losing_a_deal_takes_out_its_contribution_and_raises_nothing(made):
    history = sold()
    gone = made.deals[3]
    kept = replace(history, stays=history.stays.where(history.stays.deal != gone))
    after = with_rates_held(made, kept)
    for period, (before, now) in enumerate(zip(of_scope(made), of_scope(after), strict=True)):
        lost = before.value.expected - now.value.expected
        assert lost * made.money_scale == made.value[3][period]
        assert before.count.expected >= now.count.expected


def test_the_effect_of_a_step_is_the_difference_it_makes(made):
    amount, section, age = 5000.0, 1, 40.0
    on = effect(made, amount, (section, age), (section + 1, 0.0))
    lost = effect(made, amount, (section, age), None)
    came = effect(made, amount, None, (section, age))
    assert sum(on.value) > 0
    assert [-value for value in lost.value] == came.value
    assert all(count < 0 for count in lost.count)


def test_a_deal_of_unknown_amount_counts_as_the_mean_one(made):
    history = sold()
    amounts = history.amount.copy()
    amounts[made.deals[:5]] = np.nan
    found = forecast(replace(history, amount=amounts), ends(history), NOTHING_STATED)
    mean = np.nanmean(amounts)
    assert found.unknown_amounts == 5
    assert [
        each / factor
        for each, factor in zip(
            found.worth[:5],
            [found.basis.retention[section] for section in found.section[:5]],
            strict=True,
        )
    ] == pytest.approx([mean] * 5)
    assert found.count == made.count


def test_without_any_amount_orders_are_still_counted():
    history = sold()
    none = np.full_like
    blind = replace(
        history,
        amount=none(history.amount, np.nan),
        stays=replace(history.stays, value=none(history.stays.value, np.nan)),
        orders=replace(history.orders, value=none(history.orders.value, np.nan)),
    )
    part = of_scope(forecast(blind, ends(blind), NOTHING_STATED))[0]
    assert part.value is None
    assert part.count.expected > 1


def test_of_nothing_nothing_is_known():
    found = forecast(facts([], sections=4), [130.0], NOTHING_STATED)
    assert found.status is Status.UNKNOWN
    assert of_scope(found)[0].value is None
    assert of_scope(found)[0].count is None


def test_stated_rates_answer_before_anything_happened_with_a_wide_band():
    stays = [stay(deal, deal % 4, 60 + deal, 100) for deal in range(20)]
    found = forecast(facts(stays, sections=4, since=99.0), [191.0], STATED)
    value = of_scope(found)[0].value
    assert (found.status, found.prior_share, found.blend_basis) == (
        Status.INSUFFICIENT,
        1.0,
        "prior",
    )
    assert value.near[0] < 0.6 * float(value.expected)
    assert 1.4 * float(value.expected) < value.near[2]


def test_a_run_rate_needs_one_period_of_record():
    stays = [stay(deal, deal % 4, 60 + deal, 100) for deal in range(20)]
    found = forecast(facts(stays, sections=4, since=70.0), [200.0], STATED)
    assert found.pipeline_weight == [1.0]
    assert found.run_value == [0]


def test_deals_on_hold_are_not_in_it():
    held, open_deal = stay(0, 0, 10, 50), stay(1, 0, 10, 100)
    assert forecast(facts([held, open_deal], sections=4), [130.0], STATED).deals == [1]


def test_forecasts_that_were_said_are_learnt_from(made):
    history = sold()
    past = [
        Past(
            end - 30, end - 30, end, pipeline=9e6, run_rate=run, pipeline_count=90, run_rate_count=7
        )
        for end, run in ((history.at - 30 * back, 3e5) for back in range(6))
    ]
    found = forecast(history, ends(history, 1), NOTHING_STATED, past)
    assert (found.blend_basis, found.origins) == ("stored", 6)
    assert found.pipeline_weight[0] < 0.2
    assert made.blend_basis == "rebuilt"


def test_near_periods_learn_from_what_was_said_before_far_ones_can():
    history = sold()
    said = (history.at - 30 * back for back in range(6))
    past = [Past(end - 30, end - 30, end, 9e6, 3e5, 90, 7) for end in said]
    found = forecast(history, ends(history, 2), NOTHING_STATED, past)
    assert found.blend_basis == "rebuilt"
    assert found.pipeline_weight[0] < 0.2 < found.pipeline_weight[1]


def test_three_said_ones_are_too_few():
    history = sold()
    past = [
        Past(end - 30, end - 30, end, 9e6, 3e5, 90, 7)
        for end in (history.at - 30 * back for back in range(3))
    ]
    assert forecast(history, ends(history, 1), NOTHING_STATED, past).blend_basis == "rebuilt"


def test_what_is_kept_of_it_covers_every_period(made):
    assert [(said.start, said.end) for said in made.said] == [
        (made.at, made.ends[0]),
        *zip(made.ends, made.ends[1:], strict=False),
    ]
    assert all(said.pipeline > 0 and said.run_rate > 0 for said in made.said)


@pytest.mark.parametrize("wrong", [[], [10.0], [10_000.0, 9_000.0], [9_000.0, 9_000.0]])
def test_periods_must_lie_ahead_and_follow_each_other(wrong):
    with pytest.raises(ValueError, match="ends must ascend"):
        forecast(facts([], at=5000.0), wrong, NOTHING_STATED)


def test_a_process_without_sections_has_no_forecast():
    history = facts([], [(0, 50.0, 10.0)], sections=0)
    assert forecast(history, [130.0], Prior([], [])).status is Status.UNKNOWN


def test_counts_of_few_deals_are_their_chances(made):
    weights = made.pipeline_weight_count
    for row, chances in zip(made.count, made.chance, strict=True):
        expected = [round(w * p * COUNT_SCALE) for w, p in zip(weights, chances, strict=True)]
        assert row == pytest.approx(expected, abs=1)


def test_rates_behind_it_can_be_asked(made):
    assert 0 < ever(made.rates)[0][0] < ever(made.rates)[3][0] < 1
