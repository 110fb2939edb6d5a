"""Arrivals to come: what open deals and those not there yet will bring to every milestone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.engine.flow.facts import Facts, Numbers
from app.engine.forecast.fit import Prior, fit_record, step_of
from app.engine.forecast.history import Moment, history
from app.engine.forecast.passages import Passages
from app.engine.forecast.promise import arriving, chances_of, new_deals
from app.engine.forecast.reach import until
from app.engine.forecast.roll import Table, roll_all


@dataclass(frozen=True, slots=True)
class Bound:
    """What comes to one milestone: per open deal and period the chance to get there or beyond in
    that period, by rates of number and of value; and the number and value of deals that are not
    there yet, per period."""

    chance: list[list[float]]
    value_chance: list[list[float]]
    new_count: list[float]
    new_value: list[float]


@dataclass(frozen=True, slots=True)
class Coming:
    """`deals` are the open ones (indices into the facts' deals), `worth` what each is worth; deals
    of unknown amount take the mean one. `arrivals` (indices of stays) are those from which the new
    ones were counted. One of `milestones` for each, the order last."""

    deals: list[int]
    worth: list[float]
    arrivals: list[int]
    milestones: list[Bound]


def coming(facts: Facts, ends: Sequence[float], prior: Prior) -> Coming:
    """For the consecutive periods that end at `ends` (days), the first beginning at `facts.at`.

    By the forecast's rates alone, before it is corrected by what came of the past.
    """
    moment = history(facts).look(facts.at)
    offsets = [end - facts.at for end in ends]
    step = step_of(moment.seen, prior)
    rates = fit_record(moment.record, prior, step, (None, moment.weights))
    standing = moment.seen.standing(moment.at)
    mean = moment.mean_amount or 0.0
    found = []
    for goal in range(facts.sections + 1):
        tables = roll_all([until(each, goal) for each in rates], offsets) if goal else []
        found.append(_bound(moment, standing, goal, tables, offsets))
    amount = moment.amount[standing.deal]
    return Coming(
        deals=standing.deal.tolist(),
        worth=np.where(np.isnan(amount), mean, amount).tolist(),
        arrivals=moment.arrivals.stay.tolist(),
        milestones=found,
    )


def _bound(
    moment: Moment,
    standing: Passages,
    goal: int,
    tables: Sequence[Table],
    offsets: Sequence[float],
) -> Bound:
    new = new_deals(moment, moment.mean_amount or 0.0)
    by_count, by_value = (
        [_chances(standing, goal, table, len(offsets)) for table in tables]
        if goal
        else [np.zeros((len(standing.deal), len(offsets)))] * 2
    )
    fresh = [_fresh(new.per_day, goal, table, offsets) for table in tables or (None, None)]
    return Bound(
        chance=by_count.tolist(),
        value_chance=by_value.tolist(),
        new_count=fresh[0].tolist(),
        new_value=(fresh[1] * new.amount).tolist(),
    )


def _chances(standing: Passages, goal: int, table: Table, periods: int) -> Numbers:
    """Whoever stands there or beyond has arrived already."""
    found = np.zeros((len(standing.deal), periods))
    before = standing.section < goal
    found[before] = chances_of(table, standing.where(before))
    return found


def _fresh(per_day: Numbers, goal: int, table: Table | None, offsets: Sequence[float]) -> Numbers:
    """Those that begin at the milestone or beyond are there at once."""
    at_once: Numbers = per_day[goal:].sum() * np.diff(offsets, prepend=0.0)
    return at_once if table is None else at_once + arriving(table, per_day[:goal], offsets)
