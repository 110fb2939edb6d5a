"""What a target still needs: the gap, less what the open opportunities should bring in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from app.core.work import Work
from app.domain.aimed_targets import Aimed
from app.domain.facts import deals_of
from app.domain.inflow import NOTHING, Arrived
from app.domain.outlooks import Outlook, outlook, view
from app.domain.processes import resolve
from app.engine.cascade import Remaining, cascade, remaining
from app.engine.money import ceil_to_minor, round_to_minor
from app.engine.periods import bounds
from app.schemas.base import MoneyOut, money_out
from app.schemas.ratios import chance_out, needed_out
from app.schemas.target_cascades import TargetNetLevelOut, TargetNetOut

FORMULA = "net_cascade.1: needed_k = max(0, max(0, T - won) - Σ v·P(win in period)) / Π(r_j·d_j)"
_PLACES, _PLACES_SHOWN = 6, 4


@dataclass(frozen=True, slots=True)
class Credit:
    """What open deals are expected to bring within the period, and of how many deals."""

    value: Fraction
    count: Fraction
    deals: int
    missing: int


NO_CREDIT = Credit(Fraction(0), Fraction(0), 0, 0)


async def net_out(work: Work, aim: Aimed, won: Arrived = NOTHING) -> TargetNetOut:
    """`won` is what arrived at the order within the period."""
    found = await credit(work, aim)
    value, count = aim.cascade.goal.completed()
    by_value = None if value is None else remaining(value, Fraction(won.value or 0), found.value)
    by_count = None if count is None else remaining(count, Fraction(won.count), found.count)
    goals = [side for side in (by_value, by_count) if side is not None]
    currency = work.home.currency
    return TargetNetOut(
        won_value=money_out(won.value, currency),
        won_count=won.count,
        gap_value=None if by_value is None else _money(by_value.gap, currency),
        gap_count=None if by_count is None else needed_out(by_count.gap),
        credit_value=_money(found.value, currency),
        credit_count=chance_out(float(found.count)),
        needed_value=None if by_value is None else _money_up(by_value.needed, currency),
        needed_count=None if by_count is None else needed_out(by_count.needed),
        target_met=all(side.target_met for side in goals),
        open_count=found.deals,
        missing_value_count=found.missing,
        milestones=_levels(aim, by_value, by_count, currency),
        formula=FORMULA,
    )


def gaps(aim: Aimed, won: Arrived) -> list[tuple[Fraction | None, Fraction | None]]:
    """What the rest of the target, however it is brought, takes at each milestone."""
    value, count = aim.cascade.goal.completed()
    left = cascade(
        None if value is None else max(Fraction(0), value - Fraction(won.value or 0)),
        None if count is None else max(Fraction(0), count - won.count),
        aim.sections,
        aim.ground.keys,
    )
    return [(level.value, level.count) for level in left.levels]


async def credit(work: Work, aim: Aimed) -> Credit:
    """Σ v·P(win within the period) over the open deals of the target's scope and business, by the
    forecast's own chances and amounts; nothing once the period is over."""
    start, end = bounds(aim.period, work.home.zone)
    if end <= aim.seen:
        return NO_CREDIT
    process = await resolve(work, aim.row.process_id)
    how = await view(work, process, as_of=aim.as_of)
    ends = [start, end] if start - aim.seen > timedelta(0) else [end]
    seen = await outlook(aim.told, ends, how)
    shares = await deals_of(work, aim.told, aim.subject, aim.business_type)
    found = _summed(aim, seen, seen.counted(shares))
    # Rounded before anything is taken off by it, so that the amounts of an answer add up.
    value, count = (
        round_to_minor(found.value, work.home.currency),
        round(found.count, _PLACES_SHOWN),
    )
    return Credit(Fraction(value), count, found.deals, found.missing)


def _summed(aim: Aimed, seen: Outlook, shares: Sequence[Fraction | int]) -> Credit:
    value, count, deals, missing = Fraction(0), Fraction(0), 0, 0
    whole = seen.whole
    for place, deal in enumerate(whole.deals):
        if not shares[deal]:
            continue
        worth = whole.worth[place] if whole.value_known else 0.0
        value += shares[deal] * _exact(worth * whole.value_chance[place][-1])
        count += shares[deal] * _exact(whole.chance[place][-1])
        deals += 1
        missing += aim.told.deals[deal].reporting_value is None
    return Credit(value, count, deals, missing)


def _levels(
    aim: Aimed, by_value: Remaining | None, by_count: Remaining | None, currency: str
) -> list[TargetNetLevelOut]:
    found = cascade(
        None if by_value is None else by_value.needed,
        None if by_count is None else by_count.needed,
        aim.sections,
        aim.ground.keys,
    )
    return [
        TargetNetLevelOut(
            position=level.position,
            key=level.key,
            required_value=money_out(level.required_value(currency), currency),
            required_count=level.required_count,
        )
        for level in found.levels
    ]


def _money(exact: Fraction, currency: str) -> MoneyOut | None:
    return money_out(round_to_minor(exact, currency), currency)


def _money_up(exact: Fraction, currency: str) -> MoneyOut | None:
    return money_out(ceil_to_minor(exact, currency), currency)


def _exact(estimate: float) -> Fraction:
    return Fraction(f"{estimate:.{_PLACES}f}")
