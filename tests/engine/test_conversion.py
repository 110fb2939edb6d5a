"""Rates per section: what is counted, what it is shrunk to, and whether worlds are recovered."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from app.engine.flow.conversion import sections
from app.engine.flow.estimates import Status, given, product
from app.engine.flow.facts import Outcome
from app.engine.worlds import World, simulate, truth
from tests.engine.worlds_as_facts import by_hand, facts_of, with_stays

OPEN, ADVANCED, LOST = Outcome.OPEN, Outcome.ADVANCED, Outcome.LOST
NAN = float("nan")
START = date(2024, 1, 1)
WORLD = World(per_month=20)


@cache
def world_facts(seed, months=24):
    end = START + timedelta(days=30 * months)
    at = datetime.combine(end, time.min, tzinfo=UTC)
    return facts_of(simulate(WORLD, seed, START, end), WORLD.milestones, at)


def everyone(facts):
    return [True] * len(facts.stays.deal)


def asked(facts, *scopes, window=None, targets=None, **more):
    window = window or (facts.since, facts.at + 1)
    scopes = scopes or (everyone(facts),)
    return sections(facts, scopes, window, targets or [None] * facts.sections, **more)


def one(rows, at=100.0, **more):
    return asked(by_hand(rows, at), **more)[0]


def deals(*counts, value=10.0):
    """So many that went on, so many lost, so many open, all after 5 days."""
    ends = [end for end, n in zip((ADVANCED, LOST, OPEN), counts, strict=True) for _ in range(n)]
    return [(i, 0, 1.0, 6.0, end, value, value) for i, end in enumerate(ends)]


def test_a_section_counts_those_that_came_went_on_left_and_stayed():
    found = one(deals(3, 2, 4))
    assert (found.entered, found.advanced, found.lost, found.open) == (9, 3, 2, 4)
    assert (found.count.n, found.count.observed) == (9, pytest.approx(3 / 9))
    assert found.resolved == 3 / 5


def test_a_window_takes_arrivals_from_its_first_day_and_not_those_on_its_last():
    rows = [(i, 0, float(i), i + 3.0, ADVANCED, 1, 1) for i in range(20)]
    assert one(rows, window=(5.0, 8.0)).entered == 3


def test_later_moves_of_arrivals_within_the_window_still_count():
    assert one([(0, 0, 5.0, 90.0, ADVANCED, 1, 1)], window=(0.0, 10.0)).advanced == 1


def test_a_narrow_scope_is_drawn_to_the_broad_one_and_that_to_the_target():
    facts = by_hand(deals(60, 40, 0), 100.0)
    mine = [i >= 97 for i in range(100)]  # three lost ones
    found = asked(facts, everyone(facts), mine, targets=[0.5])[0].count
    broad = (60 + 20 * 0.5) / 120
    assert found.value == pytest.approx(20 * broad / 23)
    assert (found.n, found.status, found.observed) == (3, Status.INSUFFICIENT, 0.0)


def test_a_scope_without_deals_has_the_rate_of_the_scope_above():
    facts = by_hand(deals(60, 40, 0), 100.0)
    broad = asked(facts)[0].count
    found = asked(facts, everyone(facts), [False] * 100)[0].count
    assert (found.value, found.status, found.n) == (broad.value, Status.INSUFFICIENT, 0)


def test_nothing_at_all_gives_the_target_or_nothing():
    facts = by_hand([], 100.0, sections=3)
    found = asked(facts, targets=[0.3, None, given(0.4, "target")])
    assert [part.count.value for part in found] == [0.3, None, 0.4]
    assert [part.count.source for part in found] == ["default", "default", "target"]
    assert found[1].value.status is Status.UNKNOWN
    assert (found[0].resolved, found[0].mature, found[0].flow, found[0].undecided) == (
        *(None,) * 3,
        1.0,
    )


def test_one_large_lost_deal_makes_the_value_rate_worth_little():
    rows = [(i, 0, 1.0, 5.0 + i, ADVANCED, 10_000, 10_000) for i in range(3)]
    found = one([*rows, (3, 0, 1.0, 9.0, LOST, 100_000, NAN)], targets=[0.5])
    assert found.count.observed == pytest.approx(0.75)
    assert found.value.observed == pytest.approx(0.231, abs=5e-4)
    assert found.value.n_eff == pytest.approx(1.64, abs=5e-3)
    assert found.value.status is Status.INSUFFICIENT


def test_an_unknown_value_counts_by_number_only():
    rows = [*deals(5, 5, 0), *((i, 0, 1.0, 4.0, LOST, NAN, NAN) for i in range(10, 30))]
    found = one(rows)
    assert (found.count.n, found.value.n) == (30, 10)
    assert found.value.observed == pytest.approx(0.5)


def test_a_capped_value_weighs_no_more_than_the_cap():
    rows = [*deals(60, 39, 0), (99, 0, 1.0, 6.0, LOST, 1e6, NAN)]
    found = one(rows, winsor=0.95)
    assert found.value.observed == pytest.approx(0.6)
    assert found.capped == 1
    assert one(rows).value.observed < 0.01


def test_value_kept_and_value_conceded():
    rows = [(0, 0, 1.0, 5.0, ADVANCED, 100, 80), (1, 0, 1.0, 5.0, ADVANCED, 300, 300)]
    found = one([*rows, (2, 0, 1.0, 5.0, LOST, 500, NAN), (3, 0, 1.0, 5.0, ADVANCED, NAN, 70)])
    assert (found.retention, found.retention_n, found.concession) == (0.95, 2, 20)


def test_mature_asks_only_arrivals_that_had_the_time():
    old = [(i, 0, 0.0, 20.0, ADVANCED, 1, 1) for i in range(20)]
    old += [(i, 0, 0.0, 60.0, LOST, 1, NAN) for i in range(20, 40)]
    young = [(i, 0, 80.0, 95.0, LOST, 1, NAN) for i in range(40, 60)]
    assert one(old + young).mature == 0.5


def test_mature_takes_who_went_on_too_late_as_not_gone_on_in_time():
    fast = [(i, 0, 0.0, 10.0, ADVANCED, 1, 1) for i in range(19)]
    assert one([*fast, (19, 0, 0.0, 90.0, ADVANCED, 1, 1)]).mature == 19 / 20


def test_flow_compares_different_deals_and_may_exceed_one():
    before = [(i, 0, 0.0, 55.0, ADVANCED, 1, 1) for i in range(6)]
    rows = [*before, (6, 0, 51.0, 100.0, OPEN, 1, NAN), (7, 0, 52.0, 70.0, ADVANCED, 1, 1)]
    assert one(rows, window=(50.0, 60.0)).flow == 3.0


def test_with_a_half_life_recent_arrivals_weigh_more():
    long_ago = [(i, 0, 0.0, 5.0, LOST, 1, NAN) for i in range(40)]
    lately = [(i, 0, 100.0, 105.0, ADVANCED, 1, 1) for i in range(40, 80)]
    found = one(long_ago + lately, at=110.0, window=(0.0, 110.0), half_life=50.0)
    assert found.count.observed == pytest.approx(0.8)
    assert found.count.n_eff == pytest.approx(80 / (2 * 17 / 25))


def test_time_on_hold_is_no_time():
    facts = by_hand([(i, 0, 0.0, 50.0, ADVANCED, 1, 1) for i in range(12)], 100.0)
    found = asked(with_stays(facts, held=[30.0] * 12))[0]
    assert found.dwell.p50 == 20


def test_few_conversions_take_the_typical_days():
    found = one(deals(9, 3, 0), typical_days=[30])
    assert (found.dwell.p50, found.dwell.source, found.dwell.n) == (30, "default", 9)
    assert one(deals(10, 3, 0), typical_days=[30]).dwell.p50 == 5


def purged(seed):
    """A history from which the deals lost before the last 120 days have been cleaned away."""
    facts = world_facts(seed)
    since, stays = facts.at - 120, facts.stays
    gone = stays.deal[(stays.outcome == LOST) & (stays.left < since)]
    return replace(facts, stays=stays.where(~np.isin(stays.deal, gone)), since=since)


def test_a_history_from_which_old_losses_are_missing_does_not_flatter_the_rates():
    late = [purged(seed) for seed in range(12)]
    naive = [replace(facts, since=0.0) for facts in late]
    true = truth(WORLD).conversion[0]
    told = [[asked(f, window=(0.0, f.at))[0].count.observed for f in fs] for fs in (late, naive)]
    assert np.mean(told[0]) == pytest.approx(true, abs=0.04)
    assert np.mean(told[1]) > true + 0.06


def test_what_is_true_lies_within_the_intervals_about_as_often_as_they_say():
    true, hits = truth(WORLD), []
    for seed in range(40):
        for found, count, value in zip(
            asked(world_facts(seed)), true.conversion, true.value_conversion, strict=True
        ):
            hits.append(found.count.low <= count <= found.count.high)
            hits.append(found.value.low <= value <= found.value.high)
    assert np.mean(hits[::2]) >= 0.88
    assert np.mean(hits[1::2]) >= 0.85


def test_the_decided_alone_and_all_together_are_both_wrong():
    true = truth(WORLD).conversion
    found = [asked(world_facts(seed)) for seed in range(40)]
    for section, rate in enumerate(true):
        told = [part[section] for part in found]
        assert np.mean([part.count.observed for part in told]) == pytest.approx(rate, abs=0.02)
        assert np.mean([part.resolved for part in told]) > rate + 0.05
        assert np.mean([part.advanced / part.entered for part in told]) < rate - 0.02


def test_the_win_rate_is_that_of_the_world():
    true = np.prod(truth(WORLD).conversion)
    found = [product([part.count for part in asked(world_facts(seed))]) for seed in range(40)]
    assert np.mean([one.low <= true <= one.high for one in found]) >= 0.85


@settings(max_examples=25)
@for_all(st.integers(0, 5), st.randoms(use_true_random=False))
def test_the_order_of_the_stays_is_nothing(seed, random):
    facts = world_facts(seed, 8)
    order = np.array(random.sample(range(len(facts.stays.deal)), len(facts.stays.deal)))
    mixed = replace(facts, stays=facts.stays.where(order))
    assert rates(asked(mixed, half_life=90, winsor=0.95)) == rates(
        asked(facts, half_life=90, winsor=0.95)
    )


def rates(found):
    return [(part.count, part.value, part.mature, part.dwell) for part in found]


@settings(max_examples=8)
@for_all(st.integers(0, 5), st.integers(2, 9))
def test_what_scopes_count_adds_up_to_the_whole(seed, parts):
    facts = world_facts(seed, 8)
    whole = asked(facts)
    for section in range(facts.sections):
        found = [asked(facts, (facts.stays.deal % parts == i).tolist()) for i in range(parts)]
        for name in ("entered", "advanced", "lost", "open", "retention_n"):
            told = sum(getattr(part[section], name) for part in found)
            assert told == getattr(whole[section], name)


def test_deals_that_only_just_came_change_no_rate():
    rows = deals(30, 20, 7)
    came = [(i, 0, 100.0, 100.0, OPEN, 10, NAN) for i in range(57, 157)]
    found, before = one(rows + came), one(rows)
    assert (found.count, found.value, found.undecided) == (
        before.count,
        before.value,
        before.undecided,
    )
    assert found.open == 107
