"""The forecast: what open deals, deals to come and the run-rate promise for each period ahead."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from app.engine.flow.estimates import ENOUGH, FEW, Status
from app.engine.flow.facts import Facts, Numbers, Places
from app.engine.forecast.blend import Blend, RunRate
from app.engine.forecast.correction import Correction, corrected
from app.engine.forecast.fit import Prior, Rates
from app.engine.forecast.history import history
from app.engine.forecast.lesson import Lesson, Weights, learn
from app.engine.forecast.passages import Passages
from app.engine.forecast.promise import (
    NewDeals,
    Promise,
    Tables,
    chances_of,
    common_doubt,
    promised,
    rolled_on,
)
from app.engine.forecast.track import Past

COUNT_SCALE = 10**6  # counts are kept as whole millionths of an order
_FITS = 2.0**62
MONEY_PLACES = 3  # value as whole thousandths of the currency's smallest unit


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """What a forecast was made with; enough to ask what other deals would bring at these rates."""

    tables: Tables
    correction: Correction
    value_blend: tuple[Blend, ...]
    count_blend: tuple[Blend, ...]
    retention: Numbers
    mean_amount: float
    doubt: Numbers
    new: NewDeals
    new_orders: Numbers
    new_value: Numbers
    order_spread: float

    @property
    def value_weights(self) -> Numbers:
        """The pipeline's in the blend, per period."""
        return np.array([blend.weight for blend in self.value_blend])

    @property
    def count_weights(self) -> Numbers:
        return np.array([blend.weight for blend in self.count_blend])


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The open deals (indices into the facts' deals), with `section`, `age` (days) and `worth`
    (what an order would bring). `chance[i, p]` is that of an order in period p, `value_chance` the
    same by rates of value. `value[i, p]` and `count[i, p]` are contributions to the blended
    forecast, in whole units of its money and of its counts."""

    deal: Places
    section: Places
    age: Numbers
    worth: Numbers
    chance: Numbers
    value_chance: Numbers
    value: Places
    count: Places

    def and_then(self, more: "Rows") -> "Rows":
        each = ((getattr(self, name), getattr(more, name)) for name in self.__slots__)
        return Rows(*(np.concatenate(both) for both in each))


def _listed(name: str) -> "cached_property[list[Any]]":
    return cached_property(lambda made: getattr(made.rows, name).tolist())


@dataclass(frozen=True, eq=False)
class Forecast:
    """What is expected per open deal and period, and per period beyond them; all adds up.

    `rows` are the open deals; their columns are there as lists as well. Contributions are in whole
    1/`money_scale` of the currency and 1/`COUNT_SCALE` of an order; `new_*` are those of deals to
    come, `run_*` those of the run-rate, divided by `weights`. `value_known` is False where no
    amount was ever known. `blend_basis` is `stored`, `rebuilt` or `prior`, from
    `origins` past forecasts at most. `said` is what to keep of it for later.
    """

    at: float
    ends: tuple[float, ...]
    step: float
    money_scale: int
    status: Status
    value_known: bool
    rows: Rows
    new_value: list[int]
    new_count: list[int]
    run_value: list[int]
    run_count: list[int]
    weights: Weights
    unknown_amounts: int
    orders_seen: int
    blend_basis: str
    origins: int
    said: list[Past]
    basis: Basis

    deals = _listed("deal")
    section = _listed("section")
    age = _listed("age")
    worth = _listed("worth")
    chance = _listed("chance")
    value_chance = _listed("value_chance")
    value = _listed("value")
    count = _listed("count")

    @property
    def rates(self) -> Rates:
        return self.basis.tables.rates

    @property
    def prior_share(self) -> float:
        """How much of the rates was stated and not seen, 0 to 1."""
        return self.rates.prior_share

    @property
    def pipeline_weight(self) -> list[float]:
        """Per period the pipeline's weight in the blend of values; the rest is the run-rate's."""
        return [blend.weight for blend in self.basis.value_blend]

    @property
    def pipeline_weight_count(self) -> list[float]:
        return [blend.weight for blend in self.basis.count_blend]

    @property
    def correction_open(self) -> list[float]:
        """Per period: what lately came true of what the rates promised for open deals."""
        return [float(factor) for factor in self.basis.correction.open]

    @property
    def correction_new(self) -> list[float]:
        return [float(factor) for factor in self.basis.correction.new]

    @property
    def correction_windows(self) -> list[int]:
        return list(self.basis.correction.windows)


def forecast(
    facts: Facts, ends: Sequence[float], prior: Prior, past: Sequence[Past] = (), exponent: int = 2
) -> Forecast:
    """The forecast at `facts.at` for the consecutive periods that end at `ends` (days).

    `past` are forecasts that were really said; with fewer than four closed ones of comparable
    length and lead they are rebuilt from what was known then. `exponent` is the currency's.
    """
    return expect(learn(facts, ends, prior, past, scale_of(exponent)), facts, ends, exponent)


def scale_of(exponent: int) -> int:
    """Units of a forecast's money in one of a currency with so many decimals."""
    scale: int = 10 ** (exponent + MONEY_PLACES)
    return scale


def expect(lesson: Lesson, facts: Facts, ends: Sequence[float], exponent: int = 2) -> Forecast:
    """What a lesson says of the deals that stand in these facts, which need hold no others, for
    the consecutive periods that end at `ends` (days), the first beginning at `facts.at`."""
    standing = history(facts).look(facts.at).seen.standing(facts.at)
    offsets = [end - facts.at for end in ends]
    tables = rolled_on(lesson.count, lesson.value, offsets)
    found = promised(lesson.ground, standing, facts.amount[standing.deal], tables, offsets)
    basis = _basis(lesson, lesson.periods(ends), found, tables, offsets)
    return _forecast(lesson, facts, tuple(ends), scale_of(exponent), found, basis)


def contributions(basis: Basis, standing: Passages, amounts: Numbers, money_scale: int) -> Rows:
    """What deals contribute at a basis' rates, corrections and weights; unknown amounts (NaN)
    count as the mean one."""
    known = np.where(np.isnan(amounts), basis.mean_amount, amounts)
    worth = known * basis.retention[standing.section]
    factors = basis.correction.open
    chance = corrected(chances_of(basis.tables.count, standing), factors)
    value_chance = corrected(chances_of(basis.tables.value, standing), factors)
    return Rows(
        standing.deal,
        standing.section,
        standing.days,
        worth,
        chance,
        value_chance,
        wholes(value_chance * worth[:, None] * basis.value_weights * money_scale),
        wholes(chance * basis.count_weights * COUNT_SCALE),
    )


def wholes(rows: Numbers) -> Places:
    """To the nearest whole number each; where one does not fit a machine's integers, all as those
    of Python."""
    rounded = np.rint(rows)
    if np.abs(rounded).max(initial=0.0) < _FITS:
        found: Places = rounded.astype(np.int64)
        return found
    each = np.empty(rounded.shape, dtype=object)
    each[:] = [whole(row) for row in rounded]
    return each


def whole(row: Numbers) -> list[int]:
    return [int(part) for part in np.rint(row)]


def _basis(
    lesson: Lesson, periods: Places, found: Promise, tables: Tables, offsets: Sequence[float]
) -> Basis:
    """`periods`: for each period the one of the lesson that teaches of it."""
    known, learnt = lesson.ground, lesson.correction
    correction = Correction(
        learnt.open[periods],
        learnt.new[periods],
        tuple(learnt.windows[place] for place in periods),
    )
    return Basis(
        tables=tables,
        correction=correction,
        value_blend=tuple(lesson.value_blend[place] for place in periods),
        count_blend=tuple(lesson.count_blend[place] for place in periods),
        retention=known.retention,
        mean_amount=known.mean,
        doubt=common_doubt(found, lesson.count.prior_share, offsets),
        new=known.new,
        new_orders=found.new_orders * correction.new,
        new_value=found.new_value * correction.new,
        order_spread=known.order_spread,
    )


def _forecast(
    lesson: Lesson,
    facts: Facts,
    ends: tuple[float, ...],
    money_scale: int,
    found: Promise,
    basis: Basis,
) -> Forecast:
    standing, rate = found.standing, lesson.rate
    lengths = np.diff(ends, prepend=facts.at)
    each = contributions(basis, standing, facts.amount[standing.deal], money_scale)
    by_value, by_count = basis.value_weights, basis.count_weights
    return Forecast(
        at=facts.at,
        ends=ends,
        step=lesson.count.step,
        money_scale=money_scale,
        status=_status(lesson.ground.orders_seen, basis.tables),
        value_known=lesson.ground.mean_amount is not None,
        rows=each,
        new_value=whole(basis.new_value * by_value * money_scale),
        new_count=whole(basis.new_orders * by_count * COUNT_SCALE),
        run_value=whole((1 - by_value) * rate.value * lengths * money_scale),
        run_count=whole((1 - by_count) * rate.count * lengths * COUNT_SCALE),
        weights=lesson.weights,
        unknown_amounts=found.unknown_amounts,
        orders_seen=lesson.ground.orders_seen,
        blend_basis=lesson.basis,
        origins=lesson.origins,
        said=_said(facts.at, ends, basis, each, rate),
        basis=basis,
    )


def _said(at: float, ends: Sequence[float], basis: Basis, each: Rows, rate: RunRate) -> list[Past]:
    """Both forecasts before they were blended."""
    value = each.worth @ each.value_chance + basis.new_value
    count = each.chance.sum(axis=0) + basis.new_orders
    return [
        Past(
            at=at,
            start=start,
            end=end,
            pipeline=float(value[period]),
            run_rate=rate.value * (end - start),
            pipeline_count=float(count[period]),
            run_rate_count=rate.count * (end - start),
        )
        for period, (start, end) in enumerate(zip((at, *ends[:-1]), ends, strict=True))
    ]


def _status(orders_seen: int, known: Tables) -> Status:
    """Unknown where no order could ever come: neither seen nor stated."""
    if not known.count.fresh[-1].any():
        return Status.UNKNOWN
    if orders_seen >= ENOUGH:
        return Status.OK
    return Status.LOW_SAMPLE if orders_seen >= FEW else Status.INSUFFICIENT
