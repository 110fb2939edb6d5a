from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from app.engine.matrix.affinity import Pair, affinity, strongest
from app.engine.matrix.worth import Sample


@st.composite
def seen(draw):
    """A pair, and everybody of whom it is known whether they buy the second product."""
    n = draw(st.integers(0, 100))
    both = draw(st.integers(0, n))
    more = draw(st.integers(0, 200))
    return Pair("press", "oil", n, both), Sample(both + draw(st.integers(0, more)), n + more)


def test_those_who_buy_presses_buy_oil_twice_as_often():
    """8 of 10 against 20 of 50. Drawn: (8 + 10 · 0.4) / (10 + 10) = 0.6; 0.6 / 0.4 = 1.5."""
    found = affinity(Pair("press", "oil", 10, 8), Sample(20, 50))
    assert (found.chance, found.lift, found.observed) == (
        Fraction(3, 5), Fraction(3, 2), Fraction(2),
    )  # fmt: skip


def test_nothing_is_said_of_what_nobody_buys():
    assert affinity(Pair("press", "oil", 10, 0), Sample(0, 50)) is None
    assert affinity(Pair("press", "oil", 0, 0), Sample(0, 0)) is None


def test_who_was_never_asked_buys_as_everybody_does():
    found = affinity(Pair("press", "oil", 0, 0), Sample(20, 50))
    assert (found.chance, found.lift, found.observed) == (Fraction(2, 5), 1, None)


def test_the_pair_that_says_most_speaks_for_the_product():
    """press → oil is 1.5 as above; belt → oil: (1 + 4) / (3 + 10) = 5/13, under the usual 0.4."""
    pairs = [
        Pair("belt", "oil", 3, 1),
        Pair("press", "oil", 10, 8),
        Pair("press", "water", 10, 3),
        Pair("press", "sand", 10, 0),
    ]
    known = {"oil": Sample(20, 50), "water": Sample(15, 50), "sand": Sample(0, 50)}
    found = strongest(pairs, known)
    assert {name: one.bought for name, one in found.items()} == {"oil": "press", "water": "press"}
    assert affinity(pairs[0], known["oil"]).lift == Fraction(25, 26)
    assert found["water"].lift == 1


@given(seen())
def test_the_lift_lies_between_one_and_what_was_observed(both):
    found = affinity(*both)
    if found is not None and found.observed is not None:
        low, high = sorted((Fraction(1), found.observed))
        assert low <= found.lift <= high
        assert 0 < found.chance <= 1


@given(seen(), seen())
def test_the_order_of_pairs_says_nothing(one, other):
    pairs = [one[0], Pair("belt", "oil", other[0].n, other[0].both)]
    known = {"oil": Sample(20, 50)}
    found, turned = strongest(pairs, known), strongest(pairs[::-1], known)
    assert (found["oil"].lift, found["oil"].n) == (turned["oil"].lift, turned["oil"].n)
