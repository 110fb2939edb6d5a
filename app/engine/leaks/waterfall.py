"""What became of the value that arrived at the first milestone, section by section."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.engine.leaks.amounts import Amount, exact, total


@dataclass(frozen=True, slots=True)
class Course:
    """The course of one opportunity: its value at every milestone reached, from the first one.

    None: not known. It was won when it reached the order; else it was `lost` in the section after
    the last milestone reached, or stands open there.
    """

    values: Sequence[Amount | None]
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Drop:
    """Section k, from 1: `start` less `lost`, `open` and `shrunk`, plus `grown`, is `end`, exactly.

    `shrunk` is what the deals that went on were worth less at the next milestone, the concession;
    `grown` what others were worth more. `retention` is the value those deals kept, None without
    such deals. The counts say how many deals entered, were lost, stand open and went on.
    """

    section: int
    start: Fraction
    lost: Fraction
    open: Fraction
    shrunk: Fraction
    grown: Fraction
    end: Fraction
    entered: int
    lost_count: int
    open_count: int
    advanced: int

    @property
    def retention(self) -> Fraction | None:
        before = self.start - self.lost - self.open
        return self.end / before if before > 0 else None


@dataclass(frozen=True, slots=True)
class Waterfall:
    """`start` falls over the drops to the `order`; `missing_values` deals have no value at all
    and are left out, `share` is None when nothing arrived."""

    start: Fraction
    drops: tuple[Drop, ...]
    order: Fraction
    missing_values: int

    @property
    def share(self) -> Fraction | None:
        return self.order / self.start if self.start > 0 else None


def waterfall(courses: Sequence[Course], sections: int) -> Waterfall:
    """From the value at the first milestone to the value at the order, over `sections` sections.

    A value that is not known is the one before it, and before the first known one that one:
    nothing is lost or gained by not having been written down. `ValueError` when a course is empty
    or longer than the process, or lost after its order.
    """
    if any(not 0 < len(c.values) <= sections + 1 for c in courses):
        raise ValueError(
            "a course begins at the first milestone and ends at the order at the latest"
        )
    if any(c.lost and len(c.values) > sections for c in courses):
        raise ValueError("what was ordered is not lost")
    told = [(_filled(course.values), course.lost) for course in courses]
    known = [(values, lost) for values, lost in told if values]
    drops = tuple(_drop(known, section) for section in range(1, sections + 1))
    start = total(values[0] for values, _ in known)
    order = drops[-1].end if drops else start
    return Waterfall(start, drops, order, len(courses) - len(known))


def _filled(values: Sequence[Amount | None]) -> list[Fraction]:
    amounts = [exact(value) for value in values]
    last = next((amount for amount in amounts if amount is not None), None)
    filled = []
    for amount in amounts:
        last = last if amount is None else amount
        if last is not None:
            filled.append(last)
    return filled


def _drop(courses: Sequence[tuple[list[Fraction], bool]], section: int) -> Drop:
    here = [(values, lost) for values, lost in courses if len(values) >= section]
    ended = [(values[-1], lost) for values, lost in here if len(values) == section]
    lost = [value for value, is_lost in ended if is_lost]
    waiting = [value for value, is_lost in ended if not is_lost]
    steps = [values[section] - values[section - 1] for values, _ in here if len(values) > section]
    return Drop(
        section=section,
        start=total(values[section - 1] for values, _ in here),
        lost=total(lost),
        open=total(waiting),
        shrunk=-total(step for step in steps if step < 0),
        grown=total(step for step in steps if step > 0),
        end=total(values[section] for values, _ in here if len(values) > section),
        entered=len(here),
        lost_count=len(lost),
        open_count=len(waiting),
        advanced=len(steps),
    )
