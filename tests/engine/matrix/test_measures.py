from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from app.engine.matrix.measures import measures
from app.engine.matrix.status import Status

numbers = st.integers(0, 1000) | st.fractions(0, 10**6, max_denominator=100)
cells = st.dictionaries(st.sampled_from(Status), numbers)


def test_the_shares_of_twenty_cells():
    """a = 5 + 3 + 2 + 4 + 6 = 20, of which 14 are known and 10 demanded."""
    found = measures(
        {
            Status.BUYS: 5,
            Status.COMPETITOR: 3,
            Status.NEED: 2,
            Status.NO_NEED: 4,
            Status.UNKNOWN: 6,
            Status.NA: 7,
        }
    )
    assert (found.applicable, found.known, found.demanded) == (20, 14, 10)
    assert found.knowledge == Fraction(7, 10)
    assert found.penetration == Fraction(1, 2)
    assert found.occupation == Fraction(3, 10)
    assert found.open_need == Fraction(1, 5)
    assert found.demand_rate == Fraction(5, 7)


def test_the_same_shares_by_value():
    """12,000.50 of 20,000 demanded are ours."""
    found = measures({Status.BUYS: Fraction("12000.50"), Status.COMPETITOR: Fraction("7999.50")})
    assert found.penetration == Fraction(24001, 40000)
    assert (found.open_need, found.knowledge, found.demand_rate) == (0, 1, 1)


def test_of_nothing_nothing_is_known():
    for nothing in ({}, {Status.NA: 4}, dict.fromkeys(Status, 0)):
        found = measures(nothing)
        assert found.knowledge is found.penetration is found.occupation is None
        assert found.open_need is found.demand_rate is None


def test_where_nothing_was_asked_only_the_ignorance_is_known():
    found = measures({Status.UNKNOWN: 3})
    assert (found.knowledge, found.demand_rate, found.penetration) == (0, None, None)


@given(cells)
def test_who_serves_the_demand_adds_up_to_all_of_it(cells):
    found = measures(cells)
    shares = [found.penetration, found.occupation, found.open_need]
    assert shares == [None] * 3 or sum(shares) == 1


@given(cells)
def test_shares_lie_between_none_and_all(cells):
    found = measures(cells)
    shares = (found.knowledge, found.penetration, found.occupation, found.demand_rate)
    assert all(share is None or 0 <= share <= 1 for share in shares)


@given(cells, numbers)
def test_what_does_not_apply_counts_nowhere(cells, number):
    assert measures(cells) == measures(cells | {Status.NA: number})


@given(cells, st.integers(1, 50))
def test_shares_do_not_ask_for_the_unit(cells, times):
    found = measures(cells)
    scaled = measures({status: number * times for status, number in cells.items()})
    assert (found.knowledge, found.occupation) == (scaled.knowledge, scaled.occupation)
    assert scaled.applicable == found.applicable * times


@given(cells)
def test_asking_never_lowers_the_knowledge(cells):
    before = measures(cells | {Status.UNKNOWN: 5, Status.NEED: 1})
    after = measures(cells | {Status.UNKNOWN: 4, Status.NEED: 2})
    assert after.knowledge > before.knowledge
