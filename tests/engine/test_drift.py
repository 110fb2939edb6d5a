"""A section that changed is told, and one that did not is told as rarely as stated."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from app.engine.flow.drift import drift
from app.engine.flow.estimates import Status
from app.engine.flow.facts import Outcome
from app.engine.worlds import Shock, World, simulate
from tests.engine.worlds_as_facts import by_hand, facts_of

ADVANCED, LOST = Outcome.ADVANCED, Outcome.LOST
START, END = date(2023, 1, 1), date(2025, 1, 1)
HALF = 182


def told(seed, **world):
    made = World(**{"per_month": 25, **world})
    at = datetime(END.year, END.month, END.day, tzinfo=UTC)
    facts = facts_of(simulate(made, seed, START, END), made.milestones, at)
    return drift(facts, facts.at - HALF)


def by_lot(seed, change=1.0, deals=400):
    """One section for two years: half go on, after 40 days; later `change` times as long."""
    random = np.random.default_rng(seed)
    came = np.sort(random.uniform(0, 700, deals))
    takes = random.gamma(2, 20, deals) * np.where(came > 400, change, 1)
    ends = [ADVANCED if chance < 0.5 else LOST for chance in random.random(deals)]
    rows = [
        (i, 0, start, start + days, end, 1, 1)
        if start + days < 700
        else (i, 0, start, 700.0, 0, 1, 1)
        for i, (start, days, end) in enumerate(
            zip(came.tolist(), takes.tolist(), ends, strict=True)
        )
    ]
    return by_hand(rows, 700.0)


def test_with_nothing_changed_about_one_section_in_twenty_is_flagged():
    flags = [drift(by_lot(seed), 450.0)[0].drifted for seed in range(300)]
    assert 0.02 <= np.mean(flags) <= 0.09


def test_worlds_without_a_shock_are_rarely_said_to_have_drifted():
    flags = [section.drifted for seed in range(25) for section in told(seed)]
    assert np.mean(flags) <= 0.13


def test_fewer_going_on_is_told():
    shock = (Shock((END - START).days - HALF - 30, 0.6),)
    found = [told(seed, per_month=60, conversion_shocks=shock)[0] for seed in range(10)]
    assert sum(section.drifted for section in found) >= 9
    assert all(section.advancing.ratio < 0.8 for section in found)
    assert all(section.recent.rate < section.before.rate for section in found)


def test_longer_cycles_are_told():
    found = [drift(by_lot(seed, change=1.7), 430.0)[0] for seed in range(10)]
    assert sum(section.drifted for section in found) >= 8
    assert all(section.recent.median_days > section.before.median_days for section in found)
    assert all(section.advancing.ratio < 1 for section in found)


def test_shorter_cycles_are_told_as_faster():
    found = drift(by_lot(3, change=0.5), 430.0)[0]
    assert found.drifted
    assert found.advancing.ratio > 1
    assert found.leaving.ratio > 1


def test_too_little_is_not_compared():
    rows = [(i, 0, 10.0 * i, 10.0 * i + 20, ADVANCED, 1, 1) for i in range(12)]
    found = drift(by_hand(rows, 150.0), 100.0)[0]
    assert (found.status, found.drifted) == (Status.INSUFFICIENT, False)
    assert (found.advancing.p, found.leaving.p, found.advancing.ratio) == (None, None, None)


def test_each_day_of_a_deal_counts_where_it_lies():
    """A deal that came before and ends after the split is watched in both spans."""
    found = drift(by_hand([(0, 0, 0.0, 120.0, ADVANCED, 1, 1)], 150.0), 100.0)[0]
    assert (found.before.n, found.before.advanced) == (1, 0)
    assert (found.recent.n, found.recent.advanced) == (1, 1)


def test_by_hand_the_log_rank_test_is_what_is_in_the_books():
    """Ages 1, 3 … 19 in the first span, 2, 4 … 20 in the second, all go on."""
    rows = [(i, 0, 0.0, 1.0 + 2 * i, ADVANCED, 1, 1) for i in range(10)]
    rows += [(10 + i, 0, 100.0, 102.0 + 2 * i, ADVANCED, 1, 1) for i in range(10)]
    found = drift(by_hand(rows, 200.0), 100.0)[0].advancing
    due = sum((10 - i) / (20 - 2 * i) + (10 - i) / (19 - 2 * i) for i in range(10))
    spread = sum(0.25 + (10 - i) * (9 - i) / (19 - 2 * i) ** 2 for i in range(10))
    assert found.ratio == pytest.approx(10 / due * (20 - due) / 10)
    assert found.p == pytest.approx(chance_beyond(abs(10 - due) / spread**0.5), abs=1e-3)


def chance_beyond(deviations):
    at = np.linspace(deviations, 10, 200_001)
    density = np.exp(-(at**2) / 2) / np.sqrt(2 * np.pi)
    return 2 * float(((density[1:] + density[:-1]) / 2).sum() * (at[1] - at[0]))


def test_only_the_chosen_are_asked_and_only_after_the_start():
    facts = by_lot(1)
    nobody = drift(facts, 450.0, chosen=[False] * len(facts.stays.deal))[0]
    assert (nobody.before.n, nobody.before.rate, nobody.drifted) == (0, None, False)
    short = drift(facts, 450.0, start=400.0)[0]
    assert short.before.n < drift(facts, 450.0)[0].before.n
