"""How fast the funnel turns into orders, and whether enough stands in it.

Answers are exact in what goes in; None where something that is needed is not known.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

Amount = Fraction | Decimal | int


@dataclass(frozen=True, slots=True)
class Open:
    """An open opportunity, or all that stand at a milestone: what it is worth, how likely it is
    to be won ever, and in how many days half of such deals are ordered; None: not known."""

    value: Amount | None
    chance: Amount | None
    days_to_order: Amount | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What stands open against what is still to be won.

    `ratio` is open over remaining value, None when the target is met. `needed` is the ratio at
    which the actual mix is expected to bring just the remaining value: 1 / its mean chance by
    value, over those whose chance is known. `timely_value` and `timely_ratio` count only what
    still fits into the period. `chance_unknown` and `days_unknown` are values that could not be
    judged, `missing_values` how many deals have no value.
    """

    open_value: Fraction
    remaining: Fraction
    target_met: bool
    ratio: Fraction | None
    needed: Fraction | None
    timely_value: Fraction
    timely_ratio: Fraction | None
    chance_unknown: Fraction
    days_unknown: Fraction
    missing_values: int


def velocity(
    open_count: int,
    win_rate: Amount | None,
    average_order: Amount | None,
    days_to_order: Amount | None,
) -> Fraction | None:
    """Order value per day to come: N·W·A/L.

    N opportunities are open past the first milestone, W of them are won, A is an order worth on
    average, L days lie on average between the first milestone and the order. None without winners
    or when they took no time at all.

    >>> round(velocity(40, Fraction(1, 4), 50_000, 90), 2)
    Fraction(138889, 25)
    """
    if win_rate is None or average_order is None or not days_to_order:
        return None
    worth = open_count * Fraction(win_rate) * Fraction(average_order)
    return worth / Fraction(days_to_order)


def throughput(order_value: Amount, days: Amount) -> Fraction | None:
    """Order value per day that was really closed in a stretch of days; None for no days."""
    return Fraction(order_value) / Fraction(days) if days > 0 else None


def coverage(target: Amount, won: Amount, deals: Sequence[Open], days_left: Amount) -> Coverage:
    """Open over remaining value, what it would have to be, and what of it can still come in time.

    `days_left` are the days until the period ends.
    """
    known = [(Fraction(deal.value), deal) for deal in deals if deal.value is not None]
    remaining = max(Fraction(0), Fraction(target) - Fraction(won))
    whole = _sum(value for value, _ in known)
    timely = _sum(
        value
        for value, deal in known
        if deal.days_to_order is not None and deal.days_to_order <= days_left
    )
    return Coverage(
        open_value=whole,
        remaining=remaining,
        target_met=not remaining,
        ratio=whole / remaining if remaining else None,
        needed=coverage_needed(deals),
        timely_value=timely,
        timely_ratio=timely / remaining if remaining else None,
        chance_unknown=_sum(value for value, deal in known if deal.chance is None),
        days_unknown=_sum(value for value, deal in known if deal.days_to_order is None),
        missing_values=len(deals) - len(known),
    )


def coverage_needed(deals: Sequence[Open]) -> Fraction | None:
    """1 / W of the actual mix: W is the mean chance, weighted by value.

    None where nothing is open, or nothing of it has a chance.

    >>> coverage_needed([Open(100, Fraction(1, 10)), Open(100, Fraction(3, 10))])
    Fraction(5, 1)
    """
    judged = [
        (Fraction(deal.value), Fraction(deal.chance))
        for deal in deals
        if deal.value is not None and deal.chance is not None
    ]
    expected = _sum(value * chance for value, chance in judged)
    return _sum(value for value, _ in judged) / expected if expected > 0 else None


def required_stock(
    required: Sequence[Amount | None], period_days: Amount, mean_days: Sequence[Amount | None]
) -> tuple[Fraction | None, ...]:
    """What must stand in each section at any time, by Little's law: arrivals per day · mean stay.

    `required` are the arrivals that a period of `period_days` needs at the milestones where the
    sections begin, as count or as value; `mean_days` how long a deal stays there on average,
    whether it goes on or leaves. `ValueError` when the period has no days or lengths differ.

    >>> required_stock([64, 32], 30, [45, None])
    (Fraction(96, 1), None)
    """
    if period_days <= 0:
        raise ValueError("a period has at least one day")
    return tuple(
        None
        if need is None or days is None
        else Fraction(need) * Fraction(days) / Fraction(period_days)
        for need, days in zip(required, mean_days, strict=True)
    )


def _sum(values: Iterable[Fraction]) -> Fraction:
    return sum(values, Fraction(0))
