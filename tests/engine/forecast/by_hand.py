"""Small histories and rates, written down or simulated, for tests of the forecast."""

from datetime import datetime, timedelta
from functools import cache

import numpy as np

from app.engine.flow.facts import Facts, Order, Outcome, Stay, gathered
from app.engine.forecast import Prior, Rates
from app.engine.forecast.fit import SectionRates
from app.engine.worlds import World, simulate
from tests.engine.worlds_as_facts import facts_of

NOTHING_STATED = Prior([None] * 4, [None] * 4)
START = datetime.fromisoformat("2020-01-01T00:00:00+00:00")


def stay(deal, section, entered, left, outcome=Outcome.OPEN, *, value=100.0, **more):
    rest = {"held": 0.0, "implied": False, "next_value": np.nan} | more
    return Stay(deal, section, entered, left, outcome, value=value, **rest)


def facts(stays, orders=(), *, sections=1, at=100.0, since=0.0):
    """Every deal is worth what it was on its last arrival; orders are (deal, day, value)."""
    amounts = {each.deal: each.value for each in stays}
    number = max((*amounts, *(order[0] for order in orders)), default=-1) + 1
    found = gathered(
        sections,
        at,
        list(stays),
        [Order(*order, first=True) for order in orders],
        [amounts.get(deal, np.nan) for deal in range(number)],
    )
    return Facts(sections, at, since, found.stays, found.orders, found.amount)


def steady(onward, lost, sections=1):
    """Rates per day that are the same at every age and in every section."""
    none = np.zeros(1)
    return Rates(
        1.0,
        tuple(
            SectionRates(
                edges=np.array([0]),
                onward=np.vstack([[onward], *([[0.0]] * (sections - section - 1))]),
                lost=np.array([lost]),
                observed=none,
                exposure=none,
                expected=none,
                stated=0.0,
            )
            for section in range(sections)
        ),
    )


def by_age(onward, lost):
    """Rates of one section, per day of age."""
    none = np.zeros(len(onward))
    section = SectionRates(np.arange(len(onward)), onward[None, :], lost, none, none, none, 0.0)
    return Rates(1.0, (section,))


@cache
def sold(days=900, seed=1, per_month=30.0):
    """A simulated world of four sections, watched from its first day on."""
    world = World(per_month=per_month, cleaned_up_days=(180, 540))
    deals = simulate(world, seed, START.date(), START.date() + timedelta(days=days))
    return facts_of(deals, world.milestones, START + timedelta(days=days))


def ends(history, count=3, length=30.0):
    return [history.at + length * (number + 1) for number in range(count)]
