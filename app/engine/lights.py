"""The traffic lights: is what arrived at a milestone enough, for the time that has passed?

attainment = arrived / required; pace = arrived / (required · elapsed share of the period).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from app.engine.levels import Status

Amount = Fraction | Decimal | int

SLACK = Fraction(1, 50)  # a light that is on goes out only two points below its threshold


class Light(StrEnum):
    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    GREY = "grey"


class Mode(StrEnum):
    """`pace` is green when on pace; `strict` is green only when everything required is there."""

    PACE = "pace"
    STRICT = "strict"


class Basis(StrEnum):
    BOTH = "both"
    VALUE = "value"
    COUNT = "count"


class Reason(StrEnum):
    NOTHING_REQUIRED = "nothing_required"
    REACHED = "reached"
    ON_PACE = "on_pace"
    NOT_YET_REACHED = "not_yet_reached"
    BEHIND_PACE = "behind_pace"
    FAR_BEHIND_PACE = "far_behind_pace"
    MISSED_NARROWLY = "missed_narrowly"
    MISSED = "missed"
    NO_TARGET = "no_target"
    RATE_UNKNOWN = "rate_unknown"
    UNREACHABLE = "unreachable"
    NO_DATA = "no_data"
    TOO_EARLY = "too_early"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where lights change.

    `green` and `amber` are paces; once the period is over, green needs everything and `amber` is
    an attainment. Before `early` of the period is over, a light is grey as long as less than one
    average deal is expected.
    """

    green: Fraction = Fraction(1)
    amber: Fraction = Fraction(4, 5)
    early: Fraction = Fraction(1, 10)


