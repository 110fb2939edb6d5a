import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.decay_reasons import decay_text
from app.engine.decay import Because, Grace, Limit, LimitSource, State, due, dwell, judge, limit

SEVERITY = [State.FRESH, State.SLOW, State.STALE, State.DEAD]
SENTENCES = {
    Because.IN_TIME: ((0.5, 0.5, 99, 30, 60, 90), "30 days"),
    Because.SLOWER_THAN_CONVERTERS: ((0.4, 0.5, 99, 61.2, 60.7, 90), "61 days.* took 60 days"),
    Because.CHANCE_FADED: ((0.09, 0.5, 99, 61, 60, 90), "18 % of the chance"),
    Because.CHANCE_GONE: ((0.001, 0.5, 99, 61, 60, 90), ": less than 1 % of the chance"),
    Because.OVER_LIMIT: ((None, None, 0, 1.5, None, 1), "2 days.* the 1 day allowed"),
    Because.NO_EVIDENCE: ((0.01, 0.5, 14, 900, None, None), "neither a limit"),
}

days = st.floats(0, 2000)
chances = st.floats(0, 1)
limits = st.none() | st.floats(0, 1000)
evidences = st.floats(0, 100)


def state(*facts):
    verdict = judge(*facts)
    return f"{verdict.state.value} {verdict.because.value}"


@pytest.mark.parametrize(
    ("chance", "dwelt", "expected"),
    [
        (0.50, 60, "fresh in_time"),
        (0.50, 61, "slow slower_than_converters"),
        (0.10, 61, "slow slower_than_converters"),
        (0.09, 10, "stale chance_faded"),
        (0.05, 10, "stale chance_faded"),
        (0.04, 10, "dead chance_gone"),
        (0.50, 90, "slow slower_than_converters"),
        (0.50, 91, "stale over_limit"),
        (0.09, 91, "stale chance_faded"),
        (0.00, 91, "dead chance_gone"),
    ],
)
def test_what_stands_still_is_judged_by_converters_chance_and_limit(chance, dwelt, expected):
    assert state(chance, 0.5, 15, dwelt, 60, 90) == expected


def test_without_evidence_only_the_days_count_and_never_kill():
    assert state(0.0, 0.5, 14.9, 5000, 60, 90) == "stale over_limit"
    assert state(0.0, 0.5, 14.9, 5000, 60, None) == "slow slower_than_converters"
    assert state(0.0, 0.5, 14.9, 20, 60, 90) == "fresh in_time"


@pytest.mark.parametrize("known", [(0.0, 0.5, 14), (None, 0.5, 99), (0.1, None, 99), (0, 0, 99)])
def test_what_nothing_can_be_held_against_is_unknown_not_fresh(known):
    verdict = judge(*known, 400, None, None)
    assert (verdict.state, verdict.because, verdict.left) == (
        State.UNKNOWN,
        Because.NO_EVIDENCE,
        None,
    )


def test_a_horse_of_three_years_is_dead_where_many_have_stood_so_long():
    assert judge(0.001, 0.3, 40, 3 * 365, 50, None).state is State.DEAD


def test_a_verdict_tells_the_numbers_it_was_judged_by():
    verdict = judge(0.03, 0.4, 20, 70, 60, 90)
    assert verdict.left == pytest.approx(0.075)
    assert (verdict.evidence, verdict.slow_after, verdict.stale_after) == (20, 60, 90)
    assert (verdict.thresholds.stale, verdict.thresholds.dead) == (0.2, 0.1)


@given(chances, evidences, days, st.tuples(limits, limits), days, chances)
def test_growing_older_never_makes_it_fresher(chance, evidence, age, allowed, more, kept):
    young = judge(chance, 0.5, evidence, age, *allowed).state
    old = judge(chance * kept, 0.5, evidence, age + more, *allowed).state
    if State.UNKNOWN in (young, old):
        assert young is old
    else:
        assert SEVERITY.index(old) >= SEVERITY.index(young)


@given(chances, st.floats(0.01, 1), st.floats(0, 14.9), days, limits, limits)
def test_without_fifteen_exits_nothing_is_dead(chance, arrival, evidence, age, p75, limit):
    assert judge(chance, arrival, evidence, age, p75, limit).state is not State.DEAD


def test_the_clock_leaves_out_time_on_hold():
    assert dwell(100.0, 30.0, 180.5) == 50.5
    assert dwell(100.0, 30.0, 110.0) == 0


def test_nine_of_ten_converters_set_the_limit_once_twenty_did():
    assert limit(60, 90, auto=True, p90=84.5, converters=20) == Limit(
        84.5, LimitSource.OBSERVED, 20
    )
    assert limit(60, 90, auto=True, p90=84.5, converters=19) == Limit(60, LimitSource.CONFIGURED)
    assert limit(60, 90, p90=84.5, converters=99) == Limit(60, LimitSource.CONFIGURED)
    assert limit(None, 90, auto=True) == Limit(90, LimitSource.PROCESS)
    assert limit(None) == Limit(None, LimitSource.NONE)


def test_a_limit_of_no_days_is_a_limit():
    assert limit(0, 90).days == 0
    assert judge(None, None, 0, 0.1, None, 0).state is State.STALE


@pytest.mark.parametrize(
    ("last_act", "today", "expected"),
    [
        *((None, 113, "waiting"), (None, 114, "due"), (20, 114, "due")),
        *((100, 114, "cleared"), (113, 113, "cleared"), (120, 200, "cleared")),
    ],
)
def test_only_an_act_of_the_customer_clears_a_notice(last_act, today, expected):
    assert due(100, last_act, 14, today) is Grace(expected)


def test_without_days_of_grace_a_notice_is_due_at_once():
    assert due(100, 20, 0, 100) is Grace.DUE


@pytest.mark.parametrize(
    ("dwelt", "limit", "told"),
    [(0.04, None, "0 days"), (750.2, None, "750 days"), (75.2, 75, "76 days"), (77.8, 75, "77 d")],
)
def test_whole_days_are_told_unless_that_would_not_read_as_over_the_limit(dwelt, limit, told):
    assert decay_text(judge(None, None, 0, dwelt, None, limit), "en").startswith(told)


@pytest.mark.parametrize(
    ("chance", "told"), [(0.0, " 0 %"), (0.0021, " weniger als 1 %"), (0.0271, " 6 %")]
)
def test_what_is_left_of_a_chance_is_not_rounded_up_to_one_percent(chance, told):
    assert f"sind{told} übrig" in decay_text(judge(chance, 0.5, 99, 61, 60, 90), "de")


@pytest.mark.parametrize("because", Because)
def test_every_state_is_explained_with_its_numbers(because):
    facts, pattern = SENTENCES[because]
    verdict = judge(*facts)
    assert verdict.because is because
    text, german = (decay_text(verdict, language) for language in ("en", "de"))
    assert re.search(pattern, text), text
    assert text != german
    assert "{" not in text + german
