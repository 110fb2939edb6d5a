"""Dead horses: how long may an open opportunity stand still before it must be given up?

The clock counts days since the customer last moved on, without the time on hold. It is held
against those who did move on (slow), against the chance that is left (stale, dead) and against the
days that the process allows (stale).
"""

from dataclasses import dataclass
from enum import StrEnum

ENOUGH_EXITS = 15  # observed or expected at this age, before a lost chance is believed
ENOUGH_CONVERTERS = 20  # before their 90th percentile sets the days that are allowed


class State(StrEnum):
    """UNKNOWN is for what nothing can be held against: grey is honest, fresh would be a guess."""

    FRESH = "fresh"
    SLOW = "slow"
    STALE = "stale"
    DEAD = "dead"
    UNKNOWN = "unknown"


class Because(StrEnum):
    IN_TIME = "in_time"
    SLOWER_THAN_CONVERTERS = "slower_than_converters"
    CHANCE_FADED = "chance_faded"
    CHANCE_GONE = "chance_gone"
    OVER_LIMIT = "over_limit"
    NO_EVIDENCE = "no_evidence"


class Grace(StrEnum):
    WAITING = "waiting"
    DUE = "due"
    CLEARED = "cleared"


class LimitSource(StrEnum):
    """Where the days that are allowed come from: those who moved on, the milestone, the process."""

    OBSERVED = "observed"
    CONFIGURED = "configured"
    PROCESS = "process"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Shares of the chance on arrival, below which a deal is stale and dead."""

    stale: float = 0.20
    dead: float = 0.10
    evidence: float = ENOUGH_EXITS


@dataclass(frozen=True, slots=True)
class Limit:
    """The days a deal may stand, None without limit; `n` converters stand behind an observed
    one."""

    days: float | None
    source: LimitSource
    n: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A state with the numbers it was judged by.

    `left` is the share of the chance on arrival that is left, None where it is not known or too
    few deals of that age have been seen to believe it; `slow_after` and `stale_after` are days.
    """

    state: State
    because: Because
    dwell_days: float
    left: float | None
    evidence: float
    slow_after: float | None
    stale_after: float | None
    thresholds: Thresholds


STANDARD = Thresholds()


def dwell(clock_from: float, held_days: float, now: float) -> float:
    """Days since the last new arrival or revival, without the time on hold; never below 0."""
    return max(0.0, now - clock_from - held_days)


def judge(
    chance: float | None,
    chance_at_arrival: float | None,
    evidence: float,
    dwell_days: float,
    p75: float | None,
    stale_after_days: float | None,
    thresholds: Thresholds = STANDARD,
) -> Verdict:
    """How an open opportunity stands, the worst that holds.

    `chance` is P(win ever | milestone, age), `chance_at_arrival` the same on the day of arrival.
    `evidence` counts the exits, observed or expected, whichever are more, in the age bucket:
    below 15 a lost chance is not believed and only the days count, which never make a deal dead.
    `p75`: within that many days three of four of those who moved on had done so.

    >>> judge(0.04, 0.5, 40, 200, 60, 90).state.value, judge(0.04, 0.5, 3, 200, 60, 90).state.value
    ('dead', 'stale')
    """
    left = chance / chance_at_arrival if chance is not None and chance_at_arrival else None
    believed = left if evidence >= thresholds.evidence else None
    state, because = State.FRESH, Because.IN_TIME
    if believed is not None and believed < thresholds.dead:
        state, because = State.DEAD, Because.CHANCE_GONE
    elif believed is not None and believed < thresholds.stale:
        state, because = State.STALE, Because.CHANCE_FADED
    elif stale_after_days is not None and dwell_days > stale_after_days:
        state, because = State.STALE, Because.OVER_LIMIT
    elif p75 is not None and dwell_days > p75:
        state, because = State.SLOW, Because.SLOWER_THAN_CONVERTERS
    elif believed is None and stale_after_days is None and p75 is None:
        state, because = State.UNKNOWN, Because.NO_EVIDENCE
    return Verdict(
        state, because, dwell_days, believed, evidence, p75, stale_after_days, thresholds
    )


def limit(
    configured: float | None,
    process_default: float | None = None,
    *,
    auto: bool = False,
    p90: float | None = None,
    converters: int = 0,
) -> Limit:
    """The days a deal may stand in a section.

    With `auto` the days within which nine of ten of those who moved on had done so, once at least
    20 did; else what is configured for the section, else for the process.

    >>> limit(60, auto=True, p90=84.5, converters=20).days, limit(60, auto=True).days
    (84.5, 60)
    """
    if auto and p90 is not None and converters >= ENOUGH_CONVERTERS:
        return Limit(p90, LimitSource.OBSERVED, converters)
    if configured is not None:
        return Limit(configured, LimitSource.CONFIGURED)
    if process_default is not None:
        return Limit(process_default, LimitSource.PROCESS)
    return Limit(None, LimitSource.NONE)


def due(noticed_at: float, last_act: float | None, grace_days: float, today: float) -> Grace:
    """Whether the owner's time to react is over, all in days of one count.

    Only an act of the customer, on the day of the notice or later, clears it: no note, call or
    e-mail of ours does.

    >>> [due(100, 20, 14, today).value for today in (113, 114)], due(100, 105, 14, 120).value
    (['waiting', 'due'], 'cleared')
    """
    if last_act is not None and last_act >= noticed_at:
        return Grace.CLEARED
    return Grace.DUE if today - noticed_at >= grace_days else Grace.WAITING
