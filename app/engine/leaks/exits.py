"""Leaks: the opportunities that left, by section, reason, owner or anything else that groups them.

A group is called a leak only when more of its opportunities leave than chance explains.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from app.engine.flow.estimates import Estimate, wilson
from app.engine.leaks.amounts import Amount, exact, sum_of, unknown

SILENT = frozenset({"no_response", "stale"})  # ended without a word from the customer


class Ball(StrEnum):
    """Who owed the next step when it ended; NONE: nobody did."""

    US = "us"
    CUSTOMER = "customer"
    NONE = "none"


class Finding(StrEnum):
    """How a group compares: LEAK and TIGHT only when its interval leaves out what was expected."""

    LEAK = "leak"
    TIGHT = "tight"
    AVERAGE = "average"
    UNKNOWN = "unknown"


class Way(StrEnum):
    RISING = "rising"
    FALLING = "falling"
    STEADY = "steady"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Exit:
    """One opportunity that left.

    `win_rate` and `value_yield` are what opportunities on arrival at its milestone have on
    average: the share won, and the order value per value. `days` run from that arrival to the exit
    without the time on hold, `days_since_act` from the customer's last act. None: not known.
    """

    kind: str | None
    reason: str | None
    value_at_arrival: Amount | None
    value_at_exit: Amount | None
    days: float | None
    days_since_act: float | None = None
    ball: Ball | None = None
    win_rate: float | None = None
    value_yield: float | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """What leaves through one opening.

    `rate` is its leak rate in the window, `earlier` the one in the window before, `expected` the
    rate of the whole process where this group's opportunities were (`like_for_like`).
    """

    exits: Sequence[Exit]
    rate: Estimate | None = None
    expected: float | None = None
    earlier: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Exits of one kind, reason or ball; `key` None: not known. `share` is by count, with its 95 %
    interval `low` to `high`."""

    key: str | None
    count: int
    share: Fraction
    low: float
    high: float
    value: Fraction


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Days within which half, four fifths and nine tenths had happened; None for n = 0."""

    p50: float | None
    p80: float | None
    p90: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Trend:
    """The leak rate against the window before, with the 95 % interval of the difference."""

    way: Way
    change: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Leak:
    """One group's exits.

    `share` is its part of all groups' exits. Values are those on arrival, and at the exit;
    `missing_values` exits have none on arrival. `lost_orders` and `lost_win_value` are what the
    same opportunities would have brought had they gone on like the average; `missing_yields` could
    not be counted there. `silent` splits exits without a word by who owed the next step.
    `late_discovery` are the days from the customer's last act to the exit.
    """

    finding: Finding
    rate: Estimate | None
    expected: float | None
    exits: int
    share: Fraction | None
    value: Fraction
    value_at_exit: Fraction
    missing_values: int
    lost_orders: Fraction
    lost_win_value: Fraction
    missing_yields: int
    days: Quantiles
    late_discovery: Quantiles
    kinds: tuple[Part, ...]
    reasons: tuple[Part, ...]
    silent: tuple[Part, ...]
    trend: Trend


def leaks(groups: Sequence[Group]) -> list[Leak]:
    """One answer per group, in their order; `lost_win_value` makes early and late ones comparable:
    Σ v_i·W_k, with W_k the yield from the milestone of the exit to the order."""
    everything = sum(len(group.exits) for group in groups)
    return [_leak(group, everything) for group in groups]


def like_for_like(entered: Sequence[int], rates: Sequence[float | None]) -> float | None:
    """The leak rate of the whole process for a group that `entered` its sections so often.

    Without it, whoever works on a leaky section would look like a leak himself. None when nothing
    entered or a rate that is needed is not known.

    >>> like_for_like([30, 10, 0], [0.4, 0.8, None])
    0.5
    """
    pairs = [(n, rate) for n, rate in zip(entered, rates, strict=True) if n]
    if not pairs or any(rate is None for _, rate in pairs):
        return None
    return math.fsum(n * rate for n, rate in pairs if rate is not None) / sum(n for n, _ in pairs)


def _leak(group: Group, everything: int) -> Leak:
    exits = group.exits
    silent = [exit_ for exit_ in exits if exit_.kind in SILENT]
    return Leak(
        finding=_finding(group.rate, group.expected),
        rate=group.rate,
        expected=group.expected,
        exits=len(exits),
        share=Fraction(len(exits), everything) if everything else None,
        value=_value(exits),
        value_at_exit=sum_of(exit_.value_at_exit for exit_ in exits),
        missing_values=sum(unknown(exit_.value_at_arrival) for exit_ in exits),
        lost_orders=sum_of(exit_.win_rate for exit_ in exits),
        lost_win_value=_lost_value(exits),
        missing_yields=sum(
            unknown(exit_.value_at_arrival) or unknown(exit_.value_yield) for exit_ in exits
        ),
        days=_quantiles([exit_.days for exit_ in exits]),
        late_discovery=_quantiles([exit_.days_since_act for exit_ in exits]),
        kinds=_parts(exits, lambda exit_: exit_.kind),
        reasons=_parts(exits, lambda exit_: exit_.reason),
        silent=_parts(silent, lambda exit_: exit_.ball),
        trend=_trend(group.earlier, group.rate),
    )


def _finding(rate: Estimate | None, expected: float | None) -> Finding:
    if rate is None or rate.low is None or rate.high is None:
        return Finding.UNKNOWN
    if rate.observed is None or expected is None:
        return Finding.UNKNOWN
    if rate.low > expected:
        return Finding.LEAK
    return Finding.TIGHT if rate.high < expected else Finding.AVERAGE


def _value(exits: Sequence[Exit]) -> Fraction:
    return sum_of(exit_.value_at_arrival for exit_ in exits)


def _lost_value(exits: Sequence[Exit]) -> Fraction:
    """Of those that left at one milestone the values first: they share its yield."""
    values: dict[Amount, list[Amount | None]] = {}
    for exit_ in exits:
        if exit_.value_yield is not None:
            values.setdefault(exit_.value_yield, []).append(exit_.value_at_arrival)
    parts = ((sum_of(each), exact(share)) for share, each in values.items())
    return sum((value * share for value, share in parts if share is not None), Fraction(0))


def _quantiles(days: Sequence[float | None]) -> Quantiles:
    known = sorted(day for day in days if day is not None)
    if not known:
        return Quantiles(None, None, None, 0)
    p50, p80, p90 = (known[math.ceil(len(known) * tenths / 10) - 1] for tenths in (5, 8, 9))
    return Quantiles(p50, p80, p90, len(known))


def _parts(exits: Sequence[Exit], key: Callable[[Exit], str | None]) -> tuple[Part, ...]:
    """The largest first; what is not known is shown, as the last one."""
    named: dict[str | None, list[Exit]] = {}
    for exit_ in exits:
        named.setdefault(key(exit_), []).append(exit_)
    order = sorted(named, key=lambda name: (name is None, -len(named[name]), name or ""))
    return tuple(_part(name, named[name], len(exits)) for name in order)


def _part(name: str | None, exits: Sequence[Exit], everything: int) -> Part:
    low, high = wilson(len(exits), everything)
    return Part(name, len(exits), Fraction(len(exits), everything), low, high, _value(exits))


def _trend(before: Estimate | None, now: Estimate | None) -> Trend:
    """Newcombe's interval of the difference of two shares, from the intervals of both."""
    if before is None or now is None:
        return Trend(Way.UNKNOWN)
    ends = (before.observed, before.low, before.high, now.observed, now.low, now.high)
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return Trend(Way.UNKNOWN)
    was, was_low, was_high, is_, is_low, is_high = known
    change = is_ - was
    low = change - math.hypot(is_ - is_low, was_high - was)
    high = change + math.hypot(is_high - is_, was - was_low)
    way = Way.RISING if low > 0 else Way.FALLING if high < 0 else Way.STEADY
    return Trend(way, change, low, high)
