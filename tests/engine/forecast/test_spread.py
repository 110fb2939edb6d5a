"""Quantiles of sums to come, against values that can be worked out."""

import itertools
import math

import numpy as np
import pytest

from app.engine.forecast.gamma import gamma_quantile, gamma_share
from app.engine.forecast.spread import Sum, noise_floor

NONE = np.zeros(0)


def sum_of(chance, worth, *, new=0.0, new_worth=1.0, new_square=1.0, common=0.0):
    return Sum(np.array(chance), np.array(worth), new, new_worth, new_square, common)


@pytest.mark.parametrize("x", [0.01, 0.5, 1.0, 3.0, 20.0])
def test_shape_one_is_the_exponential_distribution(x):
    assert gamma_share(1.0, x) == pytest.approx(1 - math.exp(-x), abs=1e-14)


@pytest.mark.parametrize(
    ("shape", "x", "share"),
    [
        (0.5, 3.841458820694124 / 2, 0.95),  # chi-square with 1 degree of freedom
        (5.0, 18.307038053275146 / 2, 0.95),  # and with 10
        (2.0, 1.6783469900166605, 0.5),
        (100.0, 99.66686492, 0.5),
    ],
)
def test_quantiles_are_those_of_the_tables(shape, x, share):
    assert gamma_share(shape, x) == pytest.approx(share, abs=1e-8)
    assert gamma_quantile(shape, share) == pytest.approx(x, rel=1e-7)


def test_a_small_shape_has_its_mass_at_nothing():
    assert gamma_quantile(0.05, 0.1) < 1e-15
    assert gamma_quantile(0.05, 0.0) == 0.0
    assert 0 < gamma_quantile(0.05, 0.99) < 2


def test_few_deals_are_worked_out_as_by_listing_every_outcome():
    chance, worth = [0.2, 0.5, 0.7, 0.35, 0.9], [10.0, 20.0, 30.0, 40.0, 80.0]
    outcomes = sorted(
        (
            sum(w for w, came in zip(worth, won, strict=True) if came),
            math.prod(p if came else 1 - p for p, came in zip(chance, won, strict=True)),
        )
        for won in itertools.product((True, False), repeat=5)
    )
    held = np.cumsum([share for _, share in outcomes])
    exact = [outcomes[int(np.searchsorted(held, share))][0] for share in (0.1, 0.5, 0.9)]
    assert sum_of(chance, worth).quantiles((0.1, 0.5, 0.9)) == pytest.approx(exact, abs=1.0)


def test_orders_of_new_deals_come_like_a_poisson_process():
    """P(N <= 1) = 0.199 and P(N <= 2) = 0.423, P(N <= 5) = 0.916 for a mean of 3."""
    found = sum_of([], [], new=3.0).quantiles((0.1, 0.5, 0.9))
    assert [round(quantile) for quantile in found] == [1, 3, 5]


def test_what_all_deals_have_in_common_widens_the_band_around_the_same_middle():
    chance, worth = [0.3] * 200, [1.0] * 200
    narrow = sum_of(chance, worth).quantiles((0.1, 0.5, 0.9))
    wide = sum_of(chance, worth, common=0.09).quantiles((0.1, 0.5, 0.9))
    assert wide[0] < narrow[0] < wide[1] < narrow[2] < wide[2]
    assert wide[1] == pytest.approx(60, rel=0.05)


def test_the_grid_and_the_gamma_agree_where_one_takes_over_from_the_other():
    def band(deals):
        return sum_of([0.25] * deals, [100.0] * deals, common=0.04).quantiles((0.1, 0.5, 0.9))

    per_deal = [quantile / 300 for quantile in band(300)]
    assert [quantile / 301 for quantile in band(301)] == pytest.approx(per_deal, rel=0.02)


def test_nothing_to_come_has_no_band():
    assert sum_of([], []).quantiles((0.1, 0.9)) == [0.0, 0.0]


def test_nobody_gets_under_the_noise_of_few_orders():
    assert noise_floor(4.0, 0.0) == pytest.approx(0.4)
    assert noise_floor(4.0, 1.25) == pytest.approx(0.6)
    assert noise_floor(0.0, 1.0) is None
