"""The cascade: from a target at the order back to what every earlier milestone must receive.

 M1 ──50%──▶ M2 ──50%──▶ M3 ──50%──▶ M4 ──50%──▶ order
1.6M        800k        400k        200k         100k = target

Section k lies between milestones k and k + 1. Everything is an exact fraction computed from the
target itself, never from a rounded neighbour, and is rounded once, upwards, when it is read: a
requirement rounded down would miss the target.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod

from app.engine.levels import Level, Section, Status, levels
from app.engine.rates import BadRate, Refused, rate, retention

__all__ = [
    "BadCascade",
    "BadRate",
    "Cascade",
    "Goal",
    "Level",
    "Lever",
    "Net",
    "Refused",
    "Remaining",
    "Section",
    "Sensitivity",
    "Simulation",
    "Status",
    "cascade",
    "net",
    "rate",
    "remaining",
    "retention",
    "sensitivity",
    "simulate",
]

IMPLAUSIBLE = 10_000  # times the target at the first milestone
DISAGREEMENT = Fraction(1, 5)  # between a value target and count target times average order
POINT = Fraction(1, 100)
MOST_MILESTONES = 12


class BadCascade(Refused):
    """Inputs that do not fit together."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What shall arrive at the order; at least one of `value` and `count` is known."""

    value: Fraction | None
    count: Fraction | None
    average_order_value: Fraction | None

    def completed(self) -> tuple[Fraction | None, Fraction | None]:
        """Value and count, the missing one derived where the average order value is known."""
        value, count, average = self.value, self.count, self.average_order_value
        if average is None:
            return value, count
        if value is None and count is not None:
            return count * average, count
        if count is None and value is not None:
            return value, value / average
        return value, count

    @property
    def disagrees(self) -> bool:
        """Whether the stated value is more than a fifth away from count times average."""
        if self.value is None or self.count is None or self.average_order_value is None:
            return False
        return abs(self.count * self.average_order_value - self.value) > self.value * DISAGREEMENT


@dataclass(frozen=True, slots=True)
class Cascade:
    """`coverage` is first milestone over order value: 1 / (r_1·d_1 · … · r_n-1·d_n-1)."""

    levels: tuple[Level, ...]
    coverage: Fraction | None
    warnings: tuple[str, ...]
    goal: Goal
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Remaining:
    """What a period under way still needs: `gap` to the target, of which `needed` must be new."""

    gap: Fraction
    needed: Fraction
    target_met: bool


@dataclass(frozen=True, slots=True)
class Net:
    remaining: Remaining
    cascade: Cascade


@dataclass(frozen=True, slots=True)
class Lever:
    """What one more percentage point in a section is worth; None where that is not known."""

    section: int
    order_value_per_point: Fraction | None
    first_milestone_saved_per_point: Fraction | None


@dataclass(frozen=True, slots=True)
class Simulation:
    before: Cascade
    after: Cascade
    levers: tuple[Lever, ...]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The cascade at both ends of the interval of one section's rate, the others held."""

    section: int
    low: Cascade
    high: Cascade


def cascade(
    target_value: Fraction | None,
    target_count: Fraction | None,
    sections: Sequence[Section],
    keys: Sequence[str] | None = None,
    average_order_value: Fraction | None = None,
) -> Cascade:
    """What each milestone must receive so that the target arrives at the last one.

    V_k = T / Π(r_j·d_j) for value and C_k = C / Πr_j for count, j from k to the last section. The
    milestones before a section without a rate are `unknown`, those before a section that lets
    nothing through `unreachable`; later ones are answered all the same. `BadCascade` when the
    inputs do not fit together.

    >>> half = Section(Fraction(1, 2), Fraction(1, 2))
    >>> [int(level.value) for level in cascade(Fraction(100_000), None, [half] * 4).levels]
    [1600000, 800000, 400000, 200000, 100000]
    """
    names = keys if keys is not None else [f"m{n}" for n in range(1, len(sections) + 2)]
    goal = Goal(target_value, target_count, average_order_value)
    _check(goal, sections, names)
    coverage = _inverse([section.value_yield for section in sections])
    return Cascade(
        levels=levels(*goal.completed(), sections, names),
        coverage=coverage,
        warnings=_warnings(goal, coverage, _inverse([section.count_rate for section in sections])),
        goal=goal,
        sections=tuple(sections),
    )


