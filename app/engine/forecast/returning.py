"""Deals on hold: they promise nothing until they return, and then what they promised before."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from app.engine.flow.facts import Facts, Numbers, Places
from app.engine.forecast.correction import corrected
from app.engine.forecast.outlook import COUNT_SCALE, Forecast, Rows, wholes
from app.engine.forecast.roll import Table


def with_returning(standing: Forecast, facts: Facts, returns: Mapping[int, float]) -> Forecast:
    """The forecast together with deals on hold, as open deals that come back on a later day.

    `returns` gives for each such deal (index into the facts' deals) the day of its return. Their
    clock stood still meanwhile; chances between two periods' ends are interpolated.
    """
    waiting = sorted(set(returns) - set(standing.deals))
    deals = np.array(waiting, dtype=np.int64)
    last = np.searchsorted(facts.stays.deal, deals, side="right") - 1
    known = (last >= 0) & (facts.stays.deal[last] == deals) if len(facts.stays.deal) else deals < 0
    deals, last = deals[known], last[known]
    if not len(deals):
        return standing
    basis, stays = standing.basis, facts.stays.where(last)
    back = np.array([returns[int(deal)] for deal in deals])
    left = np.maximum(np.array(standing.ends) - back[:, None], 0.0)
    amount = np.where(np.isnan(facts.amount[deals]), basis.mean_amount, facts.amount[deals])
    worth = amount * basis.retention[stays.section]
    by_count, by_value = (
        corrected(_chances(table, standing, stays.section, stays.days, left), basis.correction.open)
        for table in (basis.tables.count, basis.tables.value)
    )
    value = by_value * worth[:, None] * np.array(standing.pipeline_weight) * standing.money_scale
    count = by_count * np.array(standing.pipeline_weight_count) * COUNT_SCALE
    back_again = Rows(
        deals, stays.section, stays.days, worth, by_count, by_value, wholes(value), wholes(count)
    )
    return replace(
        standing,
        rows=standing.rows.and_then(back_again),
        unknown_amounts=standing.unknown_amounts + int(np.isnan(facts.amount[deals]).sum()),
    )


def _chances(
    table: Table, standing: Forecast, section: Places, age: Numbers, left: Numbers
) -> Numbers:
    """Per deal and period, of an order in that period, when so many days are `left` at its end."""
    reached = table.within[:, section, table.age(age)].T
    offsets = [0.0, *(end - standing.at for end in standing.ends)]
    by_end = np.array(
        [
            np.interp(days, offsets, np.append(0.0, chances))
            for days, chances in zip(left, reached, strict=True)
        ]
    )
    chance: Numbers = np.diff(by_end, axis=1, prepend=0.0)
    return chance
