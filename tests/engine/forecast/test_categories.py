"""The usual categories follow from the chance to win ever."""

import pytest

from app.engine.forecast import Category, category


@pytest.mark.parametrize(
    ("ever", "expected"),
    [
        (0.8, "commit"),
        (0.79, "most_likely"),
        (0.5, "most_likely"),
        (0.2, "best_case"),
        (0.1, "pipeline"),
    ],
)
def test_open_deals_are_sorted_by_their_chance(ever, expected):
    assert category(ever) is Category(expected)


def test_won_deals_are_closed_and_dead_ones_omitted_whatever_their_chance():
    assert category(0.9, omitted=True) is Category.OMITTED
    assert category(None, won=True) is Category.CLOSED


def test_a_deal_of_unknown_chance_is_only_pipeline():
    assert category(None) is Category.PIPELINE
