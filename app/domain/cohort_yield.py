"""The yield of a cohort: what has become of the value that arrived at the first milestone."""

from fractions import Fraction

from app.domain.cohorts import DECLINED, Cohort
from app.engine.flow.courses import courses, fallen
from app.engine.flow.packed import unnamed, within
from app.engine.leaks import Drop
from app.engine.money import exponent, round_to_minor
from app.schemas.base import MoneyOut, money_out
from app.schemas.observed_rates import DropOut, YieldOut
from app.schemas.ratios import ratio_out


def yield_of(found: Cohort, currency: str) -> YieldOut:
    """Of what arrived at the first milestone in the window; its later milestones whenever."""
    stays = found.facts.stays
    begins = found.levels[-1].mask & (stays.section == 0) & within(stays.entered, found.window.span)
    told = courses(found.facts, begins, unnamed(found.left_out), found.left_out == DECLINED)
    fall = fallen(told, found.facts.sections, exponent(currency))
    return YieldOut(
        value=ratio_out(fall.share),
        start=_money(fall.start, currency),
        order=_money(fall.order, currency),
        waterfall=[_drop_out(drop, currency) for drop in fall.drops],
        missing_value_count=fall.missing_values,
    )


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
