from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from app.engine.matrix.ground import KNOWN, Tally, ground, with_unknown
from app.engine.matrix.status import Status
from app.engine.matrix.worth import Sample, ValueSource

tallies = st.lists(
    st.builds(
        Tally,
        st.sampled_from(["north", "south"]),
        st.sampled_from(["press", "oil"]),
        st.sampled_from(Status),
        st.integers(0, 50),
        st.builds(Sample, st.integers(0, 10_000), st.integers(1, 50)),
    ),
    max_size=12,
)


def test_what_is_usual_and_likely_for_a_product_in_a_segment():
    """North: 6 buy (two say 1,000 and 2,000), 2 need it, 2 do not; south: 4 buy, 36 have no need
    (12,000 stated by six). Demand: (8 + 10 · 12/50) / 20; adoption: (6 + 10 · 10/50) / 20."""
    known = ground(
        [
            Tally("north", "press", Status.BUYS, 6, Sample(3000, 2)),
            Tally("north", "press", Status.NEED, 2),
            Tally("north", "press", Status.NO_NEED, 2),
            Tally("south", "press", Status.BUYS, 4, Sample(12000, 6)),
            Tally("south", "press", Status.NO_NEED, 36),
            Tally("south", "press", Status.UNKNOWN, 100),
            Tally("south", "press", Status.NA, 100),
        ]
    )
    chances = known.chances("north", "press")
    assert chances.demand == Fraction(8 * 50 + 10 * 12, 50 * 20) == Fraction(13, 25)
    assert chances.adoption == Fraction(2, 5)
    # (3,000 + 10 · 15,000/8) / (2 + 10)
    assert known.usual("north", "press").value == Fraction(7250, 4)
    assert known.usual("east", "press").source is ValueSource.PRODUCT
    assert known.bought("press") == Sample(10, 50)


def test_chances_are_drawn_from_all_business_to_existing_to_takeovers():
    """(4 + 10 · 30/100) / (10 + 10) = 7/20; then (0 + 10 · 7/20) / (4 + 10) = 1/4."""
    known = ground([], wins=Sample(30, 100), existing=Sample(4, 10), takeovers=Sample(0, 4))
    assert (known.win, known.displacement) == (Fraction(7, 20), Fraction(1, 4))


def test_without_any_history_no_chance_is_known():
    known = ground([])
    assert (known.win, known.displacement) == (None, None)
    assert known.chances("north", "press").demand is None
    assert known.usual("north", "press").value is None


@given(tallies)
def test_every_share_is_one(told):
    known = ground(told)
    for segment in ("north", "south", "east"):
        chances = known.chances(segment, "press")
        assert chances.demand is None or 0 <= chances.adoption <= chances.demand <= 1


@given(tallies, st.integers(0, 400), st.integers(0, 400))
def test_unknown_is_all_that_is_not_known(told, north, south):
    every = with_unknown(told, {"north": 600 + north, "south": 600 + south}, ["press", "oil"])
    assert sum(one.n for one in every) == 2 * (1200 + north + south)
    known = {status: sum(one.n for one in told if one.status is status) for status in KNOWN}
    assert known == {s: sum(one.n for one in every if one.status is s) for s in KNOWN}
