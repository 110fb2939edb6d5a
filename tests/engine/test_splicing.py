"""Rows taken out and put in at once lie as if all had been sorted anew."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.engine.flow.masses import MASS, WITHIN, in_mass
from app.engine.flow.splicing import by_key, by_owner, placed, spliced

IDS = st.integers(0, 12)
ROWS = st.dictionaries(IDS, st.lists(st.integers(0, 9), max_size=3), max_size=12)


def keys(ids):
    return np.frombuffer(b"".join(id.to_bytes(16) for id in sorted(ids)), dtype="S16")


def table(rows):
    """The keys, and the rows of each: whose they are, and what they say."""
    owner = [place for place, id in enumerate(sorted(rows)) for _ in rows[id]]
    said = [each for id in sorted(rows) for each in rows[id]]
    whole = np.int64
    return keys(rows), {"deal": np.array(owner, dtype=whole), "said": np.array(said, dtype=whole)}


@given(ROWS, ROWS, st.sets(IDS))
def test_what_is_touched_is_told_anew_and_the_rest_as_before(known, coming, touched):
    fresh = {id: rows for id, rows in coming.items() if id in touched}
    wanted = {id: rows for id, rows in known.items() if id not in touched} | fresh
    (old, before), (new, anew), (end, after) = table(known), table(fresh), table(wanted)
    splice = by_key(old, keys(touched), new)
    assert spliced({"key": old}, {"key": new}, splice)["key"].tolist() == end.tolist()
    rows, whose = by_owner(before["deal"], splice.gone, anew["deal"], splice)
    assert whose.tolist() == after["deal"].tolist()
    assert spliced(before, anew, rows)["said"].tolist() == after["said"].tolist()


@given(ROWS, ROWS, st.sets(IDS))
def test_of_one_key_there_may_be_several_rows(known, coming, touched):
    def flat(rows):
        return [id for id in sorted(rows) for _ in rows[id]]

    fresh = {id: rows for id, rows in coming.items() if id in touched}
    left = {id: rows for id, rows in known.items() if id not in touched}
    splice = by_key(keys(flat(known)), keys(touched), keys(flat(fresh)))
    found = spliced({"key": keys(flat(known))}, {"key": keys(flat(fresh))}, splice)["key"]
    assert found.tolist() == keys(flat(left | fresh)).tolist()


@given(st.sets(IDS), st.lists(IDS))
def test_a_key_is_found_where_it_is(known, wanted):
    there = sorted(known)
    sought = np.concatenate([keys([id]) for id in wanted]) if wanted else keys([])
    expected = [there.index(id) if id in known else -1 for id in wanted]
    assert placed(keys(known), sought).tolist() == expected


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6), st.booleans()), max_size=60))
def test_a_mass_is_what_counting_one_by_one_finds(acts):
    step = WITHIN // 2
    told = [(hand, number * step, counts) for hand, number, counts in acts]
    columns = (np.array(each) for each in zip(*told, strict=True)) if told else [np.array([])] * 3
    hand, at, counts = columns
    found = in_mass(hand, at, counts.astype(bool))
    for (mine, when, _), massed in zip(told, found.tolist(), strict=True):
        near = [c for h, w, c in told if h == mine and abs(w - when) <= WITHIN]
        assert massed == (sum(near) >= MASS)
