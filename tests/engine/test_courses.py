"""What became of a cohort's value, of all deals at once, is what it is deal by deal."""

from math import isnan

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.engine.flow.courses import Courses, courses, fallen
from app.engine.flow.facts import Order, Outcome, Stay, gathered
from app.engine.leaks import Course, waterfall

SECTIONS, NAN = 3, float("nan")
# Cents, thousandths that are none, and what is too large to be told in cents.
VALUES = st.sampled_from([NAN, 0.0, 0.1, 0.3, 10.5, 1234567.89, 0.125, 3e17])


@st.composite
def told(draw):
    """Values by milestone, and whether the deal was lost after the last one."""
    values = draw(st.lists(VALUES, min_size=1, max_size=SECTIONS + 1))
    return values, len(values) <= SECTIONS and draw(st.booleans())


@given(st.lists(told(), max_size=12))
def test_all_at_once_falls_as_it_does_one_by_one(deals):
    filled = [values + [NAN] * (SECTIONS + 1 - len(values)) for values, _ in deals]
    found = Courses(
        np.array(filled, dtype=float).reshape(len(deals), SECTIONS + 1),
        np.array([len(values) for values, _ in deals], dtype=np.int64),
        np.array([lost for _, lost in deals], dtype=bool),
    )
    known = [[None if isnan(value) else value for value in values] for values, _ in deals]
    pairs = zip(known, deals, strict=True)
    plain = [Course(values, lost) for values, (_, lost) in pairs]
    assert fallen(found, SECTIONS, 2) == waterfall(plain, SECTIONS)


def stay(deal, section, outcome, value, next_value=NAN):
    return Stay(deal, section, 10.0 * section, 10.0, outcome, 0.0, False, value, next_value)  # noqa: FBT003


def test_courses_begin_where_they_are_told_to_and_skip_what_was_passed_over():
    on, lost = Outcome.ADVANCED, Outcome.LOST
    facts = gathered(
        SECTIONS,
        100.0,
        [
            stay(0, 0, on, 5.0),
            stay(0, 2, on, 7.0, 8.0),  # ordered, past the second milestone
            stay(1, 0, lost, 4.0),
            stay(2, 1, lost, 3.0),  # never at the first one
            stay(3, 0, lost, 9.0),  # asked to be left out
        ],
        [Order(0, 30.0, 8.0, True)],  # noqa: FBT003
        [8.0, 4.0, 3.0, 9.0],
    )
    first, all_ = facts.stays.section == 0, np.ones(5, dtype=bool)
    found = courses(facts, first, all_, facts.stays.deal == 3)
    np.testing.assert_array_equal(found.value, [[5.0, NAN, 7.0, 8.0], [4.0, NAN, NAN, NAN]])
    assert (found.reached.tolist(), found.lost.tolist()) == ([4, 1], [False, True])
