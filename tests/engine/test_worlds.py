import math
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from statistics import median

import pytest

from app.engine.worlds import Deal, Kind, Shock, World, known, simulate, truth
from app.engine.worlds_claims import claims

START = date(2020, 1, 1)
LATER = date(2024, 1, 1)
SEED = 7
# Arrivals end after the first year, so that all fates are known at the end.
FOLLOWED = World(
    per_month=420, existing_share=0.3, arrival_shocks=(Shock(after_days=366, factor=0),)
)


@pytest.fixture(scope="module")
def followed() -> list[Deal]:
    """About five thousand deals, followed for three years."""
    return simulate(FOLLOWED, SEED, START, LATER)


def reached(deals: list[Deal], milestone: int) -> list[Deal]:
    return [
        d
        for d in deals
        if any(s.kind is Kind.REACHED and s.milestone == milestone for s in d.steps)
    ]


def at(deal: Deal, milestone: int) -> datetime:
    return next(step.at for step in deal.steps if step.milestone == milestone)


@pytest.mark.parametrize("section", [1, 2, 3, 4])
def test_the_true_conversion_is_found_again(section, followed):
    entered, through = (len(reached(followed, section + step)) for step in (0, 1))
    true = truth(FOLLOWED).conversion[section - 1]
    error = math.sqrt(true * (1 - true) / entered)
    assert abs(through / entered - true) < 4 * error


@pytest.mark.parametrize("section", [1, 2, 3, 4])
def test_the_true_conversion_by_value_is_found_again(section, followed):
    entered = reached(followed, section)
    through = sum(deal.amount for deal in reached(followed, section + 1))
    true = truth(FOLLOWED).value_conversion[section - 1]
    squares = sum(deal.amount**2 for deal in entered)
    total = sum(deal.amount for deal in entered)
    error = math.sqrt(true * (1 - true) * squares) / total
    assert abs(through / total - true) < 4 * error


@pytest.mark.parametrize("section", [1, 2, 3, 4])
def test_the_true_days_of_those_that_go_on_are_found_again(section, followed):
    days = [
        (at(d, section + 1) - at(d, section)) / timedelta(days=1)
        for d in reached(followed, section + 1)
    ]
    true = truth(FOLLOWED).winner_days[section - 1]
    mean = sum(days) / len(days)
    error = math.sqrt(sum((day - mean) ** 2 for day in days)) / len(days)
    assert abs(mean - true) < 4 * error


def test_large_deals_convert_less(followed):
    true = truth(FOLLOWED)
    assert all(v < c for v, c in zip(true.value_conversion, true.conversion, strict=True))
    middle = median(deal.amount for deal in followed)
    won = Counter(deal.amount > middle for deal in reached(followed, 5))
    assert won[False] > won[True]


def test_some_who_will_not_buy_are_never_closed(followed):
    silent = [d for d in followed if d.steps[-1].kind is Kind.REACHED and d.steps[-1].milestone < 5]
    gone = len(followed) - len(reached(followed, 5))
    error = math.sqrt(FOLLOWED.forgotten * (1 - FOLLOWED.forgotten) / gone)
    assert abs(len(silent) / gone - FOLLOWED.forgotten) < 4 * error


def test_a_clean_up_closes_what_was_forgotten():
    tidy = replace(FOLLOWED, per_month=40, forgotten=1.0, cleaned_up_days=(180, 540))
    ends = [deal.steps[-2:] for deal in simulate(tidy, SEED, START, LATER)]
    idle = [(left.at - last.at).days for last, left in ends if left.kind is Kind.LEFT]
    assert len(idle) > 100
    assert min(idle) >= 180


def test_the_same_seed_gives_the_same_world():
    first, again, other = (simulate(World(), seed, START, LATER) for seed in (1, 1, 2))
    assert repr(first) == repr(again)
    assert repr(first) != repr(other)


def test_a_later_end_only_adds_what_happens_later():
    end = date(2022, 5, 17)
    until = datetime(2022, 5, 17, tzinfo=UTC)
    longer = [
        known(d, until) for d in simulate(World(), SEED, START, LATER) if d.created_at < until
    ]
    assert longer == simulate(World(), SEED, START, end)
    assert all(step.at < until for deal in longer for step in deal.steps)


def test_arrivals_follow_season_and_shocks():
    halved = replace(FOLLOWED, arrival_shocks=(Shock(366, 0.5),))
    years = Counter(
        deal.created_at.year for deal in simulate(halved, SEED, START, date(2022, 1, 1))
    )
    expected = halved.per_month * sum(halved.season)
    assert abs(years[2020] - expected) < 4 * math.sqrt(expected)
    assert abs(years[2021] - expected / 2) < 4 * math.sqrt(expected / 2)
    months = Counter(d.created_at.month for d in simulate(halved, SEED, START, date(2021, 1, 1)))
    assert months[8] < 0.85 * months[7]


def test_a_shock_to_conversion_is_felt_by_those_who_come_later():
    hit = replace(FOLLOWED, arrival_shocks=(), conversion_shocks=(Shock(366, 0.5),), per_month=200)
    deals = simulate(hit, SEED, START, LATER)
    share = {
        year: len(reached(born, 2)) / len(born)
        for year in (2020, 2021)
        if (born := [deal for deal in deals if deal.created_at.year == year])
    }
    assert share[2021] < 0.6 * share[2020]


def test_reps_promise_too_early_and_put_it_off():
    deals = simulate(World(), SEED, START, LATER)
    until = datetime(2024, 1, 1, tzinfo=UTC)
    won = reached(deals, 5)
    said = {deal.number: claims(World(), deal, SEED, until) for deal in won}
    late = [at(deal, 5) > said[deal.number][0].closes_at for deal in won]
    assert sum(late) > 0.6 * len(won)
    for deal in won:
        moments = [claim.at for claim in said[deal.number]]
        assert moments == sorted(moments)
        assert moments[-1] < at(deal, 5)
        assert all(claim.closes_at > claim.at for claim in said[deal.number])
