"""Days through a section and to the order, from deals that are partly still on their way."""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.flow.facts import Outcome
from app.engine.flow.lead_times import (
    UNKNOWN,
    Lag,
    LagSource,
    dwell,
    feed_by,
    lead_time,
    or_typical,
    quantile,
    summed,
    to_order,
    typical,
)
from app.engine.worlds import World, simulate, truth
from tests.engine.worlds_as_facts import by_hand, facts_of, with_stays

OPEN, ADVANCED, LOST = Outcome.OPEN, Outcome.ADVANCED, Outcome.LOST
NAN = float("nan")
SHARES = st.lists(st.integers(0, 9), min_size=1, max_size=40).filter(any)


def lag_of(weights: Sequence[float], n: int = 50) -> Lag:
    total = sum(weights)
    return Lag([weight / total for weight in weights], n, LagSource.OBSERVED)


def gamma(mean: float, shape: float, days: int = 700) -> Lag:
    """Its density at the middle of twenty parts of each day, summed to the nearest whole day."""
    at = (np.arange(days * 20) + 0.5) / 20
    density = np.exp((shape - 1) * np.log(at) - at * shape / mean)
    nearest = np.floor(at + 0.5).astype(int)
    return lag_of(np.bincount(nearest, density).tolist())


def all_of(facts):
    return [True] * len(facts.stays.deal)


def converted(*days, section=0):
    return [(i, section, 0.0, float(took), ADVANCED, 1, 1) for i, took in enumerate(days)]


def test_with_all_decided_it_is_what_the_converters_took():
    facts = by_hand([*converted(10, 20, 20, 30), (4, 0, 0.0, 90.0, LOST, 1, NAN)], 100.0)
    found = dwell(facts, 0, all_of(facts))
    assert {day: share for day, share in enumerate(found.share) if share} == pytest.approx(
        {10: 0.25, 20: 0.5, 30: 0.25}
    )
    assert (found.n, found.source) == (4, "observed")


def test_a_part_of_a_day_is_divided_so_that_the_mean_stays():
    facts = by_hand(converted(10.25), 100.0)
    found = dwell(facts, 0, all_of(facts))
    assert found.share[10:] == pytest.approx([0.75, 0.25])
    assert lead_time(found).mean == pytest.approx(10.25)


def test_slow_deals_still_on_their_way_are_allowed_for():
    """Times of 10 and of 50 days are equally frequent; half of the deals came 20 days ago."""
    old = converted(*[10] * 20, *[50] * 20)
    new = [(40 + i, 0, 80.0, 90.0, ADVANCED, 1, 1) for i in range(20)]
    waiting = [(60 + i, 0, 80.0, 100.0, OPEN, 1, NAN) for i in range(20)]
    facts = by_hand(old + new + waiting, 100.0)
    assert lead_time(dwell(facts, 0, all_of(facts))).mean == pytest.approx(30)


def test_skipped_milestones_have_no_days():
    """Deal 0 jumped over the second milestone: nobody knows when it passed it."""
    rows = [(0, 0, 0.0, 40.0, ADVANCED, 1, 1), (0, 1, 40.0, 40.0, ADVANCED, 1, 1)]
    rows += [(1, 0, 0.0, 10.0, ADVANCED, 1, 1), (1, 1, 10.0, 15.0, ADVANCED, 1, 1)]
    facts = with_stays(by_hand(rows, 100.0, sections=2), implied=[False, True, False, False])
    assert [dwell(facts, section, all_of(facts)).n for section in (0, 1)] == [1, 1]
    assert [quantile(dwell(facts, k, all_of(facts)), 0.5) for k in (0, 1)] == [10, 5]


def test_a_section_nobody_passed_has_no_days():
    facts = by_hand([(0, 0, 0.0, 9.0, LOST, 1, NAN)], 100.0)
    assert dwell(facts, 0, [True]) == UNKNOWN
    assert lead_time(UNKNOWN).mean is None
    assert feed_by(UNKNOWN, 100.0, 0.5) is None


