"""The forecast of a person, a team or everybody: parts that add up exactly."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import compress

import numpy as np

from app.engine.flow.estimates import Status
from app.engine.flow.facts import Mask, Places
from app.engine.flow.shares import Shares
from app.engine.forecast.outlook import COUNT_SCALE, Forecast
from app.engine.forecast.spread import Sum, noise_floor

NEAR, FAR = (0.1, 0.5, 0.9), (0.025, 0.975)


@dataclass(frozen=True, eq=False)
class Expected:
    """One period's value (whole currency) or orders of a scope.

    `expected` = `from_open` + `from_future_arrivals` + `from_run_rate`; these are exact, the
    parts of all scopes add up. `noise_floor` is the relative error that so few orders leave to
    the best of forecasts. Quantiles are those of `total`, stretched; found when they are asked for.
    """

    expected: Fraction
    from_open: Fraction
    from_future_arrivals: Fraction
    from_run_rate: Fraction
    total: Sum
    stretch: float
    noise_floor: float | None

    @cached_property
    def near(self) -> list[float]:
        """Below which 10, 50 and 90 of 100 lie."""
        return [found * self.stretch for found in self.total.quantiles(NEAR)]

    @cached_property
    def far(self) -> list[float]:
        """Between which 95 of 100 lie."""
        return [found * self.stretch for found in self.total.quantiles(FAR)]


@dataclass(frozen=True, slots=True)
class Part:
    """One period of a scope; None where nothing is known."""

    value: Expected | None
    count: Expected | None


def of_scope(
    whole: Forecast,
    deals: Sequence[Fraction | int] | None = None,
    stays: Mask | None = None,
    orders: Mask | None = None,
) -> list[Part]:
    """The scope's part per period; without arguments the whole.

    `deals`: the scope's share of each of the facts' deals. `stays`, `orders`: whether each of
    the facts' stays and orders is the scope's; new business is shared by arrivals, the run-rate
    by past orders.
    """
    if whole.status is Status.UNKNOWN:
        return [Part(None, None)] * len(whole.ends)
    known = whole.weights
    there = whole.rows.deal
    mine = Shares.all(len(there)) if deals is None else Shares.of(deals).at(there)
    places = np.flatnonzero(mine.some)
    scope = _Scope(
        places,
        mine.at(places),
        _share(known.arrival_counts, known.arrivals, stays),
        _share(known.win_units, known.wins, orders),
        _share(known.win_counts, known.wins, orders),
    )
    return [_part(whole, scope, period) for period in range(len(whole.ends))]


@dataclass(frozen=True, slots=True)
class _Scope:
    """The open deals it has a share in, by their places, and its shares; those of new business, and
    of the run-rate by value and by number."""

    places: Places
    shares: Shares
    arrivals: Fraction
    win_values: Fraction
    wins: Fraction

    def sum(self, rows: Places, period: int) -> Fraction:
        """Exact."""
        return self.shares.total(rows[self.places, period])


def _share(weights: Sequence[int], indices: Sequence[int], chosen: Mask | None) -> Fraction:
    total = sum(weights)
    if chosen is None or total <= 0:
        return Fraction(1 if chosen is None else 0)
    ours = np.asarray(chosen, dtype=bool)[np.asarray(indices, dtype=np.int64)].tolist()
    mine = sum(compress(weights, ours))
    return Fraction(mine, total)


def _part(whole: Forecast, scope: _Scope, period: int) -> Part:
    parts = [
        scope.sum(whole.rows.count, period),
        whole.new_count[period] * scope.arrivals,
        whole.run_count[period] * scope.wins,
    ]
    orders = float(sum(parts)) / COUNT_SCALE
    return Part(
        _value(whole, scope, period, orders) if whole.value_known else None,
        _count(whole, scope, period, parts, orders),
    )


def _value(whole: Forecast, scope: _Scope, period: int, orders: float) -> Expected:
    basis, new = whole.basis, whole.basis.new
    parts = [
        scope.sum(whole.rows.value, period),
        whole.new_value[period] * scope.arrivals,
        whole.run_value[period] * scope.win_values,
    ]
    new_amount = max(new.amount, 1e-12)
    total = Sum(
        chance=whole.rows.value_chance[scope.places, period],
        worth=whole.rows.worth[scope.places] * scope.shares.floats,
        new=basis.new_value[period] / new_amount * float(scope.arrivals),
        new_worth=new.amount,
        new_square=new.square,
        common=float(basis.doubt[period]) + basis.value_blend[period].doubt,
    )
    return _expected(parts, whole.money_scale, total, noise_floor(orders, basis.order_spread))


def _count(
    whole: Forecast, scope: _Scope, period: int, parts: Sequence[Fraction], orders: float
) -> Expected:
    basis = whole.basis
    total = Sum(
        chance=whole.rows.chance[scope.places, period],
        worth=scope.shares.floats,
        new=basis.new_orders[period] * float(scope.arrivals),
        new_worth=1.0,
        new_square=1.0,
        common=float(basis.doubt[period]) + basis.count_blend[period].doubt,
    )
    return _expected(parts, COUNT_SCALE, total, noise_floor(orders, 0.0))


def _expected(parts: Sequence[Fraction], scale: int, total: Sum, floor: float | None) -> Expected:
    """The band is that of the pipeline's own sum, around the blended expectation; where only the
    run-rate speaks, that of as many orders of new deals."""
    from_open, arriving, running = (part / scale for part in parts)
    expected = from_open + arriving + running
    mean = total.mean
    if mean <= 0 < expected and total.new_worth > 0:
        total = replace(total, new=float(expected) / total.new_worth)
        mean = total.mean
    stretch = float(expected) / mean if mean > 0 else 1.0
    return Expected(expected, from_open, arriving, running, total, stretch, floor)
