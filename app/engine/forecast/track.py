"""The track record: past forecasts, said or rebuilt, beside what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from app.engine.flow.facts import Numbers
from app.engine.forecast.blend import LATEST, Blend, Said, blend, run_rate, won
from app.engine.forecast.correction import (
    WINDOWS,
    Correction,
    Snapshot,
    corrected,
    correction,
    snapshot,
)
from app.engine.forecast.fit import Prior
from app.engine.forecast.history import History, Moment
from app.engine.forecast.promise import Promise, Tables, common_doubt, promise, tables

WEEK = 7.0
MOST_ORIGINS = 24
YOUNGEST = 28.0  # days of record before the first past moment worth rebuilding
FEWEST_STORED = 4
ALIKE, AS_FAR = (
    0.2,
    0.5,
)  # lengths and leads of stored forecasts may differ by so much of the length
A_DAY, SLACK = 1.0, 1e-6  # days


@dataclass(frozen=True, slots=True)
class Past:
    """What a forecast said: made at `at` for the orders after `start` up to `end` (days)."""

    at: float
    start: float
    end: float
    pipeline: float
    run_rate: float
    pipeline_count: float
    run_rate_count: float


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Today's tables, and what the past teaches about them."""

    tables: Tables
    promise: Promise
    correction: Correction
    value_blend: tuple[Blend, ...]
    count_blend: tuple[Blend, ...]
    basis: str
    origins: int


def track(
    book: History,
    moment: Moment,
    prior: Prior,
    step: float,
    offsets: Sequence[float],
    past: Sequence[Past],
) -> Track:
    """Looks back along one lattice of moments: as origins of rebuilt forecasts, and as windows
    of their corrections."""
    gap = _gap(offsets)
    alike = _alike(moment, past, offsets, gap)
    kept = [len(pasts) >= FEWEST_STORED for pasts in alike]
    use_stored = all(kept)
    back = _steps_back(offsets, gap)
    origins = [] if use_stored else _moments(moment, gap, back, YOUNGEST)
    looks = [book.look(at) for at in origins]
    now, *then = tables([moment, *looks], prior, step, offsets)
    windows = _moments(moment, gap, back if use_stored else 2 * back, 0.0)
    snapshots = [snapshot(book, at, offsets, now.count) for at in windows]
    found = promise(moment, now, offsets)
    today = correction(snapshots, now.count, moment.at, offsets, gap)
    stored = _stored(moment, alike, totals(found, today, now.rates.prior_share, offsets))
    rebuilt = _rebuilt(looks, then, moment, snapshots, offsets, gap)
    said = [stored[period] if kept[period] else rebuilt[period] for period in range(len(kept))]
    apart = gap / longest(offsets)
    known = run_rate(moment.orders, moment.since, moment.at, longest(offsets)).known
    value = tuple(blend([value for value, _ in each], apart, run_rate_known=known) for each in said)
    count = tuple(blend([count for _, count in each], apart, run_rate_known=known) for each in said)
    seen = max(each.n for each in value)
    basis = "prior" if not seen else "stored" if use_stored else "rebuilt"
    return Track(now, found, today, value, count, basis, seen)


def longest(offsets: Sequence[float]) -> float:
    """The length of the longest period, in days."""
    return float(np.diff(offsets, prepend=0.0).max())


def _gap(offsets: Sequence[float]) -> float:
    """Between two moments: a week, so that whole gaps make a period; more for far horizons."""
    length = longest(offsets)
    week = length / max(round(length / WEEK), 1) if length > WEEK else WEEK
    needed = offsets[-1] / week + WINDOWS
    return week * ceil(needed / MOST_ORIGINS)


def _steps_back(offsets: Sequence[float], gap: float) -> int:
    return ceil(offsets[-1] / gap - SLACK) + WINDOWS - 1


def _moments(moment: Moment, gap: float, count: int, youngest: float) -> list[float]:
    moments = [moment.at - gap * back for back in range(1, count + 1)]
    return [at for at in moments if at - moment.since >= youngest]