STANDARD = Thresholds()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A light with its numbers, in value or in count; None where a number is not known.

    `expected` is what should have arrived by now; in a closed period all that was required.
    """

    light: Light
    reason: Reason
    required: Fraction | None = None
    arrived: Fraction | None = None
    expected: Fraction | None = None
    attainment: Fraction | None = None
    pace: Fraction | None = None
    reached: bool = False


@dataclass(frozen=True, slots=True)
class Focus:
    """Where to act first: the section that ends at the `milestone` that lags most, 0 = the feed.

    `shortfall` is what is missing at that milestone by now, in its own value or count;
    `order_worth` what that shortfall is worth at the order.
    """

    section: int
    milestone: int
    shortfall: Fraction
    order_worth: Fraction


_UNANSWERED = {
    Status.OK: Reason.NO_TARGET,
    Status.UNKNOWN: Reason.RATE_UNKNOWN,
    Status.UNREACHABLE: Reason.UNREACHABLE,
}
_SEVERITY = {Light.GREY: 0, Light.GREEN: 1, Light.AMBER: 2, Light.RED: 3}
_GRADES = {  # at the green threshold, at the amber one, below both
    Mode.PACE: (
        (Light.GREEN, Reason.ON_PACE),
        (Light.AMBER, Reason.BEHIND_PACE),
        (Light.RED, Reason.FAR_BEHIND_PACE),
    ),
    Mode.STRICT: (
        (Light.AMBER, Reason.NOT_YET_REACHED),
        (Light.AMBER, Reason.BEHIND_PACE),
        (Light.RED, Reason.FAR_BEHIND_PACE),
    ),
}
_GRADES_CLOSED = (
    (Light.AMBER, Reason.MISSED_NARROWLY),
    (Light.AMBER, Reason.MISSED_NARROWLY),
    (Light.RED, Reason.MISSED),
)


def judge(  # noqa: PLR0913 - each is one independent fact about the milestone
    required: Amount | None,
    arrived: Amount | None,
    elapsed: Fraction,
    *,
    closed: bool,
    mode: Mode = Mode.PACE,
    average_deal: Amount | None = None,
    status: Status = Status.OK,
    thresholds: Thresholds = STANDARD,
) -> Verdict:
    """The light of one milestone in value, or in count (then `average_deal` is 1).

    `closed` says that the period is over, `elapsed` which share of it is (0 to 1). `status` says
    why `required` is None. Without an average deal the start of a period counts as too early:
    grey is honest, red on the second day is noise.

    >>> july = judge(100, 45, Fraction(1, 2), closed=False)
    >>> july.light.value, july.reason.value, july.pace
    ('amber', 'behind_pace', Fraction(9, 10))
    """
    need, have = _exact(required), _exact(arrived)
    if need is None:
        return Verdict(Light.GREY, _UNANSWERED[status], arrived=have)
    expected = need if closed else need * elapsed
    if need <= 0:
        return Verdict(Light.GREEN, Reason.NOTHING_REQUIRED, need, have, expected, reached=True)
    if have is None:
        return Verdict(Light.GREY, Reason.NO_DATA, need, have, expected)
    pace = have / expected if expected else None
    if have >= need:
        light, reason = Light.GREEN, Reason.REACHED
    elif pace is None or (not closed and _early(expected, elapsed, average_deal, thresholds)):
        light, reason = Light.GREY, Reason.TOO_EARLY
    else:
        grades = _GRADES_CLOSED if closed else _GRADES[mode]
        light, reason = grades[(pace < thresholds.green) + (pace < thresholds.amber)]
    return Verdict(light, reason, need, have, expected, have / need, pace, have >= need)


def overall(value: Verdict | None, count: Verdict | None, basis: Basis = Basis.BOTH) -> Verdict:
    """The worse of both, or the one that `basis` names; None: not judged.

    Grey never wins over a colour. It says that one side cannot be judged: a red on the other side
    must not vanish behind that, and neither need a green be doubted because no target was set in
    the other unit. Of two equal lights the one that is not yet reached speaks, else the value's.
    """
    sides = {Basis.BOTH: (value, count), Basis.VALUE: (value,), Basis.COUNT: (count,)}[basis]
    judged = [verdict for verdict in sides if verdict is not None]
    return max(judged, key=_weight, default=Verdict(Light.GREY, Reason.NO_TARGET))


def concentration(
    largest: Amount, total: Amount, value: Verdict | None, count: Verdict | None
) -> Fraction | None:
    """The largest deal's share of what arrived, where it alone may hide that too few did.

    That is when value is green while count is red; None otherwise.

    >>> green, red = (judge(2, arrived, Fraction(1), closed=True) for arrived in (2, 1))
    >>> concentration(80, 100, green, red)
    Fraction(4, 5)
    """
    if not hides(value, count) or total <= 0:
        return None
    return Fraction(largest) / Fraction(total)


def hides(value: Verdict | None, count: Verdict | None) -> bool:
    """Whether value is green while count is red."""
    return (value and value.light, count and count.light) == (Light.GREEN, Light.RED)


def focus(verdicts: Sequence[Verdict | None]) -> Focus | None:
    """The milestone whose shortfall by now costs most at the order, earliest of equals.

    `verdicts` are those of all milestones, first to last, in one unit. A euro missing early is
    worth less than one missing late, so shortfalls are compared by what they would have become:
    what is missing times the remaining yield W_k, which is the order's requirement over this
    milestone's. A lack at the first milestone that merely travels on shows equal worth at every
    later one; the earliest of them is its cause. None when nothing that can be judged is short.
    """
    order = verdicts[-1].required if verdicts and verdicts[-1] else None
    if not order:
        return None
    found = [
        Focus(position - 1, position, short, short * order / verdict.required)
        for position, verdict in enumerate(verdicts, start=1)
        if verdict and verdict.required and (short := _shortfall(verdict)) > 0
    ]
    return max(found, key=lambda focus: focus.order_worth, default=None)


def crossed(
    previous: Light,
    verdict: Verdict,
    mode: Mode = Mode.PACE,
    thresholds: Thresholds = STANDARD,
) -> Light:
    """The light to announce: up at the threshold, down only two points below it.

    So a light that hovers at its threshold is not announced again and again.
    """
    floor = {Light.GREEN: thresholds.green, Light.AMBER: thresholds.amber}.get(previous)
    held_by = verdict.pace
    if mode is Mode.STRICT and previous is Light.GREEN:
        floor, held_by = Fraction(1), verdict.attainment
    falls = Light.GREY is not verdict.light and _SEVERITY[verdict.light] > _SEVERITY[previous]
    if falls and floor is not None and held_by is not None and held_by >= floor - SLACK:
        return previous
    return verdict.light


def _exact(amount: Amount | None) -> Fraction | None:
    return None if amount is None else Fraction(amount)


def _early(
    expected: Fraction, elapsed: Fraction, average_deal: Amount | None, thresholds: Thresholds
) -> bool:
    if elapsed >= thresholds.early:
        return False
    return average_deal is None or expected < Fraction(average_deal)


def _weight(verdict: Verdict) -> tuple[int, bool, bool]:
    """A missing target is the least that a grey light can say."""
    return _SEVERITY[verdict.light], verdict.reason is not Reason.NO_TARGET, not verdict.reached


def _shortfall(verdict: Verdict) -> Fraction:
    """What should be there by now and is not; nothing where that cannot be judged."""
    if verdict.light is Light.GREY or verdict.expected is None or verdict.arrived is None:
        return Fraction(0)
    return verdict.expected - verdict.arrived