def test_medians_and_quantiles_must_not_be_added():
    """The sections' parameters are ours; sums and quantiles are those of a known example."""
    parts = [gamma(mean, 1.6) for mean in (25, 25, 25, 50)]
    whole = lead_time(summed(parts)[0])
    assert sum(lead_time(part).p50 for part in parts) == pytest.approx(99.5, abs=1.5)
    assert sum(lead_time(part).p80 for part in parts) == pytest.approx(192.0, abs=2)
    assert whole.p50 == pytest.approx(117.2, abs=1)
    assert whole.p80 == pytest.approx(164.3, abs=1)
    assert whole.mean == pytest.approx(124.9, abs=0.5)


def test_two_waiting_times_of_one_length_are_an_erlang():
    day = np.arange(400)
    chance = 0.05
    geometric = lag_of((chance * (1 - chance) ** day).tolist())
    both = summed([geometric, geometric])[0]
    assert both.share[:200] == pytest.approx(
        ((day + 1) * chance**2 * (1 - chance) ** day).tolist()[:200], rel=1e-5
    )


@given(st.lists(SHARES, min_size=1, max_size=5))
def test_means_add_and_nothing_is_lost(sections):
    lags = [lag_of(weights) for weights in sections]
    whole = summed(lags)
    assert math.fsum(whole[0].share) == pytest.approx(1)
    assert lead_time(whole[0]).mean == pytest.approx(sum(lead_time(lag).mean for lag in lags))
    assert len(whole) == len(lags)
    assert whole[-1] == lags[-1]


@given(SHARES, st.floats(0.01, 0.99))
def test_a_quantile_is_the_first_day_by_which_so_many_are_there(weights, share):
    lag = lag_of(weights)
    day = int(quantile(lag, share))
    assert sum(lag.share[: day + 1]) >= share - 1e-8
    assert sum(lag.share[:day]) < share


def test_few_conversions_take_typical_days():
    few, enough = lag_of([0, 1], n=9), lag_of([0, 1], n=10)
    assert or_typical(few, 30).source == "default"
    assert or_typical(few, 30).n == 9
    assert or_typical(few, None) == few
    assert or_typical(enough, 30) == enough
    assert or_typical(UNKNOWN, None).source == "unknown"


@pytest.mark.parametrize("days", [0, 0.2, 1, 7, 30, 400])
def test_typical_days_are_the_median(days):
    found = lead_time(typical(days))
    assert found.p50 == pytest.approx(days, abs=0.51)
    assert found.mean == pytest.approx(days * 2 / 1.6783, abs=0.3)
    assert math.fsum(typical(days).share) == pytest.approx(1)


def test_one_assumed_section_makes_the_sum_an_assumption_and_an_unknown_one_unknown():
    seen, assumed = lag_of([0, 1], n=40), or_typical(lag_of([1], n=3), 20)
    assert [(lag.n, lag.source) for lag in summed([seen, assumed, seen])] == [
        (3, "default"),
        (3, "default"),
        (40, "observed"),
    ]
    assert [lag.source for lag in summed([seen, UNKNOWN, seen])] == [
        "unknown",
        "unknown",
        "observed",
    ]


def test_to_feed_in_time_is_the_end_less_the_days_it_takes():
    lag = lag_of([0] * 40 + [1] * 20 + [1] * 20)
    assert feed_by(lag, 300.0, 0.5) == 300 - 59
    assert feed_by(lag, 300.0, 0.9) < feed_by(lag, 300.0, 0.5)


@pytest.mark.parametrize("seed", range(3))
def test_worlds_are_recovered_from_the_middle_of_their_way(seed):
    world = World(per_month=150)
    deals = simulate(world, seed, date(2024, 1, 1), date(2025, 7, 1))
    facts = facts_of(deals, world.milestones, datetime(2025, 7, 1, tzinfo=UTC))
    mine = [dwell(facts, section, all_of(facts)) for section in range(facts.sections)]
    true = truth(world).winner_days
    for lag, days in zip(mine, true, strict=True):
        assert lead_time(lag).mean == pytest.approx(days, rel=0.12)
    whole = to_order(facts, all_of(facts), [None] * facts.sections)
    assert lead_time(whole[0]).mean == pytest.approx(sum(true), rel=0.08)
    assert lead_time(whole[-1]) == lead_time(mine[-1])


@given(st.lists(st.floats(0, 90), min_size=1, max_size=30))
def test_with_all_decided_the_mean_is_the_mean(days):
    facts = by_hand(converted(*days), 100.0)
    assert lead_time(dwell(facts, 0, all_of(facts))).mean == pytest.approx(np.mean(days), abs=1e-6)
