"""The yield of a cohort: what has become of the value that arrived at the first milestone."""

from fractions import Fraction
from math import isnan

from app.domain.cohorts import DECLINED, Cohort
from app.engine.flow.facts import Outcome
from app.engine.leaks import Course, Drop, waterfall
from app.engine.money import round_to_minor
from app.schemas.base import MoneyOut, money_out
from app.schemas.observed_rates import DropOut, YieldOut
from app.schemas.ratios import ratio_out


def yield_of(found: Cohort, currency: str) -> YieldOut:
    """Of what arrived at the first milestone in the window; its later milestones whenever."""
    fall = waterfall(_courses(found), found.facts.sections)
    return YieldOut(
        value=ratio_out(fall.share),
        start=_money(fall.start, currency),
        order=_money(fall.order, currency),
        waterfall=[_drop_out(drop, currency) for drop in fall.drops],
        missing_value_count=fall.missing_values,
    )


def _courses(found: Cohort) -> list[Course]:
    """By deal, in the order of the facts."""
    stays, (start, end) = found.facts.stays, found.window.span
    each = zip(
        stays.deal.tolist(),
        stays.section.tolist(),
        stays.entered.tolist(),
        stays.outcome.tolist(),
        stays.value.tolist(),
        stays.next_value.tolist(),
        found.levels[-1].mask,
        found.left_out,
        strict=True,
    )
    courses: dict[int, list[float | None]] = {}
    lost: set[int] = set()
    for deal, section, entered, outcome, value, after, mine, why in each:
        if section == 0 and mine and start <= entered < end:
            courses[deal] = []
        if why == DECLINED:
            courses.pop(deal, None)
        values = courses.get(deal)
        if values is None or why is not None:
            continue
        # A milestone that the version in force does not share with the deal's own has no value.
        values += [None] * (section - len(values)) + [_known(value)]
        if outcome == Outcome.ADVANCED and section == found.facts.sections - 1:
            values.append(_known(after))
        if outcome == Outcome.LOST:
            lost.add(deal)
    return [Course(values, deal in lost) for deal, values in courses.items()]


def _known(value: float) -> float | None:
    return None if isnan(value) else value


def _drop_out(drop: Drop, currency: str) -> DropOut:
    amounts = ("start", "lost", "open", "shrunk", "grown", "end")
    return DropOut(
        section=drop.section,
        **{name: _money(getattr(drop, name), currency) for name in amounts},
    )


def _money(amount: Fraction, currency: str) -> MoneyOut:
    found = money_out(round_to_minor(amount, currency), currency)
    assert found is not None
    return found
