"""Many open deals are judged at once as each of them alone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.engine.decay import State, judge
from app.engine.flow.facts import Standing
from app.engine.forecast.fit import Rates, SectionRates
from app.engine.forecast.herd import STATES, Measures, judged_at_once

SHARES = st.sampled_from([0.0, 0.04, 0.05, 0.1, 0.2, 0.5])
DAYS = st.sampled_from([None, 10.0, 25.0])
EXITS = st.sampled_from([0.0, 14.0, 15.0, 40.0])
SECTIONS = st.lists(
    st.tuples(st.lists(SHARES, min_size=4, max_size=4), st.booleans(), DAYS, DAYS, EXITS, EXITS),
    min_size=1,
    max_size=3,
)
DEALS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from([0.0, 9.5, 10.0, 19.0, 31.0, 90.0])))


def rates_of(sections):
    def made(observed, expected):
        column = np.array([0.0, observed])
        nothing = np.zeros(2)
        wanted = np.array([0.0, expected])
        return SectionRates(np.array([0, 1]), nothing[None], nothing, column, nothing, wanted, 0.0)

    return Rates(10.0, tuple(made(observed, expected) for *_, observed, expected in sections))


@given(SECTIONS, DEALS)
def test_all_at_once_as_one_by_one(sections, deals):
    places = [(number % len(sections), age) for number, age in deals]
    by = Measures(
        left=[np.array(left) for left, *_ in sections],
        known=[known for _, known, *_ in sections],
        slow_after=[slow for _, _, slow, *_ in sections],
        stale_after=[stale for _, _, _, stale, *_ in sections],
    )
    section = np.array([number for number, _ in places], dtype=np.int64)
    age = np.array([days for _, days in places], dtype=float)
    everything = np.arange(len(places))
    stands = Standing(everything, section, age, age, age)
    herd = judged_at_once(rates_of(sections), by, stands)
    for place, (number, days) in enumerate(places):
        left, known, slow, stale, observed, expected = sections[number]
        step = int(days / 10.0)
        evidence = max(observed, expected) if step >= 1 else 0.0
        verdict = judge(
            left[min(step, len(left) - 1)] if known else None,
            left[0] if known else None,
            evidence if known else 0.0,
            days,
            slow,
            stale,
        )
        assert STATES[herd.state[place]] is verdict.state
    assert herd.dead == {place for place in range(len(places)) if herd.are(State.DEAD)[place]}
