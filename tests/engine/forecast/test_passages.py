"""Skipped milestones are no stays; the one before leads to the milestone really reached."""

from app.engine.flow.facts import Outcome
from app.engine.forecast.passages import LOST, OPEN, passages
from tests.engine.forecast.by_hand import facts, stay

WENT_ON = Outcome.ADVANCED


def led(found):
    return [(int(section), int(to)) for section, to in zip(found.section, found.to, strict=True)]


def test_a_stay_leads_past_skipped_milestones():
    history = facts(
        [
            stay(0, 0, 0, 10, WENT_ON),
            stay(0, 1, 10, 10, WENT_ON, implied=True),
            stay(0, 2, 10, 100),
        ],
        sections=3,
    )
    assert led(passages(history)) == [(0, 2), (2, OPEN)]


def test_a_deal_that_skips_to_the_order_leads_there():
    history = facts(
        [stay(0, 0, 0, 10, WENT_ON), stay(0, 1, 10, 10, WENT_ON, implied=True)],
        [(0, 10.0, 50.0)],
        sections=2,
    )
    assert led(passages(history)) == [(0, 2)]


def test_an_order_out_of_the_blue_keeps_one_stay():
    history = facts(
        [stay(0, section, 10, 10, WENT_ON, implied=True) for section in range(3)],
        [(0, 10.0, 50.0)],
        sections=3,
    )
    found = passages(history)
    assert led(found) == [(2, 3)]
    assert found.first.tolist() == [True]


def test_a_deal_that_fell_back_was_watched_only():
    history = facts([stay(0, 0, 0, 5, WENT_ON), stay(0, 1, 5, 9), stay(0, 0, 9, 100)], sections=2)
    assert led(passages(history)) == [(0, 1), (1, OPEN), (0, OPEN)]


def test_a_deal_that_left_for_another_process_is_no_order():
    assert led(passages(facts([stay(0, 0, 0, 10, WENT_ON)], sections=2))) == [(0, OPEN)]


def test_what_happens_later_was_open_before():
    history = facts([stay(0, 0, 0, 10, Outcome.LOST), stay(1, 0, 20, 30, Outcome.LOST)])
    seen = passages(history).until(5.0)
    assert (led(seen), seen.left.tolist()) == ([(0, OPEN)], [5.0])
    assert led(passages(history)) == [(0, LOST), (0, LOST)]


def test_hold_does_not_age_a_deal():
    found = passages(facts([stay(0, 0, 0, 100, held=30.0)]))
    assert found.days.tolist() == [70.0]
    assert found.until(50.0).days.tolist() == [35.0]
