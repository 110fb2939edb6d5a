"""Parts of many deals add up exactly, however they are held."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.engine.flow.shares import Shares, sum_of, units

PARTS = st.one_of(
    st.sampled_from([0, 1]),
    st.builds(Fraction, st.integers(0, 100), st.sampled_from([3, 100, 10**4, 10**12])),
)
AMOUNTS = st.one_of(st.integers(-(10**6), 10**6), st.integers(-(2**62), 2**62))
PAIRS = st.lists(st.tuples(PARTS, AMOUNTS), max_size=20)


@given(PAIRS)
def test_what_parts_add_up_to_is_what_adding_one_by_one_finds(pairs):
    shares = Shares.of([part for part, _ in pairs])
    amounts = np.array([amount for _, amount in pairs], dtype=np.int64)
    assert shares.total(amounts) == sum((part * amount for part, amount in pairs), Fraction(0))
    assert sum_of(amounts) == sum(amount for _, amount in pairs)
    assert list(shares) == [part for part, _ in pairs]
    assert shares.floats.tolist() == [float(part) for part, _ in pairs]
    assert shares.some.tolist() == [part != 0 for part, _ in pairs]


@given(st.lists(st.tuples(st.booleans(), st.none() | PARTS), max_size=12))
def test_some_are_shared_otherwise_than_by_their_owners(deals):
    owned = np.array([mine for mine, _ in deals], dtype=bool)
    places = [place for place, (_, part) in enumerate(deals) if part is not None]
    parts = [Fraction(deals[place][1]) for place in places]
    found = Shares.whole(owned).with_parts(places, parts)
    assert list(found) == [mine if part is None else part for mine, part in deals]


@given(st.lists(st.decimals(-(10**12), 10**12, places=2, allow_nan=False), max_size=8))
def test_floats_that_stand_for_decimals_are_their_smallest_units(amounts):
    found = units(np.array([float(each) for each in amounts]), 2)
    assert found.tolist() == [int(each * 100) for each in amounts]


def test_what_stands_for_no_such_decimal_has_no_units():
    assert units(np.array([0.1, 0.125]), 2) is None
    assert units(np.array([1e15]), 2) is None