def remaining(target: Fraction, won: Fraction, credit: Fraction) -> Remaining:
    """gap = max(0, target - won), needed = max(0, gap - credit), all in value or all in count.

    `credit` is what the open opportunities are expected to bring within the period.
    """
    gap = max(Fraction(0), target - won)
    return Remaining(gap, max(Fraction(0), gap - credit), target_met=won >= target)


def net(
    target: Fraction,
    won: Fraction,
    credit: Fraction,
    sections: Sequence[Section],
    keys: Sequence[str] | None = None,
) -> Net:
    """The value cascade of what is still needed; for counts, cascade `remaining(…).needed`."""
    left = remaining(target, won, credit)
    return Net(left, cascade(left.needed, None, sections, keys))


def simulate(before: Cascade, changes: Mapping[int, Fraction]) -> Simulation:
    """The same target with other rates (section number from 1 → new rate), and every lever.

    A change sets the value rate; a count rate that differs from it moves in proportion, at most
    to 1, so that better stays better. Levers are those of the rates before the change.
    """
    levers = tuple(_lever(before, number) for number in range(1, len(before.sections) + 1))
    return Simulation(before, _changed(before, changes), levers)


def sensitivity(
    before: Cascade, intervals: Sequence[tuple[Fraction, Fraction] | None]
) -> tuple[Sensitivity, ...]:
    """How far each section's uncertain rate moves the requirements; None: no interval known."""
    pairs = zip(range(1, len(before.sections) + 1), intervals, strict=True)
    return tuple(
        Sensitivity(number, *(_changed(before, {number: end}) for end in interval))
        for number, interval in pairs
        if interval is not None
    )


def _check(goal: Goal, sections: Sequence[Section], keys: Sequence[str]) -> None:
    rates = [r for s in sections for r in (s.value_rate, s.count_rate) if r is not None]
    targets = [target for target in (goal.value, goal.count) if target is not None]
    average = goal.average_order_value
    faults = {
        "too_few_milestones": not sections,
        "too_many_milestones": len(sections) >= MOST_MILESTONES,
        "keys_do_not_match": len(keys) != len(sections) + 1,
        "keys_repeated": len(set(keys)) != len(keys),
        "target_missing": not targets,
        "target_negative": any(target < 0 for target in targets),
        "average_order_value_must_be_positive": average is not None and average <= 0,
        "rate_out_of_range": any(not 0 <= r.numerator <= r.denominator for r in rates),
        "retention_negative": any(section.retention < 0 for section in sections),
    }
    for code, found in faults.items():
        if found:
            raise BadCascade(code)


def _inverse(shares: Sequence[Fraction | None]) -> Fraction | None:
    known = [share for share in shares if share]
    if len(known) < len(shares):
        return None
    return Fraction(
        prod(each.denominator for each in known), prod(each.numerator for each in known)
    )


def _warnings(goal: Goal, *coverages: Fraction | None) -> tuple[str, ...]:
    found = {
        "implausible_yield": any(c is not None and c > IMPLAUSIBLE for c in coverages),
        "mix_warning": goal.disagrees,
    }
    return tuple(code for code, holds in found.items() if holds)


def _changed(before: Cascade, changes: Mapping[int, Fraction]) -> Cascade:
    if not changes.keys() <= set(range(1, len(before.sections) + 1)):
        raise BadCascade("section_unknown")
    sections = [
        _with_rate(section, changes[number]) if number in changes else section
        for number, section in enumerate(before.sections, start=1)
    ]
    goal, keys = before.goal, [level.key for level in before.levels]
    return cascade(goal.value, goal.count, sections, keys, goal.average_order_value)


def _with_rate(section: Section, new: Fraction) -> Section:
    old, count = section.value_rate, section.count_rate
    in_step = min(Fraction(1), count * new / old) if old and count else new
    return replace(section, value_rate=new, count_rate=in_step, source="scenario", because=None)


def _lever(before: Cascade, number: int) -> Lever:
    """With an unchanged feed the order grows by T·Δ/r; with an unchanged order V_1 shrinks.

    No rate rises above 1, so the last point of a section may be a part of one.
    """
    old = before.sections[number - 1].value_rate
    if not old:
        return Lever(number, None, None)
    new = min(Fraction(1), old + POINT)
    first, order = before.levels[0].value, before.levels[-1].value
    return Lever(
        section=number,
        order_value_per_point=None if order is None else order * (new - old) / old,
        first_milestone_saved_per_point=None if first is None else first * (1 - old / new),
    )
