"""What a cell shows, for every combination of its facets there is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.matrix.facets import (
    BLANKS,
    UNNAMED,
    Facet,
    Said,
    Verdict,
    beside,
    judge,
    overlaid,
    stated,
)
from app.engine.matrix.status import SYMBOLS, Flag, Status, flags, stale, status

ANSWERS = ("yes", "no", "unknown")
COMBINATIONS = [
    {"ours": ours, "competitors": competitors, "need": need, "applicable": applicable}
    for ours, competitors, need, applicable in product(ANSWERS, (0, 1, 2), ANSWERS, (True, False))
]
NOW = datetime(2026, 7, 20, 9, 30, tzinfo=UTC)
EUR = {"amount": "10.00", "currency": "EUR"}

# ours | competitors | need → symbol, flags; "*" is any. The first line that fits decides.
TABLE = [
    ("yes", "0", "yes", "X", "buys_need"),
    ("yes", "0", "*", "X", ""),
    ("yes", "+", "yes", "X", "buys_competitor buys_need competitor_need"),
    ("yes", "+", "*", "X", "buys_competitor"),
    ("*", "+", "yes", "red", "competitor_need"),
    ("*", "+", "*", "red", ""),
    ("*", "0", "yes", "green", ""),
    ("*", "0", "no", "grey", ""),
    ("*", "0", "unknown", "blank", ""),
]


def told(facets):
    here = (facets["ours"], "+" if facets["competitors"] else "0", facets["need"])
    return next(
        (symbol, said.split())
        for *row, symbol, said in TABLE
        if all(wanted in ("*", found) for wanted, found in zip(row, here, strict=True))
    )


@pytest.mark.parametrize("facets", COMBINATIONS, ids=str)
def test_every_combination_shows_the_first_that_decides(facets):
    symbol, said = told(facets) if facets["applicable"] else (None, [])
    assert SYMBOLS[status(**facets)] == symbol
    assert flags(**facets) == [Flag(word) for word in said]


def test_there_are_five_symbols_and_no_mark_where_a_product_cannot_be_used():
    assert sorted(symbol for symbol in SYMBOLS.values() if symbol) == [
        "X",
        "blank",
        "green",
        "grey",
        "red",
    ]
    assert SYMBOLS[Status.NA] is None


@pytest.mark.parametrize(("days", "asked_again"), [(0, False), (365, False), (366, True)])
def test_what_was_said_more_than_a_year_ago_is_stale(days, asked_again):
    assert stale(NOW - timedelta(days=days), NOW) is asked_again
    assert not stale(None, NOW)


PERSON, DEAL = (Said(*said, NOW) for said in (("manual", True, "ada"), ("order", False, "key")))
LATER, EARLIER = (replace(DEAL, at=NOW + timedelta(days=days)) for days in (1, -1))


@pytest.mark.parametrize(
    ("before", "said", "same", "dated", "verdict"),
    [
        (None, DEAL, True, False, Verdict.CHANGED),
        (PERSON, DEAL, True, False, Verdict.KEPT),
        (PERSON, DEAL, False, False, Verdict.CONFLICT),
        (PERSON, LATER, False, True, Verdict.CONFLICT),
        (PERSON, PERSON, True, False, Verdict.KEPT),
        (PERSON, PERSON, False, False, Verdict.CHANGED),
        (DEAL, PERSON, True, False, Verdict.CHANGED),
        (DEAL, DEAL, True, False, Verdict.KEPT),
        (DEAL, DEAL, False, False, Verdict.CHANGED),
        (DEAL, LATER, True, False, Verdict.KEPT),
        (DEAL, LATER, True, True, Verdict.CHANGED),
        (DEAL, EARLIER, False, True, Verdict.KEPT),
    ],
)
def test_who_prevails(before, said, same, dated, verdict):
    now = Facet({"value": "yes"}, before)
    assert judge(now, {"value": "yes" if same else "no"}, said, dated=dated) is verdict


@pytest.mark.parametrize(
    ("worths", "total"),
    [
        ([], None),
        ([EUR], EUR),
        ([EUR, EUR], {"amount": "20.00", "currency": "EUR"}),
        ([EUR, None], None),
        ([EUR, {"amount": "9", "currency": "JPY"}], None),
    ],
)
def test_competitors_are_worth_what_they_get_together_if_all_of_it_is_known(worths, total):
    values = {**BLANKS, "competitors": {"value": [{"annual_value": each} for each in worths]}}
    assert stated("competitors", values) == total


CLAIMS = st.lists(
    st.tuples(st.sampled_from(ANSWERS), st.booleans(), st.integers(0, 900), st.booleans())
)


@given(CLAIMS)
def test_the_last_word_of_a_person_stands_whatever_is_concluded_around_it(claims):
    facet, last = Facet(BLANKS["need"]), None
    for answer, confirmed, day, dated in claims:
        value = overlaid("need", facet.value, {"value": answer})
        said = Said("x", confirmed, "x", NOW + timedelta(days=day))
        if judge(facet, value, said, dated=dated) is Verdict.CHANGED:
            facet = Facet(value, said)
        last = answer if confirmed else last
        if last is not None:
            assert (facet.value["value"], facet.said.confirmed) == (last, True)


@given(st.lists(st.sampled_from(["Rival", "RIVAL", "Other", UNNAMED])))
def test_competitors_are_named_once_and_seeing_them_again_is_no_news(names):
    seen = [{"name": name} for name in names]
    known = beside([], seen)
    folded = [each["name"].casefold() for each in known]
    assert len(set(folded)) == len(folded)
    assert beside(known, seen) == known
    assert UNNAMED not in folded or folded == [UNNAMED]