Pair = tuple[Said, Said]  # value, count


def _rebuilt(
    looks: Sequence[Moment],
    then: Sequence[Tables],
    moment: Moment,
    snapshots: Sequence[Snapshot],
    offsets: Sequence[float],
    gap: float,
) -> list[list[Pair]]:
    """Per period, from the latest on: what would have been said, with what was known then."""
    said: list[list[Pair]] = [[] for _ in offsets]
    starts = [0.0, *offsets[:-1]]
    for look, found in zip(looks, then, strict=True):
        open_periods = [p for p, end in enumerate(offsets) if look.at + end <= moment.at + SLACK]
        if all(len(said[period]) >= LATEST for period in open_periods):
            continue
        earlier = [each for each in snapshots if each.at < look.at - SLACK]
        lately = correction(earlier, found.count, look.at, offsets, gap)
        whole = totals(promise(look, found, offsets), lately, found.rates.prior_share, offsets)
        rate = run_rate(look.orders, look.since, look.at, longest(offsets))
        for period in open_periods:
            start, end = look.at + starts[period], look.at + offsets[period]
            value, count = won(moment.orders, start, end)
            days = end - start
            said[period].append(
                (
                    Said(whole.value[period], rate.value * days, value, whole.value_doubt[period]),
                    Said(whole.count[period], rate.count * days, count, whole.count_doubt[period]),
                )
            )
    return said


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """The pipeline's forecast per period, and the relative variance it is aware of."""

    value: Numbers
    count: Numbers
    value_doubt: Numbers
    count_doubt: Numbers


def totals(
    found: Promise, lately: Correction, prior_share: float, offsets: Sequence[float]
) -> Totals:
    chance = corrected(found.chance, lately.open)
    value_chance = corrected(found.value_chance, lately.open)
    new_orders, new_value = found.new_orders * lately.new, found.new_value * lately.new
    value = found.worth @ value_chance + new_value
    count = chance.sum(axis=0) + new_orders
    square = found.ground.new.square / max(found.ground.new.amount, 1e-12)
    own = found.worth**2 @ (value_chance * (1 - value_chance)) + new_value * square
    own_count = (chance * (1 - chance)).sum(axis=0) + new_orders
    common = common_doubt(found, prior_share, offsets)
    return Totals(
        value,
        count,
        common + own / np.maximum(value, 1e-12) ** 2,
        common + own_count / np.maximum(count, 1e-12) ** 2,
    )


def _alike(
    moment: Moment, past: Sequence[Past], offsets: Sequence[float], gap: float
) -> list[list[Past]]:
    """Per period the closed stored forecasts of one as long and as far ahead, latest first; of
    those made within one gap, only the latest."""
    found: list[list[Past]] = [[] for _ in offsets]
    closed = [each for each in past if each.end <= moment.at + SLACK]
    for each in sorted(closed, key=lambda one: (one.at, one.start), reverse=True):
        for period, (start, end) in enumerate(zip((0.0, *offsets[:-1]), offsets, strict=True)):
            length, kept = end - start, found[period]
            alike = abs(each.end - each.start - length) <= ALIKE * length
            as_far = abs(each.start - each.at - start) <= AS_FAR * length
            apart = not kept or kept[-1].at - each.at >= gap - A_DAY
            if alike and as_far and apart and len(kept) < LATEST:
                kept.append(each)
    return found


def _stored(moment: Moment, alike: Sequence[Sequence[Past]], today: Totals) -> list[list[Pair]]:
    """They kept no doubt of their own; today's stands in for it."""
    said: list[list[Pair]] = []
    for period, pasts in enumerate(alike):
        doubts = today.value_doubt[period], today.count_doubt[period]
        came = [won(moment.orders, past.start, past.end) for past in pasts]
        said.append(
            [
                (
                    Said(past.pipeline, past.run_rate, value, doubts[0]),
                    Said(past.pipeline_count, past.run_rate_count, count, doubts[1]),
                )
                for past, (value, count) in zip(pasts, came, strict=True)
            ]
        )
    return said
