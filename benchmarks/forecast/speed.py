"""CPU time of a forecast for a small and for a large company."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import process_time

import numpy as np

from app.engine.flow.facts import Facts, Orders, Stays
from app.engine.forecast import Prior, forecast
from app.engine.forecast.history import history
from app.engine.forecast.promise import promise, tables
from app.engine.worlds import World, simulate
from tests.engine.worlds_as_facts import facts_of

HORIZON = 91.0
_UNSTATED = Prior([None] * 4, [None] * 4)


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds of CPU: rates, table and prediction alone, and the whole forecast with its
    corrections from twelve rebuilt past forecasts."""

    deals: int
    alone: float
    whole: float


def speed(times: int, runs: int) -> Speed:
    """Of about 8,300 deals, `times` over; the fastest of so many runs."""
    facts = _repeated(_company(), times)
    return Speed(
        deals=len(facts.amount),
        alone=min(_seconds(_alone, facts) for _ in range(runs)),
        whole=min(_seconds(_whole, facts) for _ in range(runs)),
    )


def _alone(facts: Facts) -> None:
    """91 steps of a day."""
    moment = history(facts).look(facts.at)
    found = tables([moment], _UNSTATED, 1.0, [HORIZON])
    promise(moment, found[0], [HORIZON])


def _whole(facts: Facts) -> None:
    forecast(facts, [facts.at + HORIZON], _UNSTATED)


def _seconds(work: Callable[[Facts], None], facts: Facts) -> float:
    begun = process_time()
    work(facts)
    return process_time() - begun


def _company() -> Facts:
    world = World(per_month=170, cleaned_up_days=(180, 540))
    end = datetime(2022, 1, 1, tzinfo=UTC)
    deals = simulate(world, 1, datetime(2018, 1, 1, tzinfo=UTC).date(), end.date())
    return facts_of(deals, world.milestones, end)


def _repeated(facts: Facts, times: int) -> Facts:
    stays, orders = facts.stays, facts.orders

    def again(column: np.ndarray) -> np.ndarray:
        return np.tile(column, times)

    def others(deals: np.ndarray) -> np.ndarray:
        return np.concatenate([deals + each * len(facts.amount) for each in range(times)])

    return Facts(
        facts.sections,
        facts.at,
        facts.since,
        Stays(others(stays.deal), *(again(getattr(stays, n)) for n in Stays.__slots__[1:])),
        Orders(others(orders.deal), again(orders.at), again(orders.value), again(orders.first)),
        again(facts.amount),
    )
