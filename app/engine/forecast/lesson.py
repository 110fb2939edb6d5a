"""What the past teaches of the deals that are open: learnt at a moment, and used from then on.

A forecast is a lesson and the deals that stand now. The lesson is the part that takes long, as it
reads every deal there ever was; what it says changes little from one day to the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.flow.facts import Facts, Numbers, Places
from app.engine.forecast.blend import Blend, RunRate, run_rate
from app.engine.forecast.correction import Correction
from app.engine.forecast.fit import Prior, Rates, step_of
from app.engine.forecast.history import Moment, history
from app.engine.forecast.promise import Ground
from app.engine.forecast.roll import ever
from app.engine.forecast.track import SLACK, Past, Track, longest, track


@dataclass(frozen=True, slots=True)
class Weights:
    """What new business and the run-rate are divided by: `arrivals` (places of stays) with how
    many deals came in each, `wins` (places of orders) with how many orders each is, and their
    value in the units of a forecast's money."""

    arrivals: tuple[int, ...]
    arrival_counts: tuple[int, ...]
    wins: tuple[int, ...]
    win_counts: tuple[int, ...]
    win_units: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Learnt at `at` for the consecutive periods that end at `ends` (days); `since` is the day
    from which on closes were recorded. Corrections and blends are one per period. `ever` is per
    section the chance of an order at all by age in steps."""

    at: float
    since: float
    ends: tuple[float, ...]
    count: Rates
    value: Rates
    ground: Ground
    correction: Correction
    value_blend: tuple[Blend, ...]
    count_blend: tuple[Blend, ...]
    rate: RunRate
    weights: Weights
    ever: tuple[Numbers, ...]
    basis: str
    origins: int

    def periods(self, ends: Sequence[float]) -> Places:
        """For each of these ends the period that holds it; the last one where all ended before."""
        found = np.searchsorted(np.array(self.ends), np.array(ends) - SLACK)
        places: Places = np.minimum(found, len(self.ends) - 1)
        return places


def learn(
    facts: Facts, ends: Sequence[float], prior: Prior, past: Sequence[Past], money_scale: int
) -> Lesson:
    """From all that was known at `facts.at`. `past` are forecasts that were really said; with
    fewer than four closed ones of comparable length and lead they are rebuilt from what was known
    then."""
    if not ends or ends[0] <= facts.at or list(ends) != sorted(set(ends)):
        raise ValueError("ends must ascend, and lie after the moment of the facts")
    book = history(facts)
    moment = book.look(facts.at)
    offsets = [end - facts.at for end in ends]
    known = track(book, moment, prior, step_of(moment.seen, prior), offsets, past)
    return _lesson(moment, tuple(ends), offsets, known, money_scale)


def _lesson(
    moment: Moment,
    ends: tuple[float, ...],
    offsets: Sequence[float],
    known: Track,
    money_scale: int,
) -> Lesson:
    rate = run_rate(moment.orders, moment.since, moment.at, longest(offsets))
    return Lesson(
        at=moment.at,
        since=moment.since,
        ends=ends,
        count=known.tables.rates,
        value=known.tables.value_rates,
        ground=known.promise.ground,
        correction=known.correction,
        value_blend=known.value_blend,
        count_blend=known.count_blend,
        rate=rate,
        weights=_weights(moment, rate.days, money_scale),
        ever=tuple(ever(known.tables.rates)),
        basis=known.basis,
        origins=known.origins,
    )


def _weights(moment: Moment, days: float, money_scale: int) -> Weights:
    """Each arrival of late, and each order that the run-rate counts."""
    arrivals = moment.arrivals.stay.tolist()
    wins = np.flatnonzero(moment.orders.at > moment.at - days)
    values = np.nan_to_num(moment.orders.value[wins]).tolist()
    return Weights(
        arrivals=tuple(arrivals),
        arrival_counts=(1,) * len(arrivals),
        wins=tuple(wins.tolist()),
        win_counts=(1,) * len(wins),
        win_units=tuple(round(value * money_scale) for value in values),
    )
