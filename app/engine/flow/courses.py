"""What became of the value that arrived at the first milestone, of many deals at once.

The same as `engine.leaks.waterfall` says of courses one by one, in whole smallest units: floats
that stand for decimals are read as these, so that parts add up to their whole exactly.
"""

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from app.engine.flow.facts import Facts, Flags, Numbers, Outcome, Places
from app.engine.leaks.waterfall import Course, Drop, Waterfall, waterfall

EXACT = 10**15  # so many units still have a decimal of their own among floats
_MOST = 2**62


class Courses(NamedTuple):
    """By deal its value at each milestone, NaN where it is not known; how many it reached, the
    order included; and whether it was lost after the last of them."""

    value: Numbers
    reached: Places
    lost: Flags


def courses(facts: Facts, begins: Flags, counts: Flags, without: Flags) -> Courses:
    """Of the deals with a stay that `begins`, by the stays that count; none of those with a stay
    in `without`. A milestone that is passed over has no value."""
    stays, sections = facts.stays, facts.sections
    chosen = np.zeros(len(facts.amount), dtype=bool)
    chosen[stays.deal[begins]] = True
    chosen[stays.deal[without]] = False
    row = np.cumsum(chosen) - 1
    size = int(chosen.sum())
    here = np.flatnonzero(counts & chosen[stays.deal])
    mine, section = row[stays.deal[here]], stays.section[here]
    value = np.full((size, sections + 1), np.nan)
    value[mine, section] = stays.value[here]
    reached = np.zeros(size, dtype=np.int64)
    np.maximum.at(reached, mine, section + 1)
    ordered = (stays.outcome[here] == Outcome.ADVANCED) & (section == sections - 1)
    value[mine[ordered], sections] = stays.next_value[here][ordered]
    reached[mine[ordered]] = sections + 1
    lost = np.zeros(size, dtype=bool)
    lost[mine[stays.outcome[here] == Outcome.LOST]] = True
    return Courses(value, reached, lost)


def fallen(told: Courses, sections: int, places: int) -> Waterfall:
    """`places`: of decimals that the values have."""
    scale = 10**places
    units = np.rint(told.value * scale)
    known = ~np.isnan(units)
    exact = (np.abs(units) < EXACT) & (units / scale == told.value)
    if not exact[known].all():
        return waterfall(_one_by_one(told), sections)
    there = known.any(axis=1)
    filled = _filled(np.where(known, units, 0.0).astype(np.int64)[there], known[there])
    reached, lost = told.reached[there], told.lost[there]
    drops = tuple(
        _drop(filled, reached, lost, section, scale) for section in range(1, sections + 1)
    )
    start = _sum(filled[:, 0], scale)
    return Waterfall(start, drops, drops[-1].end if drops else start, int((~there).sum()))


def _one_by_one(told: Courses) -> list[Course]:
    each = zip(told.value.tolist(), told.reached.tolist(), told.lost.tolist(), strict=True)
    return [Course(values[:reached], lost) for values, reached, lost in each]


def _filled(units: Places, known: Flags) -> Places:
    """What is not known is what was known before it, and before the first one that one."""
    place = np.where(known, np.arange(units.shape[1]), -1)
    latest = np.maximum.accumulate(place, axis=1)
    latest = np.where(latest < 0, known.argmax(axis=1)[:, None], latest)
    return np.take_along_axis(units, latest, axis=1)


def _drop(units: Places, reached: Places, lost: Flags, section: int, scale: int) -> Drop:
    before = units[:, section - 1]
    here, ended, on = reached >= section, reached == section, reached > section
    step = (units[:, section] - before)[on]
    return Drop(
        section=section,
        start=_sum(before[here], scale),
        lost=_sum(before[ended & lost], scale),
        open=_sum(before[ended & ~lost], scale),
        shrunk=-_sum(step[step < 0], scale),
        grown=_sum(step[step > 0], scale),
        end=_sum(units[:, section][on], scale),
        entered=int(here.sum()),
        lost_count=int((ended & lost).sum()),
        open_count=int((ended & ~lost).sum()),
        advanced=int(on.sum()),
    )


def _sum(units: Places, scale: int) -> Fraction:
    most = int(np.abs(units).max(initial=0))
    whole = int(units.sum()) if most * len(units) < _MOST else sum(units.tolist())
    return Fraction(whole, scale)
