from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from app.engine.flow.facts import Facts, Outcome, Stay, day, gathered
from app.engine.flow.records import begins
from app.engine.worlds import World, simulate
from tests.engine.worlds_as_facts import facts_of

START, AT = date(2023, 1, 1), datetime(2026, 7, 1, tzinfo=UTC)
KEPT = datetime(2025, 1, 1, tzinfo=UTC)


def gathered_from(*stays: tuple[float, float, Outcome], at: float = 100.0) -> Facts:
    rows = [
        Stay(deal, 0, entered, left, outcome, 0.0, implied=False, value=1.0, next_value=1.0)
        for deal, (entered, left, outcome) in enumerate(stays)
    ]
    return gathered(1, at, rows, [], [1.0] * len(rows))


def from_first_close(facts: Facts) -> Facts:
    ended = facts.stays.left[facts.stays.outcome != Outcome.OPEN]
    return replace(facts, since=float(ended.min()))


@pytest.mark.parametrize("seed", range(5))
def test_what_was_told_from_the_beginning_was_watched_from_the_first_arrival(seed):
    world = facts_of(simulate(World(), seed, START, AT.date()), 5, AT)
    assert begins(from_first_close(world)) == world.stays.entered.min()


@pytest.mark.parametrize("seed", range(5))
def test_a_list_whose_exits_were_kept_late_was_watched_from_the_first_of_them(seed):
    world = facts_of(simulate(World(), seed, START, AT.date()), 5, AT, since=KEPT)
    late = from_first_close(replace(world, stays=world.stays.where(world.stays.left >= day(KEPT))))
    assert day(KEPT) <= begins(late) < day(KEPT) + 7
    assert late.stays.entered.min() < day(KEPT) - 30


def test_deals_that_all_ended_on_one_day_were_watched():
    assert begins(gathered_from(*[(0.0, 10.0, Outcome.ADVANCED)] * 100)) == 0.0


def test_without_an_end_all_were_watched():
    assert begins(gathered_from((3.0, 100.0, Outcome.OPEN), (5.0, 100.0, Outcome.OPEN))) == 3.0


def test_without_a_deal_nothing_was():
    empty = gathered_from()
    assert begins(empty) == empty.at
    assert not np.any(empty.stays.deal)
