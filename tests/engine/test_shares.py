"""A table of parts adds up to its rows and to its columns, whatever they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.money import split
from app.engine.shares import table

AMOUNTS = st.integers(min_value=0, max_value=10**18)
WEIGHTS = st.lists(st.integers(min_value=1, max_value=1000), min_size=1, max_size=8)


@given(whole=AMOUNTS, rows=WEIGHTS, columns=WEIGHTS)
def test_every_row_and_every_column_has_its_sum(whole, rows, columns):
    across, down = split(whole, rows), split(whole, columns)
    found = table(across, down)
    assert tuple(map(sum, found)) == across
    assert tuple(map(sum, zip(*found, strict=True))) == down
    assert min(min(row) for row in found) >= 0


@given(whole=AMOUNTS, rows=WEIGHTS, columns=WEIGHTS)
def test_no_part_is_far_from_its_proportion(whole, rows, columns):
    across, down = split(whole, rows), split(whole, columns)
    for row, parts in zip(across, table(across, down), strict=True):
        for column, part in zip(down, parts, strict=True):
            assert 0 <= part - (row * column // whole if whole else 0) < len(rows) + len(columns)


def test_a_table_by_hand():
    # 10.01 and 5.00 for two people, 7.51 and 7.50 of it.
    assert table([1001, 500], [751, 750]) == ((501, 500), (250, 250))


@pytest.mark.parametrize(("rows", "columns"), [([1], [2]), ([-1, 2], [1])])
def test_sums_that_do_not_agree_are_refused(rows, columns):
    with pytest.raises(ValueError, match="same sum"):
        table(rows, columns)
