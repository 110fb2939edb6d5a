"""What each milestone must receive, computed backwards through the sections in exact fractions."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate
from math import ceil

from app.engine.money import ceil_to_minor


class Status(StrEnum):
    OK = "ok"
    UNKNOWN = "unknown"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Section:
    """How much of milestone k reaches milestone k + 1.

    A rate of None is not known. A rate of 0 was observed (0 of n arrived; `because` says so): no
    feed is large enough. `retention` is the value of an opportunity at the next milestone over its
    value here, for those that get there; above 1 means they grow. `source` says whose rate it is.
    """

    value_rate: Fraction | None
    count_rate: Fraction | None
    retention: Fraction = Fraction(1)
    source: str | None = None
    because: str | None = None

    @property
    def value_yield(self) -> Fraction | None:
        if self.value_rate is None or self.retention == 1:
            return self.value_rate
        return self.value_rate * self.retention


@dataclass(frozen=True, slots=True)
class Level:
    """What one milestone must receive, exactly, and what is planned to leave after it.

    `rate`, `count_rate`, `planned_exit` and `rate_source` are those of the section that begins
    here; the order has none. `status` is not ok where a number that was asked for has no answer;
    `blocked_by` is then the section that prevents it and `because` the reason.
    """

    position: int
    key: str
    value: Fraction | None
    count: Fraction | None
    rate: Fraction | None
    planned_exit: Fraction | None
    status: Status
    because: str | None
    rate_source: str | None
    count_rate: Fraction | None
    blocked_by: int | None

    def required_value(self, currency: str) -> Decimal | None:
        return None if self.value is None else ceil_to_minor(self.value, currency)

    def planned_exit_value(self, currency: str) -> Decimal | None:
        return None if self.planned_exit is None else ceil_to_minor(self.planned_exit, currency)

    @property
    def required_count(self) -> int | None:
        return None if self.count is None else ceil(self.count)

    @property
    def exact_value(self) -> str | None:
        """The value as "numerator/denominator" in lowest terms."""
        return None if self.value is None else f"{self.value.numerator}/{self.value.denominator}"


def levels(
    value: Fraction | None, count: Fraction | None, sections: Sequence[Section], keys: Sequence[str]
) -> tuple[Level, ...]:
    """Every milestone, first to last, for `value` and `count` at the last; None: not asked for."""
    yields = [section.value_yield for section in sections]
    values = _backwards(value, yields)
    counts = _backwards(count, [section.count_rate for section in sections])
    blocks = _blocks(sections, yields, value=bool(value), count=bool(count))
    after = [*sections, Section(None, None)]
    return tuple(
        Level(
            position=i + 1,
            key=keys[i],
            value=values[i],
            count=counts[i],
            rate=section.value_rate,
            planned_exit=_exit(values[i], section.value_rate),
            status=blocks[i].status,
            because=blocks[i].because,
            rate_source=section.source,
            count_rate=section.count_rate,
            blocked_by=blocks[i].section,
        )
        for i, section in enumerate(after)
    )


def _backwards(
    target: Fraction | None, shares: Sequence[Fraction | None]
) -> tuple[Fraction | None, ...]:
    """First milestone first. Nothing is needed for a target of nothing, whatever the rates."""
    if not target:
        return (target,) * (len(shares) + 1)
    needed: list[Fraction | None] = [target]
    for share in reversed(shares):
        needed.append(_one_back(needed[-1], share))
    return tuple(reversed(needed))


def _one_back(value: Fraction | None, share: Fraction | None) -> Fraction | None:
    if value is None or not share:
        return None
    # Reduced once: what a division of fractions would do at every step.
    return Fraction(value.numerator * share.denominator, value.denominator * share.numerator)


def _exit(value: Fraction | None, rate: Fraction | None) -> Fraction | None:
    if value is None or rate is None:
        return None
    left = rate.denominator - rate.numerator
    return Fraction(value.numerator * left, value.denominator * rate.denominator)


@dataclass(frozen=True, slots=True)
class _Block:
    status: Status = Status.OK
    section: int | None = None
    because: str | None = None


_FREE = _Block()


def _blocks(
    sections: Sequence[Section], yields: Sequence[Fraction | None], *, value: bool, count: bool
) -> tuple[_Block, ...]:
    """What stands between each milestone and the order, for the numbers that are asked for."""
    found = []
    for number, (section, whole) in enumerate(zip(sections, yields, strict=True), start=1):
        asked = ((value, whole), (count, section.count_rate))
        found.append(_block(number, section, [share for wanted, share in asked if wanted]))
    return tuple(accumulate(reversed(found), _worse, initial=_FREE))[::-1]


def _block(number: int, section: Section, shares: Sequence[Fraction | None]) -> _Block:
    if all(shares):
        return _FREE
    if 0 in shares:
        because = section.because or f"section {number} lets nothing through"
        return _Block(Status.UNREACHABLE, number, because)
    because = section.because or f"section {number} rate is unknown"
    return _Block(Status.UNKNOWN, number, because)


def _worse(later: _Block, own: _Block) -> _Block:
    """Unreachable outweighs unknown: no rate learned elsewhere could help. Else the later block."""
    if own.status is Status.UNREACHABLE and later.status is not Status.UNREACHABLE:
        return own
    return own if later.status is Status.OK else later
